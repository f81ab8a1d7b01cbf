#include "hub/toml_value.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <toml.hpp>

#include "base/utf8.hpp"

namespace glimt::hub {
namespace {

using Tree = toml::basic_value<toml::discard_comments, std::map, std::vector>;

constexpr int kMaxDepth = 16;  // of brackets, and of dots in one key

// Past the string that begins at `at`. One that is never closed ends with its line: the library refuses it.
size_t end_of_string(std::string_view text, size_t at) {
  const char quote = text[at];
  const std::string three(3, quote);
  const bool many_lines = text.substr(at, 3) == three;
  for (size_t i = at + (many_lines ? 3 : 1); i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (!many_lines && (text[i] == quote || text[i] == '\n')) {
      return text[i] == quote ? i + 1 : i;
    } else if (many_lines && text.substr(i, 3) == three) {
      // Two more quotes at most are the string's own, in front of the three that close it.
      return std::min(text.find_first_not_of(quote, i + 3), i + 5);
    }
  }
  return text.size();
}

// The library reads by recursion, a level of the stack for each bracket and each dot of a key. Where the text goes too
// deep for that; npos: nowhere.
size_t find_too_deep(std::string_view text) {
  int brackets = 0, dots = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size()) - 1;
    } else if (c == '"' || c == '\'') {
      at = end_of_string(text, at) - 1;
    } else if (c == '[' || c == '{') {
      ++brackets;
    } else if (c == ']' || c == '}') {
      brackets = std::max(0, brackets - 1);
    } else if (c == '.') {
      ++dots;
    } else if (c == '=' || c == ',' || c == '\n') {
      dots = 0;
    }
    if (brackets > kMaxDepth || dots > kMaxDepth) return at;
  }
  return std::string_view::npos;
}

size_t line_of(std::string_view text, size_t at) {
  const auto before = text.substr(0, at);
  return 1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
}

// "[error] toml::parse_array: missing …", and a drawing below it.
std::string sentence_of(std::string_view what) {
  what = what.substr(0, what.find('\n'));
  for (const std::string_view front : {"[error] ", "toml::"}) {
    if (what.starts_with(front)) what.remove_prefix(front.size());
  }
  const auto colon = what.find(": ");
  return std::string(colon == std::string_view::npos ? what : what.substr(colon + 2));
}

TomlValue value_of(const Tree& tree);

void fill(TomlValue& value, const Tree& tree) {
  using Kind = TomlValue::Kind;
  if (tree.is_boolean()) {
    value.kind = Kind::boolean;
    value.boolean = tree.as_boolean();
  } else if (tree.is_integer()) {
    value.kind = Kind::integer;
    value.integer = tree.as_integer();
    value.number = static_cast<double>(value.integer);
  } else if (tree.is_floating()) {
    value.kind = Kind::number;
    value.number = tree.as_floating();
  } else if (tree.is_string()) {
    value.kind = Kind::text;
    value.text = tree.as_string().str;
  } else if (tree.is_array()) {
    value.kind = Kind::array;
    for (const auto& item : tree.as_array()) value.items.push_back(value_of(item));
  } else if (tree.is_table()) {
    value.kind = Kind::table;
    for (const auto& [key, member] : tree.as_table()) value.members.push_back({key, value_of(member)});
    std::stable_sort(value.members.begin(), value.members.end(),
                     [](const auto& a, const auto& b) { return a.value.line < b.value.line; });
  } else {
    value.kind = Kind::time;
  }
}

TomlValue value_of(const Tree& tree) {
  TomlValue value;
  value.line = tree.location().line();
  fill(value, tree);
  return value;
}

}  // namespace

Error error_at(const std::string& name, size_t line, const std::string& what) {
  std::string text = name + ":" + std::to_string(line) + ": " + what;
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; }, '?');
  return {ErrorKind::invalid_argument, text};
}

Result<TomlValue> parse_toml(const std::string& text, const std::string& name) {
  if (const auto at = find_invalid_utf8(text); at != std::string::npos)
    return error_at(name, line_of(text, at), "is no UTF-8; save the file as UTF-8");
  if (const auto at = find_too_deep(text); at != std::string::npos)
    return error_at(name, line_of(text, at), "nested too deep; is a bracket or a quote left open?");
  try {
    std::istringstream stream(text);
    return value_of(toml::parse<toml::discard_comments, std::map, std::vector>(stream, name));
  } catch (const toml::exception& e) {
    return error_at(name, e.location().line(), sentence_of(e.what()));
  } catch (const std::exception& e) {
    return error_at(name, 1, "is no TOML: " + sentence_of(e.what()));
  }
}

}  // namespace glimt::hub
