#include "hub/config_reader.hpp"

#include <limits>

namespace glimt::hub {

void Faults::add(size_t line, const std::string& what) {
  if (first_ && line_ <= line) return;
  line_ = line;
  first_ = error_at(name_, line, what);
}

void Entry::to_text(std::string& into) const {
  if (value.kind != TomlValue::Kind::text) return refuse("expected a text in quotes");
  if (value.text.find('\0') != std::string::npos) return refuse("a zero byte stands in it");
  into = value.text;
}

void Entry::to_flag(bool& into) const {
  if (value.kind != TomlValue::Kind::boolean) return refuse("expected true or false");
  into = value.boolean;
}

void Entry::to_number(std::optional<double>& into) const {
  if (value.kind != TomlValue::Kind::integer && value.kind != TomlValue::Kind::number)
    return refuse("expected a number");
  into = value.number;
}

void Entry::to_whole(int& into) const {
  to_whole(into, std::numeric_limits<int>::min(), std::numeric_limits<int>::max());
}

}  // namespace glimt::hub
