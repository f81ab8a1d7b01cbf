// Nearest: which known word an unknown one was meant to be.
//
//   threads  thread-safe
//   memory   a row of numbers as long as the longer word
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace glimt {

// How many letters must be put in, left out or changed.
size_t edit_distance(std::string_view a, std::string_view b);

// For the end of an error: "; 'quality' is the nearest; known: quality, size". Without the nearest where none is near.
std::string nearest_of(std::string_view word, const std::vector<std::string>& known);

}  // namespace glimt
