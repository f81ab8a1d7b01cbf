#include "hub/status_json.hpp"

#include <cmath>
#include <regex>

namespace glimt::hub {
namespace {

double rounded(double value) { return std::round(value * 1e3) / 1e3; }

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

Json json_of(const Encoding& e) {
  return {{"codec", e.codec ? Json(to_string(*e.codec)) : Json()},
          {"quality", e.quality},
          {"chroma", to_string(e.chroma)},
          {"encoder", e.encoder},
          {"bitrate_bps", or_null(e.bitrate_bps)},
          {"intra_refresh", e.intra_refresh},
          {"workers", e.workers},
          {"width", e.size ? Json(e.size->first) : Json()},
          {"height", e.size ? Json(e.size->second) : Json()},
          {"fps", or_null(e.fps)}};
}

}  // namespace

Json json_of(const DestinationStatus& d) {
  return {{"id", d.settings.id},
          {"url", d.settings.url},
          {"state", to_string(d.state)},
          {"why", d.why},
          {"state_age_ms", rounded(d.state_age_ms)},
          {"retry_in_ms", rounded(d.retry_in_ms)},
          {"retries", d.retries},
          {"one_way", d.stats.one_way},
          {"receivers", d.stats.receivers},
          {"receivers_gone", d.stats.receivers_gone},
          {"frames", d.stats.frames},
          {"dropped", d.stats.dropped},
          {"packets", d.stats.packets},
          {"bytes", d.stats.bytes},
          {"parity", d.stats.parity},
          {"repair", d.stats.repair},
          {"packets_lost", d.stats.packets_lost},
          {"rtt_ms", rounded(d.stats.rtt_ms)}};
}

Json json_of(const StreamStatus& s) {
  Json destinations = Json::array();
  for (const auto& destination : s.destinations) destinations.push_back(json_of(destination));
  const auto& total = s.stats.captured_encoded_total;
  return {{"name", s.settings.name},
          {"state", to_string(s.state)},
          {"why", s.why},
          {"settings",
           {{"source", s.settings.source},
            {"format", s.settings.format},
            {"filter", s.settings.filter},
            {"loop", s.settings.loop},
            {"paused", s.settings.paused},
            {"encoding", json_of(s.settings.encoding)}}},
          {"description", s.description},
          {"reopened", s.reopened},
          {"fps", rounded(s.fps)},
          {"width", s.width},
          {"height", s.height},
          {"frames", s.stats.frames},
          {"dropped", s.stats.dropped},
          {"unwatched", s.stats.unwatched},
          {"refused", s.stats.refused},
          {"captured_encoded_ms",
           {{"p50", rounded(total.p50_ms)}, {"p95", rounded(total.p95_ms)}, {"p99", rounded(total.p99_ms)}}},
          {"destinations", destinations}};
}

Json without_passwords(Json said) {
  if (said.is_string()) {
    static const std::regex kUser("://[^/\\s]*@");  // up to the last @: a password may have one
    return std::regex_replace(said.get<std::string>(), kUser, "://***@");
  }
  if (said.is_structured()) {
    for (auto& part : said) part = without_passwords(std::move(part));
  }
  return said;
}

Json json_of(const std::vector<StreamStatus>& streams) {
  Json list = Json::array();
  for (const auto& stream : streams) list.push_back(json_of(stream));
  return list;
}

}  // namespace glimt::hub
