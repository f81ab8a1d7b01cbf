#include "filter/faces.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "support/pictures.hpp"

namespace glimt::filter {
namespace {

using namespace std::chrono_literals;
using test::Picture;

constexpr auto kDeadline = 20s;  // what takes longer hangs

// Finds what the test says; where it is told to, each look waits for the test.
class FakeDetector final : public FaceDetector {
 public:
  struct Script {
    std::vector<Box> finds{{"face", 8, 8, 16, 16, 1}};
    std::optional<Error> fails;
    Queue<int> begun{64};
    std::unique_ptr<Queue<int>> go_on;  // empty: looks do not wait
    std::atomic<int> looks{0};
    std::atomic<uint8_t> first_pixel{0};
  };
  explicit FakeDetector(Script& script) : script_(script) {}
  PixelFormat format() const override { return PixelFormat::gray8; }
  Result<std::vector<Box>> find(const media::Frame& frame) override {
    EXPECT_EQ(frame.format, PixelFormat::gray8);
    script_.begun.put(++script_.looks);
    if (script_.go_on) script_.go_on->take();
    script_.first_pixel = frame.planes[0].data[0];
    if (script_.fails) return *script_.fails;
    return script_.finds;
  }

 private:
  Script& script_;
};

class FacesTest : public ::testing::Test {
 protected:
  void open(bool draws) {
    faces_ =
        std::make_unique<Faces>(std::make_unique<FakeDetector>(script_), draws,
                                [this](const media::AccessUnit& unit, PixelFormat) -> Result<media::Frame> {
                                  if (unit.strips.empty()) return Error{ErrorKind::malformed, "torn"};
                                  return frame(PixelFormat::gray8, unit.info.width, unit.info.height);
                                });
  }
  ~FacesTest() override {
    if (script_.go_on) script_.go_on->close();
  }

  media::Frame frame(PixelFormat format = PixelFormat::bgr24, int width = 64, int height = 48) {
    auto made = media::make_frame(pool_, format, width, height);
    std::fill_n(made.planes[0].data, media::packed_size(format, width, height), uint8_t{77});
    made.stamps.captured_at = now();
    return made;
  }
  Ref<media::AccessUnit> unit() {
    Ref<media::AccessUnit> made(new media::AccessUnit);
    made->info.width = 64;
    made->info.height = 48;
    made->info.stamps.captured_at = now();
    made->strips.push_back({});
    return made;
  }
  // Passes pictures until one shows a face; whether one did.
  template <class Passes>
  bool eventually(Passes passes) {
    for (const Instant deadline = now() + kDeadline; now() < deadline;) {
      if (passes()) return true;
      std::this_thread::yield();
    }
    return false;
  }
  bool shows_face(const media::Frame& frame) { return frame.planes[0].data[(8 * 64 + 8) * 3 + 1] == 255; }

