// The verbs of ctl that change streams: add, remove, set, pause, resume.
#include "base/log.hpp"
#include "ctl.hpp"
#include "ctl_status.hpp"
#include "hub/setting_words.hpp"
#include "table.hpp"

namespace glimt::command {
namespace {

using control::Client;

struct Change {
  std::string name, source;
  std::vector<std::string> words, destinations;
};

void say(const std::string& stream, const std::string& what) {
  std::printf("%s: %s\n", stream.c_str(), without_controls(what).c_str());
}

int add(const Ctl& ctl, const Change& o) {
  hub::StreamSettings settings;
  if (const auto fields = hub::apply_settings(o.words, settings); !fields) return fail(fields.error());
  if (!settings.source.empty())
    return fail(
        {ErrorKind::invalid_argument, "source= is for `glimt ctl set`: here it stands behind the name"});
  settings.name = o.name;
  settings.source = o.source;
  for (const auto& url : o.destinations) settings.destinations.push_back({.id = "", .url = url});
  return call(ctl, [&](Client& client) -> Result<void> {
    const bool there = client.stream(o.name).has_value();
    const auto stream = client.add_stream(settings);
    if (!stream) return stream.error();
    if (ctl.json) {
      print({{"changed", !there}, {"stream", json_of(*stream)}});
      return {};
    }
    say(o.name, there ? "is there already, exactly so" : "added, " + state_of(*stream));
    for (const auto& d : stream->destinations)
      say(o.name, fmt::format("{}, {}, {}", d.settings.id, d.settings.url, state_of(d)));
    return {};
  });
}

int remove(const Ctl& ctl, const std::string& name) {
  return call(ctl, [&](Client& client) -> Result<void> {
    if (const auto removed = client.remove_stream(name); !removed) return removed;
    ctl.json ? print({{"removed", name}}) : say(name, "removed");
    return {};
  });
}

void say_differences(const std::string& name, const std::vector<hub::Difference>& found) {
  for (const auto& d : found) say(name, d.key + " " + d.before + " -> " + d.after);
  if (found.empty()) say(name, "nothing changed");
}

Json list_of(const std::vector<hub::Difference>& found) {
  Json list = Json::array();
  for (const auto& d : found) list.push_back({{"key", d.key}, {"before", d.before}, {"after", d.after}});
  return list;
}

int set(const Ctl& ctl, const Change& o) {
  hub::StreamSettings wanted;
  const auto fields = hub::apply_settings(o.words, wanted);
  if (!fields) return fail(fields.error());
  wanted.name = o.name;
  return call(ctl, [&](Client& client) -> Result<void> {
    const auto before = client.stream(o.name);
    if (!before) return before.error();
    const auto after = client.update_stream(wanted, *fields);
    if (!after) return after.error();
    const auto found = hub::differences(before->settings, after->settings);
    if (ctl.json) {
      print({{"changed", list_of(found)}, {"stream", json_of(*after)}});
    } else {
      say_differences(o.name, found);
    }
    return {};
  });
}

int pause(const Ctl& ctl, const std::string& name, bool paused) {
  return call(ctl, [&](Client& client) -> Result<void> {
    const auto before = client.stream(name);
    if (!before) return before.error();
    hub::StreamSettings wanted;
    wanted.name = name;
    wanted.paused = paused;
    const auto after = client.update_stream(wanted, {"paused"});
    if (!after) return after.error();
    const bool changed = before->settings.paused != paused;
    if (ctl.json) {
      print({{"changed", changed}, {"stream", json_of(*after)}});
    } else {
      say(name,
          std::string(changed ? "" : "was ") + (paused ? "paused" : "resumed") + (changed ? "" : " already"));
    }
    return {};
  });
}

std::string settings_help() {
  std::string text = "quality=70 and the like; what is empty, as in size=, is set back to its default:";
  for (const auto& key : hub::setting_keys()) text += " " + key + "=";
  return text;
}

}  // namespace

void add_ctl_changes(CLI::App& app, const std::shared_ptr<Ctl>& ctl, int& code) {
  auto o = std::make_shared<Change>();
  const auto verb = [&](const char* name, const char* what, const char* example, std::function<int()> run) {
    auto* added = app.add_subcommand(name, what);
    added->add_option("name", o->name, "of the stream")->required();
    added->footer(std::string("Example:\n  glimt ctl ") + example);
    added->callback([run, &code] { code = run(); });
    return added;
  };
  auto* adding = verb("add", "A new stream", "add cam1 /dev/video2 quality=70 --to udp://:5000",
                      [=] { return add(*ctl, *o); });
  adding->add_option("source", o->source, "as `glimt send` takes it, but for standard input")->required();
  adding->add_option("settings", o->words, settings_help());
  adding->add_option("--to", o->destinations, "a destination as `glimt send` takes it; may be repeated")
      ->allow_extra_args(false);
  verb("remove", "A stream goes, with its destinations", "remove cam1",
       [=] { return remove(*ctl, o->name); });
  auto* setting = verb("set", "What is encoded how, and from where; the next picture is so",
                       "set cam1 quality=70 fps=15 size=1280x720 codec=h264", [=] { return set(*ctl, *o); });
  setting->add_option("settings", o->words, settings_help())->required();
  verb("pause", "No picture is read; a camera is let go", "pause cam1",
       [=] { return pause(*ctl, o->name, true); });
  verb("resume", "Pictures are read again", "resume cam1", [=] { return pause(*ctl, o->name, false); });
}

}  // namespace glimt::command
