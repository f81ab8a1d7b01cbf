// GetOptions: the command line of `glimt get`, and what it means.
#pragma once

#include "archive/get.hpp"
#include "command.hpp"

namespace glimt::command {

struct GetOptions {
  std::vector<std::string> words;
  std::string save, format, codec, from;
  int quality = 0;
  bool fast = false;
};

enum class GetWhat { menu, list, image, video };

// The same, settled.
struct Wish {
  GetWhat what = GetWhat::menu;
  std::string name;
  archive::GetOptions server;
  std::vector<std::string> sinks;  // none: a window, where there is a display
  std::string save;                // a stored file's place; empty where it goes into sinks
  archive::WatchOptions how;
  wire::ArchivePlay play;

  bool pickled() const { return server.address.wire == wire::WireFormat::pickle_i; }
};

void add_get_options(CLI::App& app, GetOptions& options);
Result<archive::GetOptions> parse_server(const std::string& address);
Result<Wish> settle(const GetOptions& options);

// 1 image, 2 video, 0 to leave, again and again.
int run_menu(Wish wish, int (*watch)(Wish));

}  // namespace glimt::command
