// Table: columns that stand below each other, for people.
//
//   input    cells of UTF-8; each character is taken for one column wide
//   output   lines without blanks at their ends; control characters are replaced, for cells come from elsewhere
//   threads  thread-compatible
#pragma once

#include <string>
#include <vector>

namespace glimt::command {

class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // A line of its own beneath the newest row.
  void note(const std::string& text);
  std::vector<std::string> lines() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // one cell behind an empty one: a note
};

std::string without_controls(std::string text);
// At most so many characters.
std::string cut(const std::string& text, size_t columns);

// Lines on standard output, those before replaced where that is a terminal: at most as many and as long as fit there.
class LiveLines {
 public:
  // False where nobody reads any more.
  bool show(const std::vector<std::string>& lines);

 private:
  size_t shown_ = 0;
};

}  // namespace glimt::command
