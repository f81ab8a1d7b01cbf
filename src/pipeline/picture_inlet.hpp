// PictureInlet: whole pictures of a wire that carries neither numbers nor times, to a sink of strips.
//
//   input    a picture, encoded or raw, and when it came
//   output   begin, one strip, end; numbers count up from 1, capture time and the sender's clock are not known
//   threads  bound to the network thread
//   memory   in every mode kMaxWaiting pictures that the reader has not taken, where full() is heeded
#pragma once

#include "pipeline/endpoint.hpp"

namespace glimt::pipeline {

class PictureInlet {
 public:
  static constexpr uint64_t kMaxWaiting = 4;

  PictureInlet(Mode mode, media::StripSink& sink, const Endpoint::Reader& reader)
      : mode_(mode), sink_(sink), reader_(reader) {}

  struct Picture {
    Codec codec = Codec::raw;
    PixelFormat format = PixelFormat::bgr24;
    int width = 0, height = 0;
    Ref<Shared> owner;
    Bytes bytes;
    Instant first_at{}, whole_at{};
  };
  void put(const Picture& picture);
  // every: the reader has to take some before there is room; the sender is to wait, or the picture is dropped.
  bool full() const { return mode_ == Mode::every && put_ - reader_.taken_units() >= kMaxWaiting; }

 private:
  const Mode mode_;
  media::StripSink& sink_;
  const Endpoint::Reader& reader_;
  Pool<media::AccessUnit> units_;
  Sequence number_;
  uint64_t put_ = 0;
};

}  // namespace glimt::pipeline
