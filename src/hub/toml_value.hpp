// TomlValue: a TOML document as a tree, each value with its line. The library that reads it stays behind this.
//
//   input    TOML 1.0
//   errors   invalid_argument: "NAME:LINE: what is wrong"; also where it is nested deeper than any configuration
//   threads  plain values
//   memory   a few times the text
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "glimt/error.hpp"

namespace glimt::hub {

struct TomlMember;

struct TomlValue {
  enum class Kind { boolean, integer, number, text, time, array, table };
  Kind kind = Kind::table;
  size_t line = 1;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;  // of an integer too
  std::string text;
  std::vector<TomlValue> items;     // of an array
  std::vector<TomlMember> members;  // of a table, in the order of the text
};
struct TomlMember {
  std::string key;
  TomlValue value;
};

Result<TomlValue> parse_toml(const std::string& text, const std::string& name);
// "NAME:LINE: what", on one line whatever stands in it.
Error error_at(const std::string& name, size_t line, const std::string& what);

}  // namespace glimt::hub
