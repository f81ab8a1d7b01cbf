// glimt: one command, one file a verb.
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <sstream>

#include "ask.hpp"
#include "base/log.hpp"
#include "command.hpp"
#include "glimt/version.hpp"

namespace glimt::command {
namespace {

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free);

bool progress_shown = false;

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
  log::say(log::Level::error, error.message);
  return code;
}

void show_progress(const std::string& line) {
  if (!isatty(STDERR_FILENO) || log::format() == LogFormat::json) return;
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  progress_shown = true;
}

void end_progress() {
  if (progress_shown) std::fputc('\n', stderr);
  progress_shown = false;
}

namespace {

// --log may stand anywhere and holds for all that is said, also of a command line that is wrong elsewhere.
void set_log_first(int argc, char** argv) {
  CLI::App first;
  first.set_help_flag();
  first.allow_extras();
  std::string text;
  first.add_option("--log", text);
  try {
    first.parse(argc, argv);
  } catch (const CLI::ParseError&) {
    return;  // said when the whole is parsed
  }
  if (const auto options = parse_log(text, {.level = LogLevel::info}); options) set_log(*options);
}

std::string check_log(const std::string& text) {
  const auto parsed = parse_log(text);
  return parsed ? "" : parsed.error().message;
}

int complain(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out, said;
  const int code = app.exit(error, out, said);
  std::cout << out.str();
  if (code == 0) return kOk;
  if (log::format() == LogFormat::text) {
    std::cerr << said.str();
    return kUsage;
  }
  return fail({ErrorKind::invalid_argument, error.what()});
}

}  // namespace

}  // namespace glimt::command

int main(int argc, char** argv) {
  using namespace glimt;
  using namespace glimt::command;
  CLI::App app{"Glimt: live pictures from one program to another."};
  app.name("glimt");
  app.set_version_flag("--version", "glimt " + std::string(kVersion));
  app.require_subcommand(0, 1);
  app.failure_message([](const CLI::App* a, const CLI::Error& e) {
    while (!a->get_subcommands().empty()) a = a->get_subcommands().front();
    const std::string verbs = known_verbs(*a);
    return CLI::FailureMessage::simple(a, e) + (verbs.empty() ? "" : "Known verbs: " + verbs + "\n");
  });
  app.fallthrough();
  app.footer(
      "Exit codes: 0 done or stopped by Ctrl-C, 1 failed while running or a problem was found, 2 wrong "
      "command line or address.\n"
      "Examples:\n"
      "  glimt send test: udp://:5000 tcp://:5000      glimt recv udp://127.0.0.1:5000\n"
      "  glimt send clip.mp4 udp://10.0.0.5:5000       glimt recv udp://:5000\n"
      "  glimt serve clips tcp://:7777                 glimt get tcp://10.0.0.5:7777\n"
      "  glimt hub                                     glimt ctl streams\n"
      "  glimt demo                                    glimt bench\n"
      "  glimt doctor                                  glimt help send");
  app.add_option("--log",
                 "what to say on standard error: debug, info, warning, error or off [info]; json for one "
                 "object a line; both as in json:debug")
      ->check(check_log);
  int code = kOk;
  add_send(app, code);
  add_recv(app, code);
  add_serve(app, code);
  add_get(app, code);
  add_demo(app, code);
  add_bench(app, code);
  add_doctor(app, code);
  add_hub(app, code);
  add_ctl(app, code);
  add_completion(app, code);
  add_help(app, code);
  set_log(LogOptions{.level = LogLevel::info});
  set_log_first(argc, argv);
  catch_signals();
  note_words(argc, argv);
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) {
      if (log::format() == LogFormat::json)
        return fail({ErrorKind::invalid_argument, "a verb is missing; known: " + known_verbs(app)});
      std::cerr << help_of(app, "glimt");
      return kUsage;
    }
  } catch (const CLI::ParseError& e) {
    return complain(app, e);
  } catch (const std::exception& e) {
    return fail({ErrorKind::internal, std::string("this is a bug of Glimt: ") + e.what()}, kFailed);
  }
  return code;
}
