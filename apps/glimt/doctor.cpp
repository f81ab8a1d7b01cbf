#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include "command.hpp"
#include "glimt/version.hpp"
#include "pipeline/diagnosis.hpp"
#include "statistics_json.hpp"

namespace glimt::command {
namespace {

using pipeline::Finding;

uint64_t count(const std::vector<Finding>& findings, Finding::Level level) {
  return static_cast<uint64_t>(
      std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.level == level; }));
}

std::string colored(Finding::Level level) {
  const std::string word = fmt::format("{:<7}", to_string(level));
  if (!isatty(STDOUT_FILENO)) return word;
  const char* color = level == Finding::Level::ok ? "32" : level == Finding::Level::note ? "33" : "31";
  return fmt::format("\033[{}m{}\033[0m", color, word);
}

void print_table(const std::vector<Finding>& findings) {
  std::string group;
  for (const auto& f : findings) {
    if (f.group != group) std::printf("%s%s\n", group.empty() ? "" : "\n", f.group.c_str());
    group = f.group;
    std::printf("  %s  %s\n", colored(f.level).c_str(), f.text.c_str());
    if (!f.cure.empty()) std::printf("             cure: %s\n", f.cure.c_str());
  }
  const auto problems = count(findings, Finding::Level::problem),
             notes = count(findings, Finding::Level::note);
  std::printf("\n%s", fmt::format("{} problem{}, {} note{}\n", problems, problems == 1 ? "" : "s", notes,
                                  notes == 1 ? "" : "s")
                          .c_str());
}

Json json_of(const Finding& f) {
  Json facts = Json::object();
  for (const auto& [name, fact] : f.facts) {
    std::visit([&, &key = name](const auto& value) { facts[key] = value; }, fact);
  }
  return {{"group", f.group}, {"name", f.name}, {"level", to_string(f.level)},
          {"text", f.text},   {"cure", f.cure}, {"facts", facts}};
}

void print_json(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const auto& f : findings) list.push_back(json_of(f));
  const Json json = {{"glimt", kVersion},
                     {"problems", count(findings, Finding::Level::problem)},
                     {"notes", count(findings, Finding::Level::note)},
                     {"findings", list}};
  // Names of cards and files may hold any bytes.
  std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

int run(bool json) {
  const auto findings = pipeline::diagnose();
  json ? print_json(findings) : print_table(findings);
  return count(findings, Finding::Level::problem) == 0 ? kOk : kFailed;
}

}  // namespace

void add_doctor(CLI::App& app, int& code) {
  auto json = std::make_shared<bool>(false);
  auto* doctor =
      app.add_subcommand("doctor", "What this machine can do for Glimt, each shortcoming with its cure");
  doctor->add_flag("--json", *json, "for programs: docs/doctor.md");
  doctor->footer(
      "Exit codes: 0 nothing is a problem, 1 something is, 2 wrong command line.\n"
      "Examples:\n  glimt doctor\n  glimt doctor --json | jq '.findings[] | select(.level != \"ok\")'");
  doctor->callback([json, &code] { code = run(*json); });
}

}  // namespace glimt::command
