#include "completion.hpp"
#include "ctl.hpp"
#include "hub/setting_words.hpp"

namespace glimt::command {
namespace {

using Words = std::vector<std::string>;

// How far the words before the last one have come.
struct Place {
  const CLI::App* verb = nullptr;  // the innermost
  Words given;                     // its words that are no options
  bool value = false;              // the last word is the value of an option
  control::ClientOptions where;
};

// Of the verb or of those it stands in, whose options may follow as well.
const CLI::Option* find_option(const CLI::App* verb, const std::string& name) {
  for (; verb; verb = verb->get_parent()) {
    if (const auto* option = verb->get_option_no_throw(name)) return option;
  }
  return nullptr;
}

void note_value(Place& place, const std::string& name, const std::string& value) {
  auto& w = place.where;
  const std::array<std::pair<const char*, std::string*>, 5> known{{{"--address", &w.address},
                                                                   {"--ca", &w.ca},
                                                                   {"--token-file", &w.token_file},
                                                                   {"--cert", &w.certificate},
                                                                   {"--key", &w.key}}};
  for (const auto& [option, into] : known) {
    if (name == option) *into = value;
  }
}

Place walk(const CLI::App& app, const Words& before) {
  Place place{.verb = &app, .given = {}, .where = {}};
  if (const char* address = std::getenv("GLIMT_CONTROL")) place.where.address = address;
  std::string waiting;  // an option whose value is the next word
  for (const auto& word : before) {
    if (!waiting.empty()) {
      note_value(place, waiting, word);
      waiting.clear();
    } else if (word.size() > 1 && word[0] == '-') {
      const auto equals = word.find('=');
      const std::string name = word.substr(0, equals);
      const auto* option = find_option(place.verb, name);
      if (equals != std::string::npos) {
        note_value(place, name, word.substr(equals + 1));
      } else if (option && option->get_items_expected_min() > 0) {
        waiting = name;
      }
    } else if (const auto* verb = place.given.empty() ? find_verb(*place.verb, word) : nullptr) {
      place.verb = verb;
    } else {
      place.given.push_back(word);
    }
  }
  place.value = !waiting.empty();
  return place;
}

Words options_of(const CLI::App* verb) {
  Words names;
  for (; verb; verb = verb->get_parent()) {
    for (const auto* option : verb->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

Words verbs_of(const CLI::App& app) {
  Words names;
  for (const auto* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  return names;
}

Words streams_of(const Place& place) {
  Words names;
  const auto client = control::open_client(place.where);
  if (!client) return names;
  const auto streams = (*client)->streams();
  if (!streams) return names;
  for (const auto& stream : *streams) names.push_back(stream.settings.name);
  return names;
}

Words destinations_of(const Place& place) {
  Words ids;
  const auto client = control::open_client(place.where);
  if (!client) return ids;
  const auto stream = (*client)->stream(place.given.front());
  if (!stream) return ids;
  for (const auto& destination : stream->settings.destinations) ids.push_back(destination.id);
  return ids;
}

Words settings() {
  Words words;
  for (const auto& key : hub::setting_keys()) words.push_back(key + "=");
  return words;
}

// What may stand there that is no option.
Words plain_words(const CLI::App& app, const Place& place) {
  const std::string& verb = place.verb->get_name();
  const size_t at = place.given.size();
  if (verb == "help") {
    const CLI::App* helped = &app;
    for (const auto& word : place.given) helped = helped ? find_verb(*helped, word) : nullptr;
    return helped ? verbs_of(*helped) : Words{};
  }
  if (verb == "completion") return at == 0 ? Words{"bash", "zsh"} : Words{};
  if (place.verb->get_parent() && place.verb->get_parent()->get_name() == "ctl") {
    const bool names_one = place.verb->get_option_no_throw("name") != nullptr;
    if (at == 0) return names_one && verb != "add" ? streams_of(place) : Words{};
    if (verb == "unroute" && at == 1) return destinations_of(place);
    if (verb == "set" || (verb == "add" && at > 1)) return settings();
    return {};
  }
  return at == 0 ? verbs_of(*place.verb) : Words{};
}

}  // namespace

std::vector<std::string> complete(const CLI::App& app, std::vector<std::string> words) {
  if (words.empty()) words.emplace_back();
  const std::string begun = words.back();
  words.pop_back();
  const auto place = walk(app, words);
  if (place.value) return {};
  auto found = begun[0] == '-' ? options_of(place.verb) : plain_words(app, place);
  std::erase_if(found, [&](const std::string& word) { return word.rfind(begun, 0) != 0; });
  return found;
}

}  // namespace glimt::command
