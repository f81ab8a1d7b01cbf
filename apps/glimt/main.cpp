// glimt: one command, one file a subcommand.
#include <unistd.h>

#include <csignal>

#include "base/log.hpp"
#include "command.hpp"
#include "glimt/version.hpp"

namespace glimt::command {
namespace {

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free);

}  // namespace

const std::atomic<bool>& stop_requested() { return stop; }

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) {
    if (stop.exchange(true)) _exit(130);  // asked twice: at once
    alarm(1);
  };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // Interrupts a write that began to block just when the request came.
  struct sigaction again {};
  again.sa_handler = [](int) { alarm(1); };
  sigaction(SIGALRM, &again, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int fail(const Error& error, int code) {
  std::fprintf(stderr, "glimt: %s\n", error.message.c_str());
  return code;
}

}  // namespace glimt::command

int main(int argc, char** argv) {
  using namespace glimt;
  CLI::App app{"Glimt: live pictures from one program to another."};
  app.name("glimt");
  app.set_version_flag("--version", "glimt " + std::string(kVersion));
  app.require_subcommand(1);
  app.failure_message([](const CLI::App* a, const CLI::Error& e) {
    const bool no_verb = a->get_subcommands().empty();
    return CLI::FailureMessage::simple(a, e) +
           (no_verb ? "Known subcommands: send, recv, demo, bench, doctor\n" : "");
  });
  app.fallthrough();  // --log may stand anywhere
  app.footer(
      "Exit codes: 0 done or stopped by Ctrl-C, 1 failed while running or a problem was found, 2 wrong "
      "command line or "
      "address.\n"
      "Examples:\n"
      "  glimt send test: udp://:5000 tcp://:5000      glimt recv udp://127.0.0.1:5000\n"
      "  glimt send clip.mp4 udp://10.0.0.5:5000       glimt recv udp://:5000\n"
      "  glimt demo                                    glimt bench                     glimt doctor");
  std::string level = "info";
  app.add_option("--log", level, "debug, info, warning, error or off")->capture_default_str();
  int code = command::kOk;
  app.parse_complete_callback([&] {
    if (const auto parsed = log::parse_level(level)) {
      log::set_level(*parsed);
    } else {
      throw CLI::ValidationError("--log", parsed.error().message);
    }
  });
  command::add_send(app, code);
  command::add_recv(app, code);
  command::add_demo(app, code);
  command::add_bench(app, code);
  command::add_doctor(app, code);
  command::catch_signals();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int parsed = app.exit(e);
    return parsed == 0 ? command::kOk : command::kUsage;
  } catch (const std::exception& e) {
    return command::fail({ErrorKind::internal, std::string("this is a bug of Glimt: ") + e.what()},
                         command::kFailed);
  }
  return code;
}
