#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/log.hpp"
#include "command.hpp"
#include "statistics_json.hpp"

namespace glimt::command {
double rounded(double value) {
  return static_cast<double>(static_cast<int64_t>(value * 1000 + (value < 0 ? -0.5 : 0.5))) / 1000;
}

Json json_of(const Percentiles& p) {
  return {{"n", p.n},
          {"p50", rounded(p.p50_ms)},
          {"p95", rounded(p.p95_ms)},
          {"p99", rounded(p.p99_ms)},
          {"max", rounded(p.max_ms)}};
}

Json json_of(const StageTimes& t) {
  return {
      {"captured_encoded", json_of(t.captured_encoded)}, {"encoded_sent", json_of(t.encoded_sent)},
      {"sent_arrived", json_of(t.sent_arrived)},         {"arrived_whole", json_of(t.arrived_whole)},
      {"whole_decoded", json_of(t.whole_decoded)},       {"captured_decoded", json_of(t.captured_decoded)},
      {"decoded_shown", json_of(t.decoded_shown)}};
}

Json json_of(const ClockOffset& clock) {
  return {
      {"known", clock.known}, {"offset_ms", rounded(clock.offset_ms)}, {"bound_ms", rounded(clock.bound_ms)}};
}

namespace {

Json json_of(const source::SourceStats& s) {
  return {{"state", to_string(s.state)},
          {"reopened", s.reopened},
          {"refused", s.refused},
          {"age_ms", s.age ? Json(rounded(to_ms(*s.age))) : Json()}};
}

Json json_of(const ReceiverStats& r) {
  return {{"peer", r.peer},
          {"mode", to_string(r.mode)},
          {"frames", r.frames},
          {"dropped", r.dropped},
          {"packets", r.packets},
          {"packets_lost", r.packets_lost},
          {"parity", r.parity},
          {"repair", r.repair},
          {"bytes", r.bytes},
          {"key_requests", r.key_requests},
          {"rtt_ms", rounded(r.rtt_ms)}};
}

double rate(uint64_t after, uint64_t before, double seconds) {
  return seconds > 0 ? rounded(static_cast<double>(after - before) / seconds) : 0;
}

// Seconds since 1970, for whoever lays lines of several machines side by side.
double wall_clock() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return rounded(static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9);
}

}  // namespace

std::string to_json(const SubscriberStats& s, const SubscriberStats& before, double seconds) {
  const Json json = {{"time_s", wall_clock()},
                     {"role", "receiver"},
                     {"address", s.address},
                     {"one_way", s.one_way},
                     {"connected", s.connected},
                     {"sessions", s.sessions},
                     {"fps", rate(s.frames, before.frames, seconds)},
                     {"mbit_per_s", rate(s.bytes * 8 / 1000, before.bytes * 8 / 1000, seconds * 1000)},
                     {"frames", s.frames},
                     {"lost", s.lost},
                     {"late", s.late},
                     {"repeated", s.repeated},
                     {"refused", s.refused},
                     {"stray", s.stray},
                     {"dropped", s.dropped},
                     {"concealed", s.concealed},
                     {"strip_map", s.strip_map},
                     {"skipped", s.skipped},
                     {"key_requests", s.key_requests},
                     {"packets", s.packets},
                     {"packets_lost", s.packets_lost},
                     {"recovered", s.recovered},
                     {"asked", s.asked},
                     {"kernel_drops", s.kernel_drops},
                     {"bytes", s.bytes},
                     {"recorded", s.recorded},
                     {"not_recorded", s.not_recorded},
                     {"recording", s.recording},
                     {"last_picture_age_ms", rounded(s.last_picture_age_ms)},
                     {"rtt_ms", rounded(s.rtt_ms)},
                     {"clock", json_of(s.clock)},
                     {"interval_ms", json_of(s.interval)},
                     {"total_ms", json_of(s.total)}};
  return json.dump();
}

std::string to_json(const SendStats& stats, const SendStats& stats_before, double seconds) {
  const PublisherStats &s = stats.sender, &before = stats_before.sender;
  Json destinations = Json::array();
  for (const auto& d : s.destinations) {
    uint64_t bytes_before = 0;
    for (const auto& old : before.destinations) bytes_before = old.id == d.id ? old.bytes : bytes_before;
    Json each = Json::array();
    for (const auto& receiver : d.each) each.push_back(json_of(receiver));
    destinations.push_back({{"id", d.id},
                            {"address", d.address},
                            {"one_way", d.one_way},
                            {"parity_percent", d.one_way ? Json(d.parity_percent) : Json()},
                            {"receivers", d.receivers},
                            {"receivers_gone", d.receivers_gone},
                            {"mbit_per_s", rate(d.bytes * 8 / 1000, bytes_before * 8 / 1000, seconds * 1000)},
                            {"frames", d.frames},
                            {"dropped", d.dropped},
                            {"packets", d.packets},
                            {"parity", d.parity},
                            {"repair", d.repair},
                            {"packets_lost", d.packets_lost},
                            {"key_requests", d.key_requests},
                            {"bytes", d.bytes},
                            {"refused", d.refused},
                            {"stray", d.stray},
                            {"rtt_ms", rounded(d.rtt_ms)},
                            {"each", each}});
  }
  const Json json = {{"time_s", wall_clock()},
                     {"role", "sender"},
                     {"source", json_of(stats.source)},
                     {"fps", rate(s.frames, before.frames, seconds)},
                     {"frames", s.frames},
                     {"dropped", s.dropped},
                     {"unwatched", s.unwatched},
                     {"refused", s.refused},
                     {"interval_ms", {{"captured_encoded", json_of(s.captured_encoded)}}},
                     {"total_ms", {{"captured_encoded", json_of(s.captured_encoded_total)}}},
                     {"destinations", destinations}};
  return json.dump();
}

void add_run_flags(CLI::App& app, RunFlags& flags) {
  app.add_option("--frames", flags.frames, "stop after so many frames");
  app.add_option("--seconds", flags.seconds, "stop after so many seconds");
  app.add_option("--stats", flags.stats, "JSON lines, one a second, into a file or - for standard output");
}

Result<StatsFile> StatsFile::open(const std::string& path) {
  StatsFile stats;
  stats.file_.reset(path == "-" ? stdout : std::fopen(path.c_str(), "we"));
  if (!stats.file_) {
    return Error{ErrorKind::unavailable, "--stats " + path + ": " + std::strerror(errno) +
                                             "; choose a file in a folder that exists and is yours"};
  }
  return stats;
}

void StatsFile::write(const std::string& line) {
  std::fprintf(file_.get(), "%s\n", line.c_str());
  std::fflush(file_.get());
}

}  // namespace glimt::command
