// Sender: pictures in, a stream at any number of destinations out. Owns the encode thread.
//
//   input    pictures; one waits, and the newest wins, unless the caller waits for the lone receiver of every
//            frame
//   errors   open, add and set_options: with the cure. A picture that cannot be encoded is counted and said once
//            Pictures in shared memory do not wait: the publishing thread hands them over itself
//   threads  publish is thread-safe and does not block (publish_every and the waits do); everything else is thread-safe
//   memory   one picture waiting, one in the encoder; the slots of shared memory; with H.264 the newest that was sent
#pragma once

#include "base/histogram.hpp"
#include "encode/encoder.hpp"
#include "filter/convert.hpp"
#include "media/jpeg_strips.hpp"
#include "pipeline/endpoint_options.hpp"
#include "pipeline/send_stream.hpp"
#include "pipeline/unit_decoder.hpp"
#include "source/frame_source.hpp"

namespace glimt::pipeline {

class Sender {
 public:
  // `strips`: how many a JPEG is to fall into, for measurements; 0: as many as it is worth.
  static Result<std::unique_ptr<Sender>> open(const std::vector<Url>& urls, PublisherOptions options,
                                              int strips = 0);
  ~Sender();

  void publish(source::Picture picture);
  // Waits while the stream's only receiver wants every frame and has no room, and leaves the picture out where
  // `stop` is raised meanwhile; otherwise as publish().
  void publish_every(source::Picture picture, const std::atomic<bool>& stop);
  // The waiting alone. False where `stop` was raised first.
  bool wait_for_room(const source::Picture& picture, const std::atomic<bool>& stop);
  // False where `stop` was raised first. `or_else`: what will do as well.
  bool wait_for_receiver(const std::atomic<bool>& stop, const std::function<bool()>& or_else = {});

  // What the address says of the encoding must be how the stream is encoded.
  Result<uint32_t> add(const Url& url);
  bool remove(uint32_t id);
  // As of SendStream. A stream that is only watched is encoded.
  uint32_t watch(UnitWatchers::OnUnit on_unit) { return stream_.watch(std::move(on_unit)); }
  bool unwatch(uint32_t id) { return stream_.unwatch(id); }
  void request_key() { stream_.request_key(); }
  PublisherStats stats();
  // How pictures are encoded from the next one on; receivers stay, whatever their wire takes is for the caller to see to.
  // Pace, slots and max_frame_bytes stay as they were at open(). Where there is an error, nothing has changed. Who takes
  // pictures in shared memory goes on doing so.
  Result<void> set_options(const PublisherOptions& options);
  PublisherOptions options() const;
  // Of what is encoded.
  Codec codec() const { return codec_; }
  size_t max_frame_bytes() const { return max_frame_bytes_; }
  // Into something that has 8 bits a sample.
  bool encodes_bytes() const { return encodes_ && codec() != Codec::raw; }
  // A frame to draw into that is then published without a copy, where a destination takes shared memory; from a pool
  // otherwise.
  media::Frame borrow(PixelFormat format, int width, int height);

  // Sends what is queued, for at most two seconds, and says good-bye. After it returns nothing is sent.
  void close(wire::CloseReason reason);

 private:
  // An encoder, and what it makes.
  struct Coder {
    std::unique_ptr<encode::Encoder> encoder;
    Codec codec = Codec::jpeg;
  };

  Sender(std::shared_ptr<NetworkThread> network, const PublisherOptions& options, int strips, Coder coder);
  static Result<Coder> make_coder(const PublisherOptions& options, int strips);
  Result<uint32_t> add(const SendEndpoint& endpoint);
  void encode_loop();
  void share(media::Frame& frame, bool watched);
  void share_unit(const source::Picture& picture);
  // False where the picture is to be left out.
  bool wait_for_demand();
  void take_over_coder();
  bool was_encoded(const source::Picture& picture) const;
  void encode(source::Picture& picture);
  void send_again();
  Result<void> encode_any(source::Picture& picture);
  Result<void> encode_pixels(media::Frame frame);
  Result<void> pass_on(const Ref<media::AccessUnit>& unit);
  bool cut_jpeg(Bytes jpeg, const media::UnitInfo& info);

  const int strips_;
  const size_t max_frame_bytes_;
  std::atomic<Codec> codec_;
  std::atomic<bool> coder_changed_{false};
  Coder coder_;        // bound to the encode thread
  Instant encoded_{};  // likewise: when the newest that went out for itself was captured
  media::BufferPool borrowed_;
  UnitDecoder decoder_;          // likewise
  filter::Converter converter_;  // likewise
  media::JpegCutter cutter_;     // likewise
  SendStream stream_;
  Queue<source::Picture> waiting_{1};
  std::atomic<bool> sends_arrays_{false};  // to a destination whose pixels are interleaved
  std::atomic<bool> shares_{false};        // with a destination that takes pictures in shared memory
  std::atomic<bool> encodes_{false};       // for a destination that takes units
  std::atomic<bool> closing_{false};
  std::atomic<Instant> close_by_{Instant::max()};  // then even a receiver of every frame is not waited for

  mutable Mutex m_;
  PublisherOptions options_ GLIMT_GUARDED_BY(m_);
  Coder next_coder_ GLIMT_GUARDED_BY(m_);
  PublisherStats counted_ GLIMT_GUARDED_BY(m_);
  Histogram interval_ GLIMT_GUARDED_BY(m_), total_ GLIMT_GUARDED_BY(m_);
  std::string last_complaint_ GLIMT_GUARDED_BY(m_);
  media::Frame newest_
      GLIMT_GUARDED_BY(m_);  // of codecs whose pictures depend on each other: for whoever joins

  Thread thread_;  // last: it uses all of the above
};

}  // namespace glimt::pipeline
