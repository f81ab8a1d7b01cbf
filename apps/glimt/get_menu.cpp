// The numbered menu of a bare `glimt get`.
#include <unistd.h>

#include <iostream>

#include "get_options.hpp"

namespace glimt::command {
namespace {

// The name of one of this kind, chosen by its number or name; empty where none was.
std::string choose(const Wish& wish) {
  const auto entries = get_list(wish.server);
  if (!entries) return fail(entries.error()), "";
  std::vector<std::string> names;
  for (const auto& entry : *entries) {
    if (entry.kind != wish.play.kind) continue;
    names.push_back(entry.name);
    std::cout << "  " << names.size() << "  " << entry.name << "\n";
  }
  std::cout << (names.empty() ? "there is none\n" : "which one? ") << std::flush;
  std::string answer;
  if (names.empty() || !std::getline(std::cin, answer)) return "";
  const auto number = parse_integer(answer, 1, static_cast<int>(names.size()), "number");
  return number ? names[static_cast<size_t>(*number) - 1] : answer;
}

}  // namespace

int run_menu(Wish wish, int (*watch)(Wish)) {
  if (!isatty(STDIN_FILENO)) {
    return fail(
        {ErrorKind::invalid_argument,
         "the menu wants a terminal; say list, image NAME or video NAME before " + wish.server.address.text});
  }
  int code = kOk;
  while (!stop_requested()) {
    std::cout << "1  image\n2  video\n0  leave\n> " << std::flush;
    std::string answer;
    if (!std::getline(std::cin, answer)) return code;
    if (answer == "0") {
      const auto visited = wish.pickled() ? visit(wish.server) : Result<void>();
      return visited ? code : fail(visited.error());
    }
    if (answer != "1" && answer != "2") continue;
    wish.what = answer == "1" ? GetWhat::image : GetWhat::video;
    wish.play.kind = answer == "1" ? wire::ArchiveKind::still : wire::ArchiveKind::clip;
    if (!wish.pickled()) wish.name = wish.play.name = choose(wish);
    if (wish.pickled() || !wish.name.empty()) code = watch(wish);
  }
  return code;
}

}  // namespace glimt::command
