// Get: lists, shows and stores what a server offers, until it is there or nobody wants it any more.
//
//   A connection that breaks is made again, and the answer goes on at the picture or byte where it was; after
//   kGiveUpAfter without any progress that is an error.
//
//   input    the server's address and what is wanted
//   output   entries; pictures into sinks, each once and in order; a file, byte by byte as it is stored there
//   errors   with the cure; those of the server, too. `begun` tells whether anything had come before
//   threads  the caller's, and with a window the main thread
//   memory   a message and its picture, each at most max_frame_bytes
#pragma once

#include "archive/conversation.hpp"
#include "archive/part_file.hpp"
#include "pipeline/sink_set.hpp"

namespace glimt::archive {

inline constexpr auto kGiveUpAfter = std::chrono::seconds(60);

struct GetProgress {
  std::string name;
  bool of_bytes = false;        // of a file; otherwise of a clip
  uint64_t done = 0, size = 0;  // pictures, or bytes of the file; size 0 where it is not known
  uint64_t bytes = 0;           // that came in this call
  double fps = 0;               // of a clip
};

struct GetOptions {
  transport::Address address;
  size_t max_frame_bytes = size_t{64} << 20;
  KeepOn keep_on;  // false: it is to end, without an error
  std::function<void(const GetProgress&)> progress = [](const GetProgress&) {};
};

struct WatchOptions {
  std::optional<PixelFormat> format;  // nothing: as it was sent
  bool encoded = false;               // JPEGs as they are, into sinks that take them
};

struct Outcome {
  uint64_t done = 0;   // pictures, or bytes of the file
  bool begun = false;  // something came
  std::optional<Error> error;
};

Result<std::vector<wire::ArchiveEntry>> get_list(const GetOptions& options);

// Ends when the clip does, nobody wants more pictures, or keep_on says so.
Outcome watch(const GetOptions& options, const wire::ArchivePlay& request, const WatchOptions& how,
              pipeline::SinkSet& sinks);
// wire=pickle-i: the still or the clip that the server has.
Outcome watch_pickled(const GetOptions& options, wire::ArchiveKind kind, const WatchOptions& how,
                      pipeline::SinkSet& sinks);
// Comes without a request, as Python's menu does for 0.
Result<void> visit(const GetOptions& options);

Outcome save(const GetOptions& options, const wire::ArchiveFetch& request, PartFile& file);

}  // namespace glimt::archive
