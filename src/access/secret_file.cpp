#include "access/secret_file.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "base/log.hpp"

namespace glimt::access {
namespace {

constexpr size_t kLargestFile = size_t{1} << 20;
constexpr size_t kShortestToken = 16, kLongestToken = 4096;

Error invalid(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

std::string first_line(const std::string& text) {
  const std::string line = text.substr(0, text.find('\n'));
  const char* spaces = " \t\r";
  const auto first = line.find_first_not_of(spaces);
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(spaces) + 1 - first);
}

}  // namespace

Result<std::string> read_file(const std::string& path, const std::string& what) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return invalid(what + " " + path + " cannot be read; check the path, and that this user may read it");
  std::string text(kLargestFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (in.bad()) return invalid(what + " " + path + " cannot be read; it is to be a file");
  if (text.size() > kLargestFile)
    return invalid(what + " " + path + ": more than 1 MB; this is another file");
  return text;
}

Result<std::string> read_secret(const std::string& path, const std::string& what) {
  struct stat file {};
  if (stat(path.c_str(), &file) == 0 && (file.st_mode & S_IROTH) != 0)
    log::warning("{} {}: every user of this machine may read it; chmod 600 {}", what, path, path);
  return read_file(path, what);
}

Result<std::string> read_token(const std::string& path) {
  const auto text = read_secret(path, "token");
  if (!text) return text;
  std::string token = first_line(*text);
  if (token.size() < kShortestToken || token.size() > kLongestToken) {
    return invalid("token " + path +
                   ": its first line is to have 16 to 4096 characters; make one with "
                   "`head -c 32 /dev/urandom | base64`");
  }
  const auto printable = [](char c) { return c > ' ' && c <= '~'; };
  if (!std::all_of(token.begin(), token.end(), printable))
    return invalid("token " + path + ": printable characters of ASCII and no spaces, as base64 has them");
  return token;
}

}  // namespace glimt::access
