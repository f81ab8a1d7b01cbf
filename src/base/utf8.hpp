// UTF-8: whether bytes are a text (RFC 3629).
//
//   threads  thread-safe
#pragma once

#include <cstddef>
#include <string_view>

namespace glimt {

// Where the first byte stands that belongs to no character; npos: nowhere.
size_t find_invalid_utf8(std::string_view text);

}  // namespace glimt
