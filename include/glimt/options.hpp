// Options of publisher, subscriber, sources and log, and the words they share. docs/options.md lists how each
// is said in an address (`udp://:5000?mode=every`) and on the command line; what is said in the address wins
// over what is set here.
//
//   threads  plain values
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "glimt/error.hpp"

namespace glimt {

enum class PixelFormat : uint8_t {
  gray8 = 1,   // one plane, 1 byte a pixel
  bgr24 = 2,   // one plane, 3 bytes a pixel: OpenCV's CV_8UC3
  bgra32 = 3,  // one plane, 4 bytes a pixel: OpenCV's CV_8UC4
  i420 = 4,    // three planes: Y, then U and V at half the width and height, rounded up
  // The same with other samples; they travel as Codec::raw only. 16 bits: 0..65535, CV_16U. f32: float, 0..1 where
  // they are shown, CV_32F.
  gray16 = 5,
  bgr48 = 6,
  bgra64 = 7,
  grayf32 = 8,
  bgrf32 = 9,
  bgraf32 = 10,
};

enum class Codec : uint8_t {
  raw = 1,
  jpeg = 2,
  h264 = 3,  // pictures depend on those before them; a receiver that joins or lost one is sent a key frame
};

enum class Mode : uint8_t {
  latest = 0,  // the newest picture; older ones that were not read in time are dropped and counted
  every = 1,   // each picture in order; a slow reader slows a file and is let go by a live source
};

// How much of a JPEG's colour is kept: of each pixel (444), of two side by side (422), of four (420).
enum class Chroma : uint8_t { c420 = 0, c422 = 1, c444 = 2 };

std::string_view to_string(PixelFormat format);
std::string_view to_string(Codec codec);
std::string_view to_string(Mode mode);
std::string_view to_string(Chroma chroma);
Result<PixelFormat> parse_pixel_format(std::string_view text);
Result<Codec> parse_codec(std::string_view text);
Result<Mode> parse_mode(std::string_view text);
Result<Chroma> parse_chroma(std::string_view text);
// "1/2" is 2.
Result<int> parse_scale(std::string_view text);

struct PublisherOptions {
  // How pictures travel. jpeg costs CPU at both ends and a tenth of the bytes of raw; h264 costs about as much CPU and
  // a tenth of the bytes of jpeg, and a lost picture costs all up to the next key frame. raw over unix:// is handed over
  // in shared memory and costs no copy. Nothing: raw over unix://, jpeg elsewhere.
  std::optional<Codec> codec;
  // 1..100, JPEG and H.264. More is more bytes and less visible loss; below 40 blocks show.
  int quality = 80;
  // JPEG only. 444 keeps fine coloured edges, such as text on a screen, for half as many bytes again; pictures that
  // are i420 already stay 420.
  Chroma chroma = Chroma::c420;
  // Threads that encode one picture, in strips. More is less latency for the same CPU; 1 leaves the other
  // processors alone. 0: as many as there are processors, at most 4.
  int workers = 0;
  // H.264 only: libx264, libopenh264, h264_v4l2m2m, h264_vaapi or h264_nvenc, as libavcodec names them. Empty: the first
  // of them that works here.
  std::string encoder;
  // H.264 only: bits per second at most; no picture takes much more than its share. More keeps the quality in movement;
  // less fits narrower links. Nothing: a quarter of a bit a pixel, 6.9 Mbit/s for 720p at 30 frames a second.
  std::optional<double> bitrate_bps;
  // H.264 only: a band of each picture is encoded afresh and passes over it in sixty pictures, in place of a key frame
  // every five seconds: where the bitrate is low, none of them is blurred; a still scene takes more bytes. Key frames come
  // when a receiver joins, lost a picture or records. With libx264 and newer h264_nvenc; others refuse with unsupported.
  bool intra_refresh = false;
  // Bits per second towards one receiver that is not on this machine. More empties a frame onto
  // the wire sooner and overflows small switches; 0 sends without a pause. Nothing: 500 Mbit/s,
  // and unpaced on loopback.
  std::optional<double> pace_bps;
  // The largest picture taken, in bytes of its uncompressed pixels. More admits larger pictures and takes
  // more memory; beyond it a picture is refused with invalid_argument.
  size_t max_frame_bytes = size_t{64} << 20;
  // Pictures in shared memory at most, 3..64, for raw over unix://; each takes memory once it is needed. Fewer hold slow
  // receivers to one picture at a time, and where all are in use pictures are left out. Nothing: as many as the receivers
  // need, two each and two more, at least 8.
  std::optional<int> slots;
};

struct SubscriberOptions {
  Mode mode = Mode::latest;
  // How long after its capture a picture is still waited for when packets of it are missing. More rides out
  // slower links; less hands out the next one sooner. It delays no picture that is whole.
  std::chrono::milliseconds latency{100};
  // The pixel format that read() hands out. Nothing: as it was sent, JPEG and H.264 as bgr24 or gray8.
  std::optional<PixelFormat> format;
  // The largest picture accepted, in bytes of its uncompressed pixels and, separately, of its encoded bytes.
  // More admits larger pictures and lets a hostile sender take more memory: at most ten times this.
  size_t max_frame_bytes = size_t{64} << 20;
  // read() hands out pictures as they were encoded, without decoding them: mat() is one row of bytes, such as
  // cv::imdecode or a file takes.
  bool encoded = false;
  // Threads that decode one picture, strip by strip. More is less latency for the same CPU; 1 leaves the other
  // processors alone. 0: as many as there are processors, at most 4.
  int workers = 0;
  // 1, 2, 4 or 8: pictures come out at 1/2, 1/4 or 1/8 of their sides, rounded up. A JPEG is decoded at that size, for a fraction of the
  // CPU; others are averaged.
  int scale = 1;
  // A picture that has lost some of its strips for good is left out, instead of handed out with those of the picture before
  // in their place (Frame::integrity).
  bool whole_only = false;
  // When the publisher has said good-bye, that is the end: read() says disconnected instead of waiting for the
  // next one.
  bool once = false;
};

struct RecordOptions {
  // A new file every so long, each with its time in its name: out.mkv becomes out-20261121-132451.mkv. Shorter
  // ones are whole sooner and are more. Nothing: one file, for as long as the picture keeps its size.
  std::optional<std::chrono::milliseconds> segment;
};

// How Publisher::play() reads a source. What does not concern the source is left aside.
struct SourceOptions {
  // Width and height in pixels, of standard input (which needs it), test picture or camera. Nothing: the
  // source's own.
  std::optional<std::pair<int, int>> size;
  // Frames per second of test picture, camera, image or file. Nothing: the source's own.
  std::optional<double> fps;
  // What stands on standard input: the name of a PixelFormat, or mjpeg; bgr24 where nothing is said. What a
  // camera is to give: mjpeg, yuyv or any fourcc; mjpeg where it gives that, otherwise its own choice.
  std::string format;
  // The encoder sees the pixels of a camera or an MJPEG clip, which is otherwise passed on as it is where no other codec,
  // quality or chroma is asked for than PublisherOptions has by itself; costs a decode and an encode a frame.
  bool pixels = false;
  // Between source and encoder: "faces" draws green frames around faces, "faces:metadata" sends them as metadata
  // (boxes.hpp) for the viewer to draw; options as in an address: model, cascade, min_size. They are looked for beside
  // the stream, when nobody else wants the processor, and OpenCV then uses one thread in the whole process. "faces" takes
  // the pixels of a camera. Empty: none.
  std::string filter;
  // A file begins anew at its end.
  bool loop = false;
  // A file or the test picture as fast as it can be read, instead of at its own pace: for receivers of every
  // picture.
  bool fast = false;
  // Ends after so many pictures. Nothing: when the source ends.
  std::optional<uint64_t> frames;
};

enum class LogLevel : uint8_t { debug, info, warning, error, off };
enum class LogFormat : uint8_t {
  text,  // for people
  json,  // one object a line: time (ISO 8601, UTC, to the millisecond), level, message
};

struct LogOptions {
  // What is less grave is not written. info tells of every peer that comes and goes.
  LogLevel level = LogLevel::warning;
  LogFormat format = LogFormat::text;
};

// "debug", "json", or both with a colon between, in any order; what is not said stays as in `base`.
Result<LogOptions> parse_log(std::string_view text, LogOptions base = {});
// How the library writes its log, on standard error. For the whole process; thread-safe.
void set_log(const LogOptions& options);

}  // namespace glimt
