// What the words and flags of `glimt get` mean, and which of them exclude each other.
#include <filesystem>

#include "get_options.hpp"
#include "sink/recorder.hpp"

namespace glimt::command {
namespace {

Error invalid(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

constexpr const char* kForms =
    "as in `glimt get list tcp://host:7777`, `glimt get video NAME tcp://host:7777`";

// [list|image|video [NAME]] ADDRESS [SINK…]
Result<void> take_words(const std::vector<std::string>& words, Wish& wish) {
  const auto at = std::find_if(words.begin(), words.end(),
                               [](const std::string& word) { return word.find("://") != std::string::npos; });
  if (at == words.end()) return invalid(std::string("the server's address is missing, ") + kForms);
  auto server = parse_server(*at);
  if (!server) return server.error();
  wish.server = *server;
  wish.sinks.assign(at + 1, words.end());
  const std::vector<std::string> before(words.begin(), at);
  if (before.empty()) return {};
  if (before[0] == "list") wish.what = GetWhat::list;
  if (before[0] == "image") wish.what = GetWhat::image;
  if (before[0] == "video") wish.what = GetWhat::video;
  if (wish.what == GetWhat::menu)
    return invalid("'" + before[0] + "': known are list, image and video, " + kForms);
  if (before.size() > 2 || (before.size() == 2 && wish.what == GetWhat::list))
    return invalid("'" + before.back() + "' is one word too many; a name with spaces stands in quotes, " +
                   kForms);
  if (before.size() == 2) wish.name = before[1];
  return {};
}

Result<void> settle_name(const Wish& wish) {
  const bool one = wish.what == GetWhat::image || wish.what == GetWhat::video;
  if (!one || wish.pickled() == wish.name.empty()) {
    if (wish.what != GetWhat::list || !wish.pickled()) return {};
    return invalid("a server with wire=pickle-i has no list; ask for image or video");
  }
  if (wish.pickled()) return invalid("with wire=pickle-i the server chooses: leave '" + wish.name + "' out");
  return invalid("which one? `glimt get list " + wish.server.address.text + "` shows what there is");
}

Result<void> settle_save(const GetOptions& o, Wish& wish) {
  if (o.save.empty()) return {};
  if (wish.what == GetWhat::list || wish.what == GetWhat::menu)
    return invalid("--save goes with image or video and a name");
  if (!wish.sinks.empty())
    return invalid("--save and '" + wish.sinks[0] + "': one of them; start a second `glimt get`");
  if (o.save == "-") {
    wish.sinks.push_back("-");
    return {};
  }
  if (wish.pickled() && wish.what == GetWhat::video) {
    return invalid(
        "over wire=pickle-i there is no stored file to be had; pipe the pictures: --save - --format bgr24 | "
        "ffmpeg -f rawvideo -pixel_format bgr24 -video_size WxH -i - " +
        o.save);
  }
  std::error_code ignored;
  if (std::filesystem::exists(o.save, ignored))
    return invalid(o.save + ": exists already; choose another name or remove it");
  if (wish.pickled()) {
    wish.sinks.push_back("image:" + o.save);
  } else {
    wish.save = o.save;
  }
  return {};
}

Result<void> settle_format(const GetOptions& o, Wish& wish) {
  const bool to_output = std::count(wish.sinks.begin(), wish.sinks.end(), "-") > 0;
  if (!wish.save.empty() && !o.format.empty())
    return invalid("--format is of pictures: the stored file comes as it is; write frames with --save -");
  if (o.format == "mjpeg") {
    if (wish.pickled()) return invalid("over wire=pickle-i come pixels: use --format bgr24");
    const bool taken = std::all_of(wish.sinks.begin(), wish.sinks.end(),
                                   [](const std::string& sink) { return sink == "-" || sink == "null:"; });
    if (!taken || wish.sinks.empty())
      return invalid("--format mjpeg hands encoded pictures on: use it with - or null:");
    wish.how.encoded = true;
    return {};
  }
  const std::string format = !o.format.empty() ? o.format : to_output ? "bgr24" : "";
  if (format.empty()) return {};
  const auto parsed = parse_pixel_format(format);
  if (!parsed) return Error{ErrorKind::unsupported, parsed.error().message + ", mjpeg"};
  wish.how.format = *parsed;
  return {};
}

Result<void> settle_play(const GetOptions& o, Wish& wish) {
  const bool asks = o.fast || !o.from.empty() || !o.codec.empty() || o.quality > 0;
  if (asks && (wish.pickled() || !wish.save.empty() || wish.what == GetWhat::list))
    return invalid(
        "--fast, --from, --codec and --quality are of a clip that is played over Glimt's own wire");
  wish.play.kind = wish.what == GetWhat::image ? wire::ArchiveKind::still : wire::ArchiveKind::clip;
  wish.play.name = wish.name;
  wish.play.fast = o.fast;
  if (o.quality > 0) wish.play.quality = static_cast<uint8_t>(o.quality);
  if (!o.codec.empty()) {
    const auto codec = parse_codec(o.codec);
    if (!codec) return codec.error();
    if (*codec == Codec::h264)
      return Error{ErrorKind::unsupported,
                   "clips on request travel as jpeg or raw; `glimt send clip.mp4 --codec h264` streams one"};
    wish.play.codec = *codec;
  }
  if (o.from.empty()) return {};
  const auto from = parse_duration(o.from);
  if (!from) return from.error();
  wish.play.from_us = static_cast<uint64_t>(from->count());
  return {};
}

}  // namespace

Result<Wish> settle(const GetOptions& o) {
  Wish wish;
  if (auto taken = take_words(o.words, wish); !taken) return taken.error();
  if (auto named = settle_name(wish); !named) return named.error();
  if (auto saved = settle_save(o, wish); !saved) return saved.error();
  if (auto formatted = settle_format(o, wish); !formatted) return formatted.error();
  if (auto played = settle_play(o, wish); !played) return played.error();
  for (const auto& sink : wish.sinks) {
    const auto url = Url::parse(sink);
    if (!url) return url.error();
    if (sink::is_recording(*url))
      return invalid("'" + sink + "': the stored file itself comes with --save FILE");
  }
  return wish;
}

}  // namespace glimt::command
