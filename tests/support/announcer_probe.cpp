// Announces the streams of each line of standard input in place of those before, as a hub would: "cam0=udp://:5000 cam1=tcp://:5001".
#include <iostream>
#include <sstream>

#include "glimt/options.hpp"
#include "hub/announcer.hpp"

using namespace glimt;
using namespace glimt::hub;

namespace {

std::vector<StreamStatus> streams_of(const std::string& line) {
  std::vector<StreamStatus> streams;
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    StreamStatus stream;
    stream.settings.name = word.substr(0, equals);
    stream.destinations.emplace_back().settings.url = word.substr(equals + 1);
    streams.push_back(std::move(stream));
  }
  return streams;
}

}  // namespace

int main() {
  set_log({.level = LogLevel::info});
  Mutex m;
  std::vector<StreamStatus> streams;
  Journal journal;
  HubAnnouncer announcer(
      journal,
      [&] {
        MutexLock lock(m);
        return streams;
      },
      open_announcer);
  for (std::string line; std::getline(std::cin, line);) {
    {
      MutexLock lock(m);
      streams = streams_of(line);
    }
    journal.write({.kind = Event::Kind::stream_changed});
  }
  return 0;
}
