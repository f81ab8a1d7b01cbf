#include "hub/config_check.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "transport/address.hpp"

namespace glimt::hub {
namespace {

using transport::Address;

// Streams and destinations by what may be there once, with the line of the first.
using Taken = std::map<std::string, size_t>;

void check_control(const ControlDraft& control, Faults& faults) {
  const auto& said = control.said;
  if (said.tcp.empty()) return;
  if (said.certificate.empty() || said.key.empty()) {
    faults.add(
        control.line_of_tcp,
        "tcp: goes with TLS only; set certificate and key (`glimt hub --make-cert` makes both), or leave "
        "tcp out: the Unix socket needs neither");
  } else if (said.view_token_file.empty() && said.steer_token_file.empty() && said.client_ca.empty()) {
    faults.add(
        control.line_of_tcp,
        "tcp: nobody could prove who they are; set steer_token_file or view_token_file (a file whose first "
        "line is the token), or client_ca");
  }
}

void check_web(const ConfigDraft& draft, Faults& faults) {
  const auto& control = draft.control.said;
  if (draft.web.said.tls && (control.certificate.empty() || control.key.empty()))
    faults.add(draft.web.line_of_tls,
               "tls: set certificate and key in [control] (`glimt hub --make-cert` makes both)");
}

void check_limits(const ConfigDraft& draft, Faults& faults) {
  size_t streams = 0, destinations = 0;
  for (const auto& stream : draft.streams) {
    if (++streams > draft.limits.streams)
      faults.add(stream.line,
                 "more streams than " + std::to_string(draft.limits.streams) + "; raise [limits] streams");
    destinations += stream.destinations.size();
    if (destinations > draft.limits.destinations)
      faults.add(stream.line, "more destinations than " + std::to_string(draft.limits.destinations) +
                                  " of all streams; raise [limits] destinations");
  }
}

void check_taken(Taken& taken, const std::string& what, size_t line, const std::string& sentence,
                 Faults& faults) {
  const auto [first, fresh] = taken.emplace(what, line);
  if (!fresh)
    faults.add(line, sentence + ", as in line " + std::to_string(first->second) + "; change one of the two");
}

// What two destinations cannot share: the place where they listen, in one hub; where they send to, in one stream.
std::string place_of(const Address& address, const std::string& stream) {
  const bool listens = address.role == transport::Role::listen;
  const bool everywhere = address.host == "0.0.0.0" || address.host == "::";
  const std::string end = address.kind == transport::Kind::unix_socket
                              ? address.path
                              : (everywhere ? "" : address.host) + ":" + std::to_string(address.port);
  return std::to_string(static_cast<int>(address.kind)) + (listens ? "" : stream) + " " + end + " " +
         address.interface;
}

void check_destination(const StreamDraft& stream, const DestinationDraft& destination, Taken& places,
                       Faults& faults) {
  if (destination.said.url.empty())
    return faults.add(destination.line,
                      "url is missing, as in \"udp://10.0.0.5:5000\" or \"unix:///run/cam0.sock\"");
  if (auto good = check(destination.said, stream.said.encoding); !good)
    return faults.add(destination.line, good.error().message);
  const auto address = Address::from_url(*Url::parse(destination.said.url), true);
  if (!address) return faults.add(destination.line, address.error().message);
  check_taken(places, place_of(*address, stream.said.name), destination.line,
              "'" + destination.said.url + "' is taken", faults);
}

void check_stream(const StreamDraft& stream, Taken& places, Faults& faults) {
  if (stream.said.name.empty())
    return faults.add(stream.line, "name is missing; each [[stream]] has one, as in name = \"cam0\"");
  if (auto good = check(stream.said); !good) return faults.add(stream.line, good.error().message);
  Taken ids;
  for (const auto& destination : stream.destinations) {
    check_taken(ids, destination.said.id, destination.line, "the id '" + destination.said.id + "' is taken",
                faults);
    check_destination(stream, destination, places, faults);
  }
}

}  // namespace

void StreamDraft::check(const Entry& entry) const {
  if (auto good = hub::check(said.encoding); !good) entry.faults.add(entry.value.line, good.error().message);
}

Result<void> check_host_port(const std::string& text) {
  const Error wrong{ErrorKind::invalid_argument,
                    "'" + text +
                        "' is not HOST:PORT, as in 127.0.0.1:8080, [::1]:8080 or 0.0.0.0:8080 (all "
                        "addresses)"};
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return wrong;
  const std::string host = text.substr(0, colon);
  const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (host.find_first_of("/?@ ") != std::string::npos) return wrong;
  if (host.find_first_of("[]:") != std::string::npos && !in_brackets) return wrong;
  if (!parse_integer(text.substr(colon + 1), 0, 65535, "port")) return wrong;
  return {};
}

void give_ids(ConfigDraft& draft) {
  for (auto& stream : draft.streams) {
    std::set<std::string> taken;
    for (const auto& destination : stream.destinations) taken.insert(destination.said.id);
    size_t place = 0, number = 0;
    for (auto& destination : stream.destinations) {
      ++place;
      if (!destination.said.id.empty()) continue;
      number = std::max(number + 1, place);
      while (taken.contains("d" + std::to_string(number))) ++number;
      destination.said.id = "d" + std::to_string(number);
    }
  }
}

void check_whole(const ConfigDraft& draft, Faults& faults) {
  check_control(draft.control, faults);
  check_web(draft, faults);
  check_limits(draft, faults);
  Taken names, places;
  for (const auto& stream : draft.streams) {
    check_taken(names, stream.said.name, stream.line, "the name '" + stream.said.name + "' is taken", faults);
    check_stream(stream, places, faults);
  }
}

HubConfig config_of(ConfigDraft draft) {
  HubConfig config;
  config.limits = draft.limits;
  config.control = std::move(draft.control.said);
  config.web = std::move(draft.web.said);
  config.state_path = std::move(draft.state_path);
  config.announce = draft.announce;
  for (auto& stream : draft.streams) {
    for (auto& destination : stream.destinations)
      stream.said.destinations.push_back(std::move(destination.said));
    config.streams.push_back(std::move(stream.said));
  }
  return config;
}

}  // namespace glimt::hub
