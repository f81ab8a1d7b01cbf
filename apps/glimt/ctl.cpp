#include "ctl.hpp"

namespace glimt::command {

int call(const Ctl& ctl, const Call& what) {
  const auto client = control::open_client(ctl.where);
  if (!client) return fail(client.error(), kFailed);
  const auto done = what(**client);
  return done ? kOk : fail(done.error(), kFailed);
}

void print(const Json& json) {
  std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

bool print_line(const Json& json) {
  std::printf("%s\n", json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  return std::fflush(stdout) == 0;
}

void add_connection_options(CLI::App& app, control::ClientOptions& where) {
  app.add_option("--address", where.address,
                 "unix:///path or /path of the service's socket, or host:port with TLS [the user's own hub]")
      ->envname("GLIMT_CONTROL");
  app.add_option("--ca", where.ca, "PEM file that the service's certificate is checked against");
  app.add_option("--token-file", where.token_file, "its first line is shown to the service");
  app.add_option("--cert", where.certificate, "PEM file: the certificate that is shown to the service");
  app.add_option("--key", where.key, "PEM file: its key");
}

void add_ctl(CLI::App& app, int& code) {
  auto ctl = std::make_shared<Ctl>();
  auto* verb = app.add_subcommand("ctl", "Steer a hub: its streams, where they go, how they are encoded");
  add_connection_options(*verb, ctl->where);
  verb->add_flag("--json", ctl->json, "for programs: docs/ctl.md");
  verb->require_subcommand(0, 1);
  verb->callback([verb] {
    if (verb->get_subcommands().empty()) throw CLI::RequiredError("a verb");
  });
  add_ctl_looks(*verb, ctl, code);
  add_ctl_watches(*verb, ctl, code);
  add_ctl_changes(*verb, ctl, code);
  add_ctl_routes(*verb, ctl, code);
  add_ctl_hub(*verb, ctl, code);
  verb->footer(
      "Exit codes: 0 done, 1 the hub refused or does not answer, 2 wrong command line.\n"
      "Examples:\n  glimt ctl streams\n  glimt ctl add cam1 /dev/video2 --to udp://:5000\n"
      "  glimt ctl route cam1 udp://10.0.0.5:5000\n"
      "  glimt ctl set cam1 quality=70 fps=15 size=1280x720 codec=h264\n"
      "  glimt ctl snapshot cam1 now.jpg\n  glimt ctl watch\n"
      "  glimt ctl --address 10.0.0.5:5443 --ca hub.pem --token-file token streams --json");
}

}  // namespace glimt::command