  FakeDetector::Script script_;
  media::BufferPool pool_;
  std::unique_ptr<Faces> faces_;
};

TEST_F(FacesTest, DrawsWhatTheDetectorFoundIntoLaterPictures) {
  open(true);
  EXPECT_TRUE(eventually([&] { return shows_face(faces_->apply(frame())); }));
  const auto drawn = faces_->apply(frame());
  EXPECT_TRUE(drawn.metadata.empty());
  EXPECT_EQ(drawn.planes[0].data[0], 77) << "beside the box the picture is as it came";
}

TEST_F(FacesTest, WritesBoxesIntoMetadataAndLeavesPixelsAlone) {
  open(false);
  media::Frame passed;
  ASSERT_TRUE(eventually([&] { return !(passed = faces_->apply(frame())).metadata.empty(); }));
  const auto boxes = parse_boxes(passed.metadata);
  ASSERT_EQ(boxes.size(), 1u);
  EXPECT_EQ(boxes[0].label, "face");
  EXPECT_EQ(boxes[0].width, 16);
  EXPECT_FALSE(shows_face(passed));
}

TEST_F(FacesTest, PixelsThatOthersLookAtStayAsTheyAre) {
  open(true);
  ASSERT_TRUE(eventually([&] { return shows_face(faces_->apply(frame())); }));
  const auto original = frame();
  const auto drawn = faces_->apply(original);
  EXPECT_TRUE(shows_face(drawn));
  EXPECT_FALSE(shows_face(original));
  EXPECT_EQ(drawn.stamps.captured_at, original.stamps.captured_at);
}

TEST_F(FacesTest, StreamPassesWhileTheDetectorLooks) {
  script_.go_on = std::make_unique<Queue<int>>(64);
  open(true);
  ASSERT_TRUE(eventually([&] { return faces_->apply(frame()), script_.looks > 0; }));
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(shows_face(faces_->apply(frame())));
  EXPECT_EQ(script_.looks, 1) << "what passes meanwhile is not kept for it";
  script_.go_on->put(1);
  EXPECT_TRUE(eventually([&] { return shows_face(faces_->apply(frame())); }));
}

TEST_F(FacesTest, DetectorNeverSeesWhatWasDrawn) {
  script_.finds = {{"face", 0, 0, 64, 48, 1}};
  open(true);
  const auto drawn_at_corner = [&] { return faces_->apply(frame()).planes[0].data[1] == 255; };
  ASSERT_TRUE(eventually(drawn_at_corner));
  const int before = script_.looks;
  ASSERT_TRUE(eventually([&] { return drawn_at_corner(), script_.looks > before + 5; }));
  EXPECT_EQ(script_.first_pixel, 77);
}

TEST_F(FacesTest, BoxesVanishWithTheFace) {
  open(true);
  ASSERT_TRUE(eventually([&] { return shows_face(faces_->apply(frame())); }));
  faces_.reset();
  script_.finds.clear();
  open(true);
  const int before = script_.looks;
  EXPECT_TRUE(eventually([&] { return faces_->apply(frame()), script_.looks > before + 1; }));
  EXPECT_FALSE(shows_face(faces_->apply(frame())));
}

TEST_F(FacesTest, BoxesThatNobodyConfirmedForASecondVanish) {
  script_.go_on = std::make_unique<Queue<int>>(64);
  open(true);
  script_.go_on->put(1);
  ASSERT_TRUE(eventually([&] { return shows_face(faces_->apply(frame())); }));
  ASSERT_TRUE(eventually([&] { return faces_->apply(frame()), script_.looks > 1; }));  // and looks for ever
  auto later = frame();
  later.stamps.captured_at += 900s;
  EXPECT_FALSE(shows_face(faces_->apply(later)));
}

TEST_F(FacesTest, BoxesOfAnotherSizeAreNotDrawn) {
  open(true);
  ASSERT_TRUE(eventually([&] { return shows_face(faces_->apply(frame())); }));
  const auto other = faces_->apply(frame(PixelFormat::bgr24, 64, 96));
  EXPECT_FALSE(shows_face(other));
}

TEST_F(FacesTest, PictureThatStaysEncodedIsAnnotated) {
  open(false);
  Ref<media::AccessUnit> passed;
  const auto annotated = [&] {
    passed = unit();
    faces_->annotate(*passed);
    return !passed->info.metadata.empty();
  };
  ASSERT_TRUE(eventually(annotated));
  EXPECT_EQ(parse_boxes(passed->info.metadata).size(), 1u);
  EXPECT_EQ(passed->strips.size(), 1u);
}

TEST_F(FacesTest, DetectorThatFailsShowsNothingAndGoesOn) {
  script_.fails = Error{ErrorKind::internal, "no"};
  open(true);
  ASSERT_TRUE(eventually([&] { return faces_->apply(frame()), script_.looks > 3; }));
  EXPECT_FALSE(shows_face(faces_->apply(frame())));
}

TEST_F(FacesTest, EveryPixelFormatIsLookedAt) {
  for (const auto format : {PixelFormat::gray8, PixelFormat::bgr24, PixelFormat::bgra32, PixelFormat::i420}) {
    open(false);
    EXPECT_TRUE(eventually([&] { return !faces_->apply(frame(format)).metadata.empty(); }))
        << to_string(format);
  }
}

TEST(OpenFilterTest, SaysWhatIsWrong) {
  const auto error_of = [](std::string_view text) {
    const auto opened = open_filter(text, {});
    return opened ? "" : opened.error().message;
  };
  EXPECT_NE(error_of("blur").find("known: faces, faces:metadata"), std::string::npos);
  EXPECT_NE(error_of("").find("a filter is empty"), std::string::npos);
  EXPECT_NE(error_of("faces:twice").find("not 'twice'"), std::string::npos);
  EXPECT_NE(error_of("faces?size=3").find("known here: model, cascade, min_size"), std::string::npos);
  EXPECT_NE(error_of("faces:metadata?min_size=x").find("size in pixels"), std::string::npos);
}

}  // namespace
}  // namespace glimt::filter
