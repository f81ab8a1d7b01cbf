#include "table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace glimt::command {
namespace {

constexpr std::string_view kGap = "  ";

// Of UTF-8 every byte but those that continue a character.
bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

bool is_note(const std::vector<std::string>& row) { return row.size() == 1; }

}  // namespace

std::string without_controls(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return text;
}

std::string cut(const std::string& text, size_t columns) {
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (begins_character(text[i]) && ++characters > columns) return text.substr(0, i);
  }
  return text;
}

void Table::note(const std::string& text) { rows_.push_back({"  " + text}); }

std::vector<std::string> Table::lines() const {
  std::vector<size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    if (is_note(row)) continue;
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::vector<std::string> lines;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string cell = without_controls(row[i]);
      line += (i > 0 ? std::string(kGap) : "") + cell;
      if (!is_note(row)) line += std::string(widths[i] - width_of(cell), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(line);
  }
  return lines;
}

bool LiveLines::show(const std::vector<std::string>& lines) {
  winsize window{};
  if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_row < 2) {
    for (const auto& line : lines) std::printf("%s\n", line.c_str());
    return std::fflush(stdout) == 0;
  }
  if (shown_ > 0) std::printf("\033[%zuA", shown_);
  const size_t room = window.ws_row - 1u;
  shown_ = std::min(lines.size(), room);
  for (size_t i = 0; i < shown_; ++i) {
    const bool more = i + 1 == room && lines.size() > room;
    const std::string line = more ? "… " + std::to_string(lines.size() - i) + " more lines" : lines[i];
    std::printf("%s\033[K\n", cut(line, window.ws_col).c_str());
  }
  std::printf("\033[J");
  return std::fflush(stdout) == 0;
}

}  // namespace glimt::command
