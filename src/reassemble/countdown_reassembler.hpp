// CountdownReassembler: datagrams of the countdown wire to whole JPEGs, never a torn one.
//
//   input    datagrams of one socket, lost, repeated, late, foreign, hostile; who sent each, when it came, and how many
//            the kernel had dropped before it
//   output   a JPEG from SOI to EOI, made of one sender's consecutive datagrams n, n-1 … 1; or nothing
//   errors   none: what does not fit is counted
//   threads  thread-compatible; reads no clock
//   memory   one picture of at most max_picture_bytes, taken as segments come; what was handed on is its owner's, and
//            comes back to a pool
//
// A datagram that is not the continuation of the picture in hand ends that picture; one that begins with SOI begins the
// next. docs/decisions/0008 says why this is enough, and what the two further rules are for.
#pragma once

#include <array>
#include <optional>

#include "base/clock.hpp"
#include "base/ring.hpp"
#include "media/buffer.hpp"
#include "media/jpeg_layout.hpp"
#include "wire/countdown.hpp"

namespace glimt::reassemble {

class CountdownReassembler {
 public:
  // An address, or whatever tells senders apart; compared and nothing else.
  using Sender = std::array<uint8_t, 24>;

  struct Options {
    size_t max_picture_bytes = wire::kCountdownMaxPictureBytes;  // encoded
  };
  struct Datagram {
    Bytes bytes;
    Sender from{};
    Instant arrived_at{};
    uint64_t kernel_drops = 0;  // by the socket, before this one came
    // So long after the one before it still belongs to the same picture whatever the pictures' rhythm, which a network that
    // delivers several at once makes look too fast; the maximum where nothing is lost on the way without a word.
    Duration granted = Duration::max();
  };
  struct Picture {
    Ref<media::Buffer> buffer;
    size_t size = 0;
    media::JpegLayout layout;
    Instant first_at{};  // its first datagram came

    Bytes bytes() const { return {buffer->data(), size}; }
  };
  struct Counters {
    uint64_t whole = 0;     // pictures
    uint64_t lost = 0;      // pictures of which a datagram never came
    uint64_t late = 0;      // datagrams that came after others had taken their place
    uint64_t repeated = 0;  // datagrams that came again
    uint64_t refused = 0;   // datagrams and pictures that broke the format
    uint64_t stray = 0;     // datagrams of senders that are not followed, and in front of the first beginning
  };

  explicit CountdownReassembler(const Options& options) : options_(options) {}

  std::optional<Picture> push(const Datagram& datagram);
  // A picture whose end may be another's is held until what follows has spoken for it: to be asked after each push, whose
  // own picture is newer, and at next_settled().
  std::optional<Picture> settled(Instant now);
  Instant next_settled() const { return held_ ? held_until_ : Instant::max(); }
  const Counters& counters() const { return counters_; }
  // Who is followed; another one is once this one has been silent for kFollowedFor.
  const std::optional<Sender>& followed() const { return followed_; }
  Instant last_heard() const { return last_heard_; }

  static constexpr auto kFollowedFor = std::chrono::seconds(1);

 private:
  // What a repetition is known by: counter, size and the entropy-coded bytes at its end.
  struct Echo {
    uint8_t left = 0;
    size_t size = 0;
    std::array<uint8_t, 16> end{};
    bool operator==(const Echo&) const = default;
  };
  // The picture in hand.
  struct Assembly {
    Ref<media::Buffer> buffer;
    size_t size = 0, segment_bytes = 0, segments = 0;
    uint8_t left = 0;  // of the newest segment
    Echo first;
    uint64_t kernel_drops = 0;
    Instant first_at{}, newest_at{};
  };

  // How a picture began and ended.
  struct Ends {
    Echo first, last;
  };
  static Echo echo_of(const wire::CountdownDatagram& datagram);
  bool follow(const Datagram& datagram, bool begins);
  bool continues(const Datagram& datagram, uint8_t left) const;
  Duration longest_gap() const;
  void note_beginning(Instant at);
  std::optional<Picture> begin(const Datagram& datagram, const wire::CountdownDatagram& first);
  std::optional<Picture> append(const Datagram& datagram, const wire::CountdownDatagram& next);
  std::optional<Picture> finish(const Datagram& datagram);
  bool is_in_doubt(const Datagram& datagram) const;
  bool refutes_held(const wire::CountdownDatagram& datagram, bool begins);
  void give_up_in_hand(const Datagram& datagram, bool ends_it);
  void out_of_place(const wire::CountdownDatagram& datagram);
  void refuse();

  const Options options_;
  std::optional<Sender> followed_;
  Instant last_heard_{};
  std::optional<Assembly> in_hand_;
  std::optional<Picture> held_, released_;
  Instant held_until_{};
  Ring<Ends> former_{8};                        // pictures, as they ended
  Instant tail_missed_at_{};                    // a picture was given up whose end may still come
  Echo newest_;                                 // of the followed sender
  uint8_t missed_first_ = 0, missed_last_ = 0;  // counters that a gap has left out, from high to low; 0: none
  Instant begun_at_{};                          // the newest beginning of a picture
  Ring<Duration> intervals_{8};                 // between beginnings
  Counters counters_;
  media::BufferPool buffers_{4};
};

}  // namespace glimt::reassemble
