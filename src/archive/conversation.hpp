// Conversation: the asking end: one connection to a server, one request, and what comes in answer.
//
//   input    an address and what to say; messages from a server that may be anything
//   output   messages one by one, each read straight into its place; nothing where none came for a moment
//   errors   unavailable: nobody there, or silent; disconnected: closed; malformed: says something else than an archive
//            does, with a guess at who it is
//   threads  bound to the caller's; blocks for kWait at most, but for the connection, which is given kPatience, and a
//            name that is looked up
//   memory   a message, at most max_message_bytes and checked before it is taken
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/unique_fd.hpp"
#include "media/buffer.hpp"
#include "transport/address.hpp"

namespace glimt::archive {

inline constexpr auto kWait = std::chrono::milliseconds(20);
// A server that is there says so every second.
inline constexpr auto kPatience = std::chrono::seconds(5);

// Asked while something is waited for; false ends the wait.
using KeepOn = std::function<bool()>;

class Conversation {
 public:
  struct Message {
    Ref<media::Buffer> owner;
    Bytes bytes;  // without the length
  };
  struct Options {
    size_t max_message_bytes = 0;
    bool preface = true;  // both ends begin with it
    Duration patience = kPatience;
  };

  // Connected, and `request` sent. Where `keep_on` said no: disconnected.
  static Result<Conversation> open(const transport::Address& address, Bytes request, const Options& options,
                                   const KeepOn& keep_on);

  // Empty where none came within kWait.
  Result<std::optional<Message>> next();
  // A whole message has come: there is somebody who speaks this wire.
  bool answered() const { return answered_; }

 private:
  Conversation(UniqueFd fd, std::string where, const Options& options);
  Result<void> connect(const transport::SocketAddress& to, const KeepOn& keep_on);
  Result<void> send(Bytes bytes, const KeepOn& keep_on);
  // The bytes that were asked for are there; false where they are not yet.
  Result<bool> fill(uint8_t* to, size_t size);
  Result<bool> read_preface();
  Result<bool> read_length();
  Error closed() const;
  Error stranger(Bytes first) const;

  UniqueFd fd_;
  std::string where_;
  Options options_;
  media::BufferPool buffers_{4};
  std::array<uint8_t, 8> head_{};
  bool greeted_, answered_ = false, anything_ = false;
  Ref<media::Buffer> buffer_;  // of a message whose length is known
  size_t size_ = 0, got_ = 0;
  Instant heard_at_ = now();
};

}  // namespace glimt::archive
