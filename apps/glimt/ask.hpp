// Ask: what is missing from the command line, asked of whoever sits at the terminal.
//
//   input    lines from standard input
//   output   questions on standard error, so that standard output stays a pipe's
//   threads  the main thread
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glimt::command {

// As a shell takes it: in quotes where it must be.
std::string quoted(const std::string& word);
// Somebody sits there and can answer.
bool at_terminal();
// The line that was typed; `otherwise` where it was empty, nothing where there is no further line.
std::optional<std::string> ask(const std::string& question, const std::string& otherwise = "");
// Until the answer is an address; what has no scheme is a UDP one: "10.0.0.5:5000".
std::optional<std::string> ask_address(const std::string& question, const std::string& otherwise);
// The words of the command line, for say_command().
void note_words(int argc, char** argv);
// The command that says the same without questions: what was given, and what was answered.
void say_command(const std::vector<std::string>& answers);

}  // namespace glimt::command
