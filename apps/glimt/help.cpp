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

void add_help(CLI::App& app, int& code) {
  auto verb = std::make_shared<std::string>();
  auto* help = app.add_subcommand("help", "Print the help of a verb");
  help->add_option("verb", *verb, "one of the verbs; without it the help of all");
  help->footer("Example:\n  glimt help send");
  help->callback([verb, &app, &code] {
    const auto asked = app.get_subcommands([&](const CLI::App* a) { return a->get_name() == *verb; });
    if (verb->empty()) {
      std::cout << help_of(app, "glimt");
    } else if (!asked.empty()) {
      std::cout << help_of(*asked[0], "glimt " + *verb);
    } else {
      code = fail({ErrorKind::invalid_argument,
                   "there is no verb '" + *verb + "' to help with; known: " + known_verbs(app)});
    }
  });
}

}  // namespace glimt::command
