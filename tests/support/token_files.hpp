// TokenFiles: the two files of tokens that a hub may be given, in a folder of their own, as only their owner may read them.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace glimt::test {

inline constexpr std::string_view kViewToken = "view-token-0123456789",
                                  kSteerToken = "steer-token-0123456789";

class TokenFiles {
 public:
  TokenFiles() = default;
  ~TokenFiles() { std::filesystem::remove_all(folder_); }
  TokenFiles(const TokenFiles&) = delete;
  TokenFiles& operator=(const TokenFiles&) = delete;

  // Of a file with `text`.
  std::string write(std::string_view name, std::string_view text) const {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    chmod(path.c_str(), 0600);
    return path;
  }

 private:
  static std::filesystem::path make_folder() {
    std::string name = std::filesystem::temp_directory_path() / "glimt-tokens-XXXXXX";
    return mkdtemp(name.data());
  }
  const std::filesystem::path folder_ = make_folder();

 public:
  const std::string none = folder_ / "none";  // does not exist
  const std::string view = write("view", std::string(kViewToken) + "\n");
  // Only its first line counts, without the space around it.
  const std::string steer = write("steer", "  " + std::string(kSteerToken) + " \r\nsecond line\n");
};

}  // namespace glimt::test
