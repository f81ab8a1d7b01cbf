// Router: what a request's target asks for.
//
//   input    the target of a request line, hostile bytes: a path with a query, or the same behind "http://host"
//   output   a page, and what it is of; `name` is always one that a stream may have
//   errors   none: what is not understood is the page `unknown`
//   threads  thread-safe
#pragma once

#include <string>
#include <string_view>

namespace glimt::web {

struct Route {
  enum class Page { index, health, metrics, snapshot, live, stream, streams, unknown };
  Page page = Page::unknown;
  // streams: one of them. snapshot, live, stream: as it was asked for, so that of "cam0.jpg" either may be meant; empty: the first there is.
  std::string name;
  bool destinations = false;  // streams: of the stream `name`, its destinations
  std::string destination;    // streams: the one of this id
  bool jpeg = false;          // live: `?codec=jpeg`
  bool strict = false;        // health: `?strict`
  std::string token;          // `?token=`, of any target; hostile
  std::string_view
      authority;  // of a target in absolute form, where it stands for the Host header; lives as the target does
};

Route route(std::string_view target);

}  // namespace glimt::web
