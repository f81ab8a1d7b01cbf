#include "wire/pickle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

// tests/interop/pickle_test.py holds the same code against Python itself; the golden pickles here are Python's too.
namespace glimt::wire {
namespace {

using std::string;
using ::testing::HasSubstr;
using namespace std::string_literals;

const std::filesystem::path kGolden = std::filesystem::path(GLIMT_SOURCE_DIR) / "tests/corpus/pickle_fuzz";

string golden(const string& name) {
  std::ifstream in(kGolden / name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<string> golden_arrays() {
  std::vector<string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kGolden))
    if (entry.path().filename().string().starts_with("numpy")) names.push_back(entry.path().filename());
  return names;
}

// What tests/support/pickles.py puts into every pixel.
uint8_t pixel(int y, int x, int c) { return static_cast<uint8_t>(y * 37 + x * 11 + c * 101); }

// The pickle of an array, with pieces that a test may bend. Protocol 3's way.
struct Written {
  string shape = "K\5K\7K\3\x87";
  string type = "X\2\0\0\0u1"s;
  string order = "X\1\0\0\0|"s;
  string fortran = "\x89";
  string pixels = string(105, 'x');
  string whole() const {
    const string length{static_cast<char>(pixels.size()), 0, 0, 0};
    return "\x80\3cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
           "C\1b\x87R(K\1"s +
           shape + "cnumpy\ndtype\n" + type + "\x89\x88\x87R(K\3" + order +
           "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"s + fortran + "B" + length + pixels + "tb.";
  }
};

class PickleTest : public ::testing::Test {
 protected:
  Result<Pickle> parse(const string& pickle) { return parse_pickle(as_bytes(pickle), decoded_); }
  string refusal(const string& pickle) {
    const auto result = parse(pickle);
    if (result) return "was accepted";
    EXPECT_EQ(result.error().kind, ErrorKind::malformed);
    return result.error().message;
  }
  // Accepted or not: what is accepted is consistent.
  void expect_consistent(const string& pickle) {
    const auto result = parse(pickle);
    if (!result || result->kind != Pickle::Kind::array) return;
    ASSERT_GT(result->height, 0);
    ASSERT_GT(result->width, 0);
    ASSERT_EQ(result->bytes.size(),
              size_t(result->height) * size_t(result->width) * size_t(result->channels));
  }
  std::vector<uint8_t> decoded_;
};

TEST_F(PickleTest, ReadsEveryGoldenArrayPixelByPixel) {
  const auto names = golden_arrays();
  ASSERT_GT(names.size(), 25u);
  for (const auto& name : names) {
    const string pickle = golden(name);
    const auto a = parse(pickle);
    ASSERT_TRUE(a) << name << ": " << a.error().message;
    ASSERT_EQ(a->kind, Pickle::Kind::array) << name;
    EXPECT_EQ(a->channels, name.ends_with("bgra") ? 4 : name.find("gray") != string::npos ? 1 : 3) << name;
    EXPECT_EQ(a->fortran, name.ends_with("_f")) << name;
    ASSERT_EQ(a->height * a->width, 35) << name;
    ASSERT_EQ(a->bytes.size(), 35u * size_t(a->channels)) << name;
    const bool exchanged = name.ends_with("exchanged");
    for (int y = 0; y < a->height; ++y)
      for (int x = 0; x < a->width; ++x)
        for (int c = 0; c < a->channels; ++c) {
          const int at =
              a->fortran ? (c * a->width + x) * a->height + y : (y * a->width + x) * a->channels + c;
          ASSERT_EQ(a->bytes[size_t(at)], exchanged ? pixel(x, y, c) : pixel(y, x, c)) << name;
        }
  }
}

TEST_F(PickleTest, PixelsAreAViewIntoThePickleWhereTheyLieThereAsTheyAre) {
  for (const char* name : {"numpy1_protocol3_c", "numpy1_protocol4_f", "numpy2_protocol5_c"}) {
    const string pickle = golden(name);
    const auto a = parse(pickle);
    ASSERT_TRUE(a);
    const auto* begin = as_bytes(pickle).data();
    EXPECT_TRUE(a->bytes.data() > begin && a->bytes.data() < begin + pickle.size()) << name;
  }
  EXPECT_TRUE(decoded_.empty());
}

TEST_F(PickleTest, ReadsBytesAndNoneOfEveryProtocol) {
  for (const char protocol : {'2', '3', '4', '5'}) {
    const string prefix = string("protocol") + protocol;
    const string end = golden(prefix + "_end"), empty = golden(prefix + "_empty"),
                 none = golden(prefix + "_none");
    ASSERT_TRUE(parse(end));
    EXPECT_EQ(parse(end)->kind, Pickle::Kind::bytes);
    EXPECT_EQ(as_text(parse(end)->bytes), "end");
    ASSERT_TRUE(parse(empty));
    EXPECT_EQ(parse(empty)->kind, Pickle::Kind::bytes);
    EXPECT_TRUE(parse(empty)->bytes.empty());
    ASSERT_TRUE(parse(none));
    EXPECT_EQ(parse(none)->kind, Pickle::Kind::none);
  }
}

TEST_F(PickleTest, CutShortAnywhereItIsRefused) {
  for (const auto& entry : std::filesystem::directory_iterator(kGolden)) {
    const string whole = golden(entry.path().filename());
    if (!parse(whole)) continue;  // what a fuzzer found
    for (size_t size = 0; size < whole.size(); ++size)
      EXPECT_FALSE(parse(whole.substr(0, size))) << entry.path().filename() << " at " << size;
  }
}

TEST_F(PickleTest, WithAnyByteChangedItIsRefusedOrConsistent) {
  for (const auto& name : golden_arrays()) {
    const string whole = golden(name);
    for (size_t at = 0; at < whole.size(); ++at) {
      string changed = whole;
      for (int value = 0; value < 256; ++value) {
        changed[at] = static_cast<char>(value);
        expect_consistent(changed);
      }
    }
  }
}

TEST_F(PickleTest, RefusesBytesBehindTheEnd) {
  EXPECT_THAT(refusal(golden("numpy1_protocol4_c") + "x"), HasSubstr("behind its end"));
}

TEST_F(PickleTest, RefusesOtherProtocols) {
  EXPECT_THAT(refusal(""), HasSubstr("does not begin"));
  EXPECT_THAT(refusal("N."), HasSubstr("does not begin"));
  EXPECT_THAT(refusal("\x80\1N."), HasSubstr("does not begin"));
  EXPECT_THAT(refusal("\x80\6N."), HasSubstr("does not begin"));
  EXPECT_THAT(refusal("\x80\2\x80\2N."), HasSubstr("opcode 0x80"));
}

TEST_F(PickleTest, RefusesEveryGlobalThatNoPictureNeedsAndNamesIt) {
  for (const char* name :
       {"os\nsystem", "posix\nsystem", "nt\nsystem", "builtins\neval", "__builtin__\neval",
        "builtins\ngetattr", "numpy\nload", "numpy\nfromfile", "subprocess\nPopen",
        "numpy.core.multiarray\nscalar", "numpy.core.numeric\n_reconstruct", "\n", "_codecs\ndecode"}) {
    const string what = refusal("\x80\2c"s + name + "\nX\4\0\0\0true\x85R."s);
    string dotted = name;
    dotted.replace(dotted.find('\n'), 1, ".");
    EXPECT_THAT(what, HasSubstr("'" + dotted + "'"));
    EXPECT_THAT(what, HasSubstr("nothing of it was run"));
  }
  EXPECT_THAT(refusal("\x80\4\x8c\5posix\x8c\6system\x93\x8c\4true\x85R."), HasSubstr("'posix.system'"));
}

TEST_F(PickleTest, AStrangersNameIsCutAndMadePrintable) {
  const string what = refusal("\x80\2c" + string(100'000, 'm') + "\nf\n.");
  EXPECT_LT(what.size(), 200u);
  EXPECT_THAT(refusal("\x80\2c\x1b[2Jos\nsys\r\x80tem\n."), HasSubstr("'?[2Jos.sys??tem'"));
}

TEST_F(PickleTest, RefusesEveryOpcodeThatMakesOrCallsSomethingElse) {
  const std::pair<const char*, const char*> rows[] = {
      {"\x81", "an object of a class"},
      {"\x92", "an object of a class"},
      {"ios\nsystem\n", "an object of a class"},
      {"o", "an object of a class"},
      {"Pid\n", "persistent"},
      {"Q", "persistent"},
      {"\x82\1", "extension code"},
      {"\x83\1\1", "extension code"},
      {"\x84\1\1\1\1", "extension code"},
      {"]", "a list"},
      {"}", "a dict"},
      {"G", "a float"},
      {"\x8f", "a set"},
      {"\x97", "sent apart"},
      {"\xff", "opcode 0xff"},
  };
  for (const auto& [opcode, what] : rows) EXPECT_THAT(refusal("\x80\4N("s + opcode + "N."), HasSubstr(what));
}

TEST_F(PickleTest, CallsKnownNamesOnlyAsNumpyDoes) {
  for (const char* call :
       {"cnumpy\nndarray\n)R.", "cnumpy\ndtype\n)R.", "cnumpy.core.multiarray\n_reconstruct\n)R.",
        "cnumpy.core.numeric\n_frombuffer\n)R.", "c_codecs\nencode\n)R.", "c__builtin__\nbytes\nN\x85R.",
        "c__builtin__\nbytes\nNR.", "NNR.", "R.", "N)R.",
        "cnumpy\nndarray\nN\x85"
        "b."})
    EXPECT_THAT(refusal("\x80\2"s + call), HasSubstr("refused")) << call;
  EXPECT_THAT(refusal("\x80\2c_codecs\nencode\nX\1\0\0\0aX\5\0\0\0utf-8\x86R."s), HasSubstr("latin1"));
}

TEST_F(PickleTest, RefusesAStateThatIsADict) {
  EXPECT_THAT(refusal("\x80\2cnumpy\ndtype\nX\2\0\0\0u1\x89\x88\x87R}b."s), HasSubstr("a dict"));
  EXPECT_THAT(refusal("\x80\2cnumpy\ndtype\nX\2\0\0\0u1\x89\x88\x87RNb."s), HasSubstr("state"));
}

TEST_F(PickleTest, RefusesAllButPlainUint8) {
  Written w;
  ASSERT_TRUE(parse(w.whole()));
  for (const char* type : {"i1", "f8", "u2", "b1", "O8", "V1"}) {
    w.type = "X\2\0\0\0"s + type;
    EXPECT_THAT(refusal(w.whole()), HasSubstr("'"s + type + "'"));
  }
  w = {};
  for (const char order : {'<', '>', '='}) {
    w.order = "X\1\0\0\0"s + order;
    EXPECT_THAT(refusal(w.whole()), HasSubstr("plain uint8"));
  }
}

TEST_F(PickleTest, RefusesAShapeThatDoesNotFitItsPixels) {
  Written w;
  const string rows[] = {
      "K\5K\7K\4\x87",                              // a product that is too large
      "K\5K\7\x86",                                 // too small
      "K\0K\7K\3\x87"s,                             // a side of nothing
      "J\xfb\xff\xff\xffJ\xf9\xff\xff\xffK\3\x87",  // -5 x -7 x 3
      "\x8a\5\0\0\0\0\1\x8a\5\0\0\0\0\1K\3\x87"s,   // 2^32 x 2^32 x 3: 0 in 64 bits
      "\x8a\x8\0\0\0\0\0\0\0\x80K\2K\3\x87"s,       // -2^63
      "\x8a\x8\1\0\0\0\0\0\0\x40K\4K\3\x87"s,       // 2^62 + 1
      "K\151\x85",                                  // one dimension
      "(K\5K\7K\3K\1t",                             // four
      ")",
      "N",
      "K\151",
      "K\5NK\3\x87",
      "X\1\0\0\0aK\7K\3\x87"s,
      "K\x15K\5\x86",  // 21 x 5: fits, and shows that the others are refused for cause
  };
  for (const auto& shape : rows) {
    w.shape = shape;
    if (shape == std::end(rows)[-1]) {
      EXPECT_EQ(parse(w.whole())->channels, 1);
    } else {
      EXPECT_FALSE(parse(w.whole())) << ::testing::PrintToString(shape);
    }
  }
}

TEST_F(PickleTest, RefusesChannelsThatNoPictureHas) {
  Written w;
  w.shape = "K\7K\3K\5\x87";
  EXPECT_THAT(refusal(w.whole()), HasSubstr("7 x 3 x 5"));
  w.pixels = string(42, 'x');
  w.shape = "K\7K\3K\2\x87";
  EXPECT_FALSE(parse(w.whole()));
}

TEST_F(PickleTest, RefusesLengthsBeyondItsEnd) {
  const string rows[] = {
      "\x80\4\x8e\0\0\0\0\0\0\0\x80x."s,  // 2^63
      "\x80\4\x8e\xff\xff\xff\xff\xff\xff\xff\xffx.",
      "\x80\5\x96\0\0\0\0\0\0\0\x80x."s,
      "\x80\4\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.",
      "\x80\2X\xff\xff\xff\xffx.",
      "\x80\3"
      "B\xff\xff\xff\x7fx.",
      "\x80\2\x8a\xff\1.",
  };
  for (const auto& pickle : rows) EXPECT_THAT(refusal(pickle), HasSubstr("cut short"));
  EXPECT_THAT(refusal("\x80\2\x8a\xff" + string(255, 'x') + "."), HasSubstr("beyond 64 bits"));
  EXPECT_TRUE(decoded_.empty());
}

TEST_F(PickleTest, HasABoundForEverythingThatGrows) {
  EXPECT_THAT(refusal("\x80\2" + string(40, 'N') + "."), HasSubstr("deeper"));
  EXPECT_THAT(refusal("\x80\2" + string(40, '(') + "."), HasSubstr("deeper"));
  string tuples, puts = "N";
  for (int i = 0; i < 100; ++i) tuples += i < 1 ? "N\x85" : "\x85";
  for (int i = 0; i < 100; ++i) puts += string("q") + static_cast<char>(i);
  EXPECT_THAT(refusal("\x80\2" + tuples + "."), HasSubstr("more tuples"));
  EXPECT_THAT(refusal("\x80\2" + puts + "."), HasSubstr("keeps more"));
  EXPECT_THAT(refusal("\x80\2Nr\xff\xff\xff\xff."), HasSubstr("keeps more"));
  string long_one = "\x80\2N";
  for (int i = 0; i < 100'000; ++i) long_one += "q\1";
  EXPECT_THAT(refusal(long_one + "."), HasSubstr("more opcodes"));
}

TEST_F(PickleTest, RefusesWhatIsNotThere) {
  for (const char* pickle :
       {"\x80\2.", "\x80\2NN.", "\x80\2(.", "\x80\2t.", "\x80\2\x85.", "\x80\2(\x85.", "\x80\2h\1.",
        "\x80\2b.", "\x80\2Nb.", "\x80\4\x94.", "\x80\4\x93.", "\x80\4NN\x93."})
    EXPECT_THAT(refusal(pickle), HasSubstr("refused")) << pickle;
}

TEST_F(PickleTest, RefusesTextBeyondLatin1) {
  const auto encoded = [](const string& text) {
    const string length{static_cast<char>(text.size()), 0, 0, 0};
    return "\x80\2c_codecs\nencode\nX" + length + text + "X\6\0\0\0latin1\x86R."s;
  };
  ASSERT_TRUE(parse(encoded("a\xc3\xbf\xc2\x80z")));
  EXPECT_EQ(as_text(parse(encoded("a\xc3\xbf\xc2\x80z"))->bytes), "a\xff\x80z");
  for (const char* text : {"\xc4\x80", "\xe2\x82\xac", "\x80", "\xc3", "a\xc3", "\xc3z", "\xc3\xc3\xbf",
                           "\xc2\x80\x80", "\xc0\x80", "\xc1\xbf", "\xff"})
    EXPECT_THAT(refusal(encoded(text)), HasSubstr("beyond latin1")) << text;
}

TEST_F(PickleTest, SaysWhatItHeldInstead) {
  EXPECT_THAT(refusal("\x80\2K\1."), HasSubstr("a number"));
  EXPECT_THAT(refusal("\x80\2\x88."), HasSubstr("True or False"));
  EXPECT_THAT(refusal("\x80\2)."), HasSubstr("a tuple"));
  EXPECT_THAT(refusal("\x80\2X\1\0\0\0a."s), HasSubstr("text"));
  EXPECT_THAT(refusal("\x80\5\x96\0\0\0\0\0\0\0\0."s), HasSubstr("a bytearray"));
}

TEST_F(PickleTest, ReadsBackWhatItWrites) {
  for (const auto& [height, width, channels] :
       {std::tuple{1, 1, 1}, {5, 7, 3}, {300, 2, 4}, {70'000, 1, 1}}) {
    const PickleFrame frame = make_pickle_frame(height, width, channels);
    const string pixels(size_t(height) * size_t(width) * size_t(channels), '\x80');
    const string whole = string(as_text(frame.head)) + pixels + string(as_text(frame.tail));
    const auto back = parse(whole);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->height, height);
    EXPECT_EQ(back->width, width);
    EXPECT_EQ(back->channels, channels);
    EXPECT_FALSE(back->fortran);
    EXPECT_EQ(as_text(back->bytes), pixels);
    EXPECT_LE(whole.size(), max_pickle_bytes(pixels.size()));
  }
  EXPECT_EQ(as_text(parse(string(as_text(pickle_bytes(as_bytes("end")))))->bytes).size(), 3u);
  EXPECT_EQ(parse(string(as_text(pickle_none())))->kind, Pickle::Kind::none);
}

}  // namespace
}  // namespace glimt::wire
