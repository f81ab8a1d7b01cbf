// The countdown reassembler, two ways. The first byte chooses.
//
//   even  arbitrary datagrams of three senders, pauses, drops by the kernel: what comes out is one sender's newest
//         datagrams n, n-1 … 1, with no drop among them, is a JPEG from SOI to EOI and within the limit
//   odd   pictures are cut up, datagrams lost (the kernel says so), repeated, and swapped within a picture: what
//         comes out went in
#include <algorithm>
#include <array>
#include <deque>
#include <string>
#include <vector>

#include "reassemble/countdown_reassembler.hpp"
#include "require.hpp"
#include "support/countdown.hpp"

namespace glimt {
namespace {

using Reassembler = reassemble::CountdownReassembler;
using Picture = Reassembler::Picture;

constexpr size_t kMaxPicture = 2000;

void require_whole(const Picture& picture) {
  const Bytes b = picture.bytes();
  GLIMT_REQUIRE(b.size() >= 4 && b.size() <= kMaxPicture && picture.buffer->capacity() >= b.size());
  GLIMT_REQUIRE(b[0] == 0xFF && b[1] == 0xD8 && b[2] == 0xFF);
  GLIMT_REQUIRE(b[b.size() - 2] == 0xFF && b.back() == 0xD9);
  const auto scan = media::scan_jpeg(b);
  GLIMT_REQUIRE(scan.state == media::JpegScan::State::whole && scan.layout.size == b.size());
  GLIMT_REQUIRE(scan.layout.width == picture.layout.width && picture.layout.width > 0);
}

struct Sent {
  std::string bytes;
  uint64_t kernel_drops = 0;
};

void require_consecutive(const Picture& picture, const std::deque<Sent>& of_sender) {
  std::string whole(as_text(picture.bytes()));
  uint8_t left = 1;
  for (auto sent = of_sender.rbegin(); !whole.empty(); ++sent, ++left) {
    GLIMT_REQUIRE(sent != of_sender.rend());
    GLIMT_REQUIRE(static_cast<uint8_t>(sent->bytes[0]) == left);
    GLIMT_REQUIRE(sent->kernel_drops == of_sender.back().kernel_drops);
    const std::string segment = sent->bytes.substr(1);
    GLIMT_REQUIRE(whole.ends_with(segment));
    whole.resize(whole.size() - segment.size());
  }
}

// Segments of what could be JPEGs: their beginning, middle or end, with bytes of the input between.
std::string segment_of(ByteReader& in) {
  static const std::string kJpeg = test::make_marker_jpeg(0, 'x');
  const std::string front = kJpeg.substr(0, kJpeg.size() - 2);
  const uint8_t form = in.u8();
  std::string segment;
  if (form & 1) segment += front;
  segment += as_text(in.take(std::min<size_t>(in.u8(), in.left())));
  if (form & 4) segment.resize(40, 'y');
  if (form & 2) segment += "\xFF\xD9";
  return segment;
}

void fuzz_arbitrary(uint8_t choice, ByteReader in) {
  Reassembler reassembler({.max_picture_bytes = kMaxPicture});
  std::array<std::deque<Sent>, 3> sent;
  std::deque<Sent> held;  // up to the end of the picture that is held
  Reassembler::Datagram d;
  d.arrived_at = Instant(std::chrono::seconds(1000));
  uint64_t pushed = 0, shown = 0;
  while (in.left() > 3) {
    const uint8_t what = in.u8();
    if (what >= 0xF0) d.arrived_at += std::chrono::milliseconds(8 * in.u8());
    if (what % 16 == 15) ++d.kernel_drops;
    const size_t sender = what % 16 < 12 ? 0 : what % 3;
    d.from = {static_cast<uint8_t>(sender)};
    if (choice & 2) d.granted = std::chrono::milliseconds(2);
    const std::string bytes = static_cast<char>(in.u8()) + segment_of(in);
    sent[sender].push_back({bytes, d.kernel_drops});
    if (sent[sender].size() > wire::kCountdownMaxSegments) sent[sender].pop_front();
    d.bytes = as_bytes(bytes);
    ++pushed;
    const bool held_before = reassembler.next_settled() != Instant::max();
    const auto picture = reassembler.push(d);
    if (const auto settled = reassembler.settled(d.arrived_at)) {
      ++shown;
      require_whole(*settled);
      require_consecutive(*settled, held);
    }
    if (!held_before && reassembler.next_settled() != Instant::max()) held = sent[sender];
    if (!picture) continue;
    ++shown;
    require_whole(*picture);
    require_consecutive(*picture, sent[sender]);
  }
  const auto& c = reassembler.counters();
  GLIMT_REQUIRE(c.whole == shown);
  GLIMT_REQUIRE(c.late + c.repeated + c.refused + c.stray <= pushed);
  GLIMT_REQUIRE(c.lost <= 2 * pushed);
}

void fuzz_disorder(ByteReader in) {
  Reassembler reassembler({.max_picture_bytes = kMaxPicture});
  Reassembler::Datagram d;
  std::vector<std::string> pictures, datagrams;
  const size_t segment = in.u8() % 64 + size_t{16};
  for (int i = 0; i < 12; ++i) {
    pictures.push_back(test::make_marker_jpeg(in.u8(), static_cast<char>('a' + i)));
    for (auto& cut : test::cut_for_countdown(pictures.back(), segment)) datagrams.push_back(std::move(cut));
  }
  for (size_t next = 0; next < datagrams.size();) {
    const uint8_t what = in.left() > 0 ? in.u8() : 0;
    size_t i = next++;
    // Two pictures in a row whose last two are swapped, 1A 2A 1B 2B, hold a 2 and a 1 that nobody can tell apart.
    const bool same_picture =
        next < datagrams.size() && datagrams[next][0] + 1 == datagrams[i][0] && datagrams[next][0] > 1;
    if (what >= 0xC0) {
      ++d.kernel_drops;
      continue;
    }
    if (what >= 0x80 && same_picture) std::swap(datagrams[i], datagrams[next]);
    if (what >= 0x40 && what < 0x80 && i > 0) next = i--;  // the one before once more
    d.bytes = as_bytes(datagrams[i]);
    const auto picture = reassembler.push(d);
    if (!picture) continue;
    require_whole(*picture);
    GLIMT_REQUIRE(std::find(pictures.begin(), pictures.end(), as_text(picture->bytes())) != pictures.end());
  }
}

}  // namespace
}  // namespace glimt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const glimt::ByteReader in(glimt::Bytes(data, size).subspan(1));
  if (data[0] & 1) {
    glimt::fuzz_disorder(in);
  } else {
    glimt::fuzz_arbitrary(data[0], in);
  }
  return 0;
}
