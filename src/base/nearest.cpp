#include "base/nearest.hpp"

#include <algorithm>
#include <numeric>

namespace glimt {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string nearest_of(std::string_view word, const std::vector<std::string>& known) {
  word = word.substr(0, 64);
  std::string list;
  const std::string* nearest = nullptr;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;
  for (const auto& each : known) {
    list += (list.empty() ? "" : ", ") + each;
    const size_t letters = edit_distance(word, each);
    if (letters >= least) continue;
    least = letters;
    nearest = &each;
  }
  return (nearest ? "; '" + *nearest + "' is the nearest" : "") + "; known: " + list;
}

}  // namespace glimt
