// SendOptions: the command line of `glimt send`, its flags and ustreamer's.
#pragma once

#include "command.hpp"

namespace glimt::command {

// What --control without a path is.
inline constexpr const char* kOwnControl = "true";

struct SendOptions {
  std::string source;
  std::vector<std::string> destinations;
  std::string device, format, size, codec, chroma, encoder, bitrate, filter, control;
  double fps = 0;
  int quality = 0;
  int workers = 0;
  bool intra_refresh = false, loop = false, fast = false, show = false;
  RunFlags flags;
};

void add_send_options(CLI::App& app, SendOptions& options);

// With --device every address without a flag is a destination. Throws CLI::RequiredError as CLI11 itself does.
void settle_addresses(SendOptions& options);

Result<source::SourceOptions> source_options(const SendOptions& options, const std::vector<Url>& destinations,
                                             const PublisherOptions& publishing);

}  // namespace glimt::command
