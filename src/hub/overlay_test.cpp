#include "hub/overlay.hpp"

#include <gtest/gtest.h>

namespace glimt::hub {
namespace {

StreamSettings stream(const std::string& name, const std::string& source) {
  StreamSettings settings;
  settings.name = name;
  settings.source = source;
  return settings;
}

class OverlayTest : public testing::Test {
 protected:
  std::vector<std::string> running() {
    std::vector<std::string> all;
    for (const auto& [name, settings] : combine(changes, configured))
      all.push_back(name + " " + settings.source);
    return all;
  }
  using Lines = std::vector<std::string>;

  Configured configured{{"a", stream("a", "0")}, {"b", stream("b", "1")}};
  Changes changes;
};

TEST_F(OverlayTest, WithoutChangesItIsTheConfiguration) { EXPECT_EQ(running(), (Lines{"a 0", "b 1"})); }

TEST_F(OverlayTest, WhatWasAddedChangedAndRemovedHolds) {
  note(changes, configured, "a", stream("a", "test:"));
  note(changes, configured, "b", std::nullopt);
  note(changes, configured, "c", stream("c", "2"));
  drop_outdated(changes, configured);
  EXPECT_EQ(running(), (Lines{"a test:", "c 2"}));
}

TEST_F(OverlayTest, WhatIsChangedBackIsNoChange) {
  note(changes, configured, "a", stream("a", "test:"));
  note(changes, configured, "a", stream("a", "0"));
  note(changes, configured, "c", stream("c", "2"));
  note(changes, configured, "c", std::nullopt);
  EXPECT_TRUE(changes.empty());
}

TEST_F(OverlayTest, AConfigurationThatSaysSomethingElseSinceIsNewer) {
  note(changes, configured, "a", stream("a", "test:"));
  note(changes, configured, "b", std::nullopt);
  configured["a"].source = "rtsp://x";
  drop_outdated(changes, configured);
  EXPECT_EQ(running(), (Lines{"a rtsp://x"})) << "b was not said otherwise: it stays removed";
}

TEST_F(OverlayTest, AStreamThatLeavesTheConfigurationIsGoneWhateverWasChanged) {
  note(changes, configured, "a", stream("a", "test:"));
  configured.erase("a");
  drop_outdated(changes, configured);
  EXPECT_EQ(running(), (Lines{"b 1"}));
}

TEST_F(OverlayTest, AStreamThatTheConfigurationComesToNameIsTheConfigurations) {
  note(changes, configured, "c", stream("c", "2"));
  configured["c"] = stream("c", "3");
  drop_outdated(changes, configured);
  EXPECT_EQ(running(), (Lines{"a 0", "b 1", "c 3"}));
}

}  // namespace
}  // namespace glimt::hub
