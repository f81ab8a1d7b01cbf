// Where a server listens, and whether a request is meant for it.
//
//   input    "127.0.0.1:8080", "host:8080", "[::1]:8080", ":8080" (every address of this machine); port 0: any that is free
//   errors   invalid_argument, with the form that was expected
//   threads  thread-safe
#pragma once

#include <string_view>

#include "transport/address.hpp"

namespace glimt::web {

Result<transport::Address> parse_listen_address(std::string_view text);

// Of a destination: whether it is a page, "http://:8080/", and where that listens: ":8080".
bool is_page(const Url& url);
Result<std::string> page_address(const Url& url);

// Whether a Host header names this machine without asking anybody: "localhost" or an IP address, with or without a port. A page of
// another site that had its name resolve to 127.0.0.1 would send that name.
bool is_own_host(std::string_view host);

// Whether a page of `origin`, as its browser tells it, came from where `host` names.
bool is_same_origin(std::string_view origin, std::string_view host);

}  // namespace glimt::web
