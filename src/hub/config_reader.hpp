// Config reader: tables of known keys, and how the value of each is read. Inside of config.cpp.
//
//   A table of keys is what is read, what the nearest known key is taken from, and what docs/hub.md is held against.
//
//   errors   Faults: the one that stands first in the file
//   threads  thread-compatible
#pragma once

#include <algorithm>
#include <optional>
#include <span>

#include "base/nearest.hpp"
#include "hub/toml_value.hpp"

namespace glimt::hub {

class Faults {
 public:
  explicit Faults(std::string name) : name_(std::move(name)) {}
  void add(size_t line, const std::string& what);
  const std::optional<Error>& first() const { return first_; }

 private:
  std::string name_;
  size_t line_ = 0;
  std::optional<Error> first_;
};

// The value of a key, to be taken as what the key is.
struct Entry {
  const std::string& key;
  const TomlValue& value;
  Faults& faults;

  void refuse(const std::string& why) const { faults.add(value.line, key + ": " + why); }
  void to_text(std::string& into) const;
  void to_flag(bool& into) const;
  void to_number(std::optional<double>& into) const;
  // Whether it fits is the caller's to say, who checks settings of all origins alike.
  void to_whole(int& into) const;
  template <class T>
  void to_whole(T& into, int64_t low, int64_t high) const {
    if (value.kind == TomlValue::Kind::integer && value.integer >= low && value.integer <= high) {
      into = static_cast<T>(value.integer);
    } else {
      refuse("expected a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    }
  }
  // A text, and `parse` makes of it what it means.
  template <class T, class Parse>
  void to_parsed(T& into, Parse parse) const {
    std::string text;
    to_text(text);
    if (value.kind != TomlValue::Kind::text) return;
    auto parsed = parse(text);
    if (!parsed) return refuse(parsed.error().message);
    into = *parsed;
  }
};

template <class T>
struct Key {
  std::string_view name;
  void (*read)(const Entry&, T&);
};

template <class T>
std::vector<std::string> names_of(std::span<const Key<T>> keys, const std::string& prefix = "") {
  std::vector<std::string> names;
  for (const auto& key : keys) names.push_back(prefix + std::string(key.name));
  return names;
}

template <class T, size_t N>
void read_table(const TomlValue& table, const Key<T> (&keys)[N], T& into, Faults& faults) {
  for (const auto& member : table.members) {
    const Entry entry{member.key, member.value, faults};
    const auto known = std::find_if(keys, keys + N, [&](const auto& key) { return key.name == entry.key; });
    if (known == keys + N) {
      faults.add(entry.value.line,
                 "unknown key '" + entry.key + "'" + nearest_of(entry.key, names_of<T>(keys)));
      continue;
    }
    known->read(entry, into);
    if constexpr (requires { into.check(entry); }) into.check(entry);
  }
}

// The same of a key that is a table.
template <class T, size_t N>
void read_table(const Entry& entry, const Key<T> (&keys)[N], T& into) {
  if (entry.value.kind == TomlValue::Kind::table) {
    read_table(entry.value, keys, into, entry.faults);
  } else {
    entry.refuse("expected a table, as in [" + entry.key + "]");
  }
}

}  // namespace glimt::hub
