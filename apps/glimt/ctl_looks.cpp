// The verbs of ctl that look at streams and change nothing: streams, show, snapshot.
#include "base/log.hpp"
#include "ctl.hpp"
#include "ctl_status.hpp"
#include "picture_file.hpp"
#include "table.hpp"

namespace glimt::command {
namespace {

void print_lines(const std::vector<std::string>& lines) {
  for (const auto& line : lines) std::printf("%s\n", line.c_str());
}

int streams(const Ctl& ctl, bool names) {
  return call(ctl, [&](control::Client& client) -> Result<void> {
    const auto all = client.streams();
    if (!all) return all.error();
    if (names) {
      for (const auto& stream : *all) std::printf("%s\n", stream.settings.name.c_str());
    } else if (ctl.json) {
      print({{"streams", json_of(*all)}});
    } else {
      print_lines(streams_table(*all));
    }
    return {};
  });
}

int show(const Ctl& ctl, const std::string& name) {
  return call(ctl, [&](control::Client& client) -> Result<void> {
    const auto stream = client.stream(name);
    if (!stream) return stream.error();
    ctl.json ? print(json_of(*stream)) : print_lines(stream_page(*stream));
    return {};
  });
}

int snapshot(const Ctl& ctl, const std::string& name, const std::string& path) {
  if (path == "-" && ctl.json)
    return fail({ErrorKind::invalid_argument,
                 "the picture and --json both want standard output; name a file, as in now.jpg"});
  if (const auto good = check_picture_path(path); !good) return fail(good.error());
  return call(ctl, [&](control::Client& client) -> Result<void> {
    const auto taken = client.snapshot(name);
    if (!taken) return taken.error();
    if (const auto written = write_picture(path, taken->jpeg); !written) return written;
    if (ctl.json) {
      print({{"stream", name},
             {"file", path},
             {"width", taken->width},
             {"height", taken->height},
             {"bytes", taken->jpeg.size()},
             {"age_ms", rounded(taken->age_ms)}});
    } else if (path != "-") {
      std::printf("%s\n", fmt::format("{}: {}x{}, {:.0f} ms old, {} bytes in {}", name, taken->width,
                                      taken->height, taken->age_ms, taken->jpeg.size(), path)
                              .c_str());
    }
    return {};
  });
}

}  // namespace

void add_ctl_looks(CLI::App& app, const std::shared_ptr<Ctl>& ctl, int& code) {
  auto names = std::make_shared<bool>(false);
  auto* all = app.add_subcommand("streams", "All streams, one row each");
  all->add_flag("--names", *names, "nothing but their names, one a line");
  all->footer("Examples:\n  glimt ctl streams\n  glimt ctl streams --json | jq '.streams[].fps'");
  all->callback([=, &code] { code = streams(*ctl, *names); });

  auto name = std::make_shared<std::string>();
  auto* one = app.add_subcommand("show", "All of one stream and its destinations");
  one->add_option("name", *name, "of the stream")->required();
  one->footer("Example:\n  glimt ctl show cam1");
  one->callback([=, &code] { code = show(*ctl, *name); });

  auto path = std::make_shared<std::string>();
  auto* picture = app.add_subcommand("snapshot", "The newest picture into a file");
  picture->add_option("name", *name, "of the stream")->required();
  picture->add_option("file", *path, "now.jpg, replaced at once where it is there; or - for standard output")
      ->required();
  picture->footer("Examples:\n  glimt ctl snapshot cam1 now.jpg\n  glimt ctl snapshot cam1 - | display -");
  picture->callback([=, &code] { code = snapshot(*ctl, *name, *path); });
}

}  // namespace glimt::command
