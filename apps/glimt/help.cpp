#include <iostream>

#include "command.hpp"

namespace glimt::command {

std::string known_verbs(const CLI::App& app) {
  std::string known;
  for (const auto* verb : app.get_subcommands({})) known += (known.empty() ? "" : ", ") + verb->get_name();
  return known;
}

// Not App::help(), which gives the help of the verb that was parsed.
std::string help_of(const CLI::App& app, const std::string& name) {
  return app.get_formatter()->make_help(&app, name, CLI::AppFormatMode::Normal);
}

const CLI::App* find_verb(const CLI::App& app, const std::string& name) {
  const auto found = app.get_subcommands([&](const CLI::App* a) { return a->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

namespace {

int print_help(const CLI::App& app, const std::vector<std::string>& verbs) {
  const CLI::App* at = &app;
  std::string name = "glimt";
  for (const auto& verb : verbs) {
    const auto* next = find_verb(*at, verb);
    if (!next)
      return fail({ErrorKind::invalid_argument,
                   "there is no verb '" + verb + "' to help with; known: " + known_verbs(*at)});
    at = next;
    name += " " + verb;
  }
  std::cout << help_of(*at, name);
  return kOk;
}

}  // namespace

void add_help(CLI::App& app, int& code) {
  auto verbs = std::make_shared<std::vector<std::string>>();
  auto* help = app.add_subcommand("help", "Print the help of a verb");
  help->add_option("verb", *verbs, "one of the verbs, as in send or ctl add; without it the help of all");
  help->footer("Examples:\n  glimt help send\n  glimt help ctl add");
  help->callback([verbs, &app, &code] { code = print_help(app, *verbs); });
}

}  // namespace glimt::command
