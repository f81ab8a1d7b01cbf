#include "web/listen_address.hpp"

#include <algorithm>
#include <cctype>

namespace glimt::web {
namespace {

struct HostPort {
  std::string_view host, port;
  bool in_brackets = false, has_port = false;
};

// "host", "host:port", "[IPv6]", "[IPv6]:port".
std::optional<HostPort> split(std::string_view text) {
  HostPort parts;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    parts.host = text.substr(1, end - 1);
    parts.in_brackets = true;
    text.remove_prefix(end + 1);
    if (!text.empty() && text[0] != ':') return std::nullopt;
  } else {
    parts.host = text.substr(0, text.find(':'));
    text.remove_prefix(parts.host.size());
  }
  parts.has_port = !text.empty();
  if (parts.has_port) parts.port = text.substr(1);
  return parts;
}

// Digits alone: "-0" is a number, and no port.
Result<int> parse_port(std::string_view text) {
  if (text.starts_with('-'))
    return Error{ErrorKind::invalid_argument,
                 "'" + std::string(text) + "' is not a port; expected a whole number from 0 to 65535"};
  return parse_integer(text, 0, 65535, "port");
}

bool same_text(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char c, unsigned char d) { return std::tolower(c) == std::tolower(d); });
}

bool is_localhost(std::string_view host) { return same_text(host, "localhost"); }

}  // namespace

Result<transport::Address> parse_listen_address(std::string_view text) {
  const auto parts = split(text);
  const auto bad = [&](const std::string& why) {
    return Error{ErrorKind::invalid_argument, "'" + std::string(text) + "': " + why};
  };
  if (!parts || !parts->has_port || (parts->in_brackets && parts->host.empty()))
    return bad("expected where to listen, as in 127.0.0.1:8080, [::1]:8080, or :8080 for every address");
  const auto port = parse_port(parts->port);
  if (!port) return bad(port.error().message);
  transport::Address address;
  address.kind = transport::Kind::tcp;
  address.role = transport::Role::listen;
  address.host = parts->host;
  if (address.host.find('\0') != std::string::npos) return bad("a host's name without zero bytes");
  address.port = static_cast<uint16_t>(*port);
  address.text = text;
  return address;
}

bool is_page(const Url& url) { return url.scheme == "http" || url.scheme == "https"; }

Result<std::string> page_address(const Url& url) {
  const auto bad = [&](const std::string& why) {
    return Error{ErrorKind::invalid_argument, "'" + url.text + "': " + why};
  };
  if (url.scheme == "https")
    return bad("TLS is the hub's: `glimt hub --config hub.toml` with [web] tls = true; here http:// alone");
  std::string listen = url.text.substr(url.scheme.size() + 1);
  if (!listen.starts_with("//"))
    return bad("expected http://:8080/, or http://127.0.0.1:8080/ for this machine alone");
  listen.erase(0, 2);
  if (listen.ends_with('/')) listen.pop_back();
  if (listen.find_first_of("/?#@") != std::string::npos)
    return bad("a page has no path and no options; expected http://:8080/");
  auto address = parse_listen_address(listen);
  if (!address) return address.error();
  return listen;
}

bool is_same_origin(std::string_view origin, std::string_view host) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return same_text(origin.substr(scheme.size()), host);
  }
  return false;
}

bool is_own_host(std::string_view host) {
  const auto parts = split(host);
  if (!parts || (parts->has_port && !parse_port(parts->port))) return false;
  if (is_localhost(parts->host)) return !parts->in_brackets;
  const std::string name(parts->host);
  if (name.find_first_of(std::string_view("\0%", 2)) != std::string::npos) return false;  // nor a zone
  const bool v6 = name.find(':') != std::string::npos;
  return parts->in_brackets == v6 && transport::is_numeric(name);
}

}  // namespace glimt::web
