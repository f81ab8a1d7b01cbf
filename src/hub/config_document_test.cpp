// docs/hub.md and docs/hub.toml say what the parser knows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "hub/config.hpp"

namespace glimt::hub {
namespace {

std::vector<std::string> lines_of(const std::string& document) {
  std::ifstream file(GLIMT_SOURCE_DIR "/docs/" + document);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// "| `limits.streams` | …": the first cell of each row of a table of keys.
std::vector<std::string> keys_in_document() {
  std::vector<std::string> keys;
  bool in_table = false;
  for (const auto& line : lines_of("hub.md")) {
    if (!line.starts_with("|")) in_table = false;
    if (line.starts_with("| key |")) in_table = true;
    if (in_table && line.starts_with("| `")) keys.push_back(line.substr(3, line.find('`', 3) - 3));
  }
  return keys;
}

// With "#key = …", which is what holds when nothing is said, said.
std::string sample(bool all_said) {
  std::string text;
  for (auto line : lines_of("hub.toml")) {
    const bool said_by_default = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    text += (all_said && said_by_default ? line.substr(1) : line) + "\n";
  }
  return text;
}

TEST(ConfigDocumentTest, TheTableOfKeysIsWhatTheParserKnows) {
  EXPECT_THAT(keys_in_document(), testing::UnorderedElementsAreArray(config_keys()));
}

TEST(ConfigDocumentTest, TheSampleIsAcceptedAsItIsAndWithAllOfItSaid) {
  for (const bool all_said : {false, true}) {
    auto config = parse_config(sample(all_said), "docs/hub.toml");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_FALSE(config.value().streams.empty());
  }
}

TEST(ConfigDocumentTest, TheSampleSaysEveryKey) {
  std::vector<std::string> said;
  std::string table;
  std::istringstream text(sample(true));
  for (std::string line; std::getline(text, line);) {
    const auto equals = line.find(" =");
    if (line.starts_with("[")) {
      table = line.substr(0, line.find(']')) + ".";
      table.erase(0, table.find_first_not_of('['));
    } else if (!line.starts_with("#") && equals != std::string::npos) {
      said.push_back(table + line.substr(0, equals));
    }
  }
  std::sort(said.begin(), said.end());
  said.erase(std::unique(said.begin(), said.end()), said.end());
  EXPECT_THAT(said, testing::UnorderedElementsAreArray(config_keys()));
}

}  // namespace
}  // namespace glimt::hub
