// The version of the library, as in CHANGELOG.md.
#pragma once

#include <string_view>

namespace glimt {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace glimt
