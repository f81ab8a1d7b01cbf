#include "ask.hpp"

#include <unistd.h>

#include <iostream>

#include "base/log.hpp"
#include "glimt/url.hpp"

namespace glimt::command {
namespace {

std::vector<std::string> given;

bool is_plain(const std::string& word) {
  return !word.empty() && word.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "-_./:@%+,=") == std::string::npos;
}

}  // namespace

std::string quoted(const std::string& word) {
  if (is_plain(word)) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

bool at_terminal() {
  return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && log::format() == LogFormat::text;
}

std::optional<std::string> ask(const std::string& question, const std::string& otherwise) {
  std::cerr << question << (otherwise.empty() ? "" : " [" + otherwise + "]") << ": " << std::flush;
  std::string answer;
  if (!std::getline(std::cin, answer)) {
    std::cerr << "\n";
    return std::nullopt;
  }
  return answer.empty() ? otherwise : answer;
}

std::optional<std::string> ask_address(const std::string& question, const std::string& otherwise) {
  while (auto answer = ask(question, otherwise)) {
    if (answer->find("://") == std::string::npos) answer = "udp://" + *answer;
    const auto url = Url::parse(*answer);
    if (url) return answer;
    std::cerr << url.error().message << "\n";
  }
  return std::nullopt;
}

void note_words(int argc, char** argv) { given.assign(argv + 1, argv + argc); }

void say_command(const std::vector<std::string>& answers) {
  std::string line = "glimt";
  for (const auto& word : given) line += " " + quoted(word);
  for (const auto& word : answers) line += " " + quoted(word);
  std::cerr << "the same without questions: " << line << std::endl;
}

}  // namespace glimt::command
