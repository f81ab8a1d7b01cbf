#include "archive/conversation.hpp"

#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "wire/archive_messages.hpp"

namespace glimt::archive {
namespace {

bool ready(int fd, short what) {
  pollfd p{fd, what, 0};
  return poll(&p, 1, static_cast<int>(kWait.count())) > 0;
}

Error gave_up(const std::string& where) { return {ErrorKind::disconnected, where + ": stopped"}; }

}  // namespace

Conversation::Conversation(UniqueFd fd, std::string where, const Options& options)
    : fd_(std::move(fd)), where_(std::move(where)), options_(options), greeted_(!options.preface) {}

Result<Conversation> Conversation::open(const transport::Address& address, Bytes request,
                                        const Options& options, const KeepOn& keep_on) {
  const auto to = transport::resolve(address);
  if (!to) return to.error();
  UniqueFd fd(socket(to->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return transport::socket_error(address, "socket", errno);
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Conversation conversation(std::move(fd), address.text, options);
  if (auto connected = conversation.connect(*to, keep_on); !connected) return connected.error();
  std::vector<uint8_t> all;
  if (options.preface) all.assign(wire::kArchivePreface.begin(), wire::kArchivePreface.end());
  all.insert(all.end(), request.begin(), request.end());
  if (auto sent = conversation.send(all, keep_on); !sent) return sent.error();
  conversation.heard_at_ = now();
  return conversation;
}

Result<void> Conversation::connect(const transport::SocketAddress& to, const KeepOn& keep_on) {
  const Instant give_up_at = now() + kPatience;
  const std::string cure = "; is `glimt serve` running there, and is this its port?";
  if (::connect(fd_.get(), to.get(), to.length) == 0) return {};
  if (errno != EINPROGRESS) return Error{ErrorKind::unavailable, where_ + ": " + std::strerror(errno) + cure};
  while (!ready(fd_.get(), POLLOUT)) {
    if (!keep_on()) return gave_up(where_);
    if (now() > give_up_at)
      return Error{ErrorKind::unavailable, where_ + ": nobody answers; is the host up?"};
  }
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Error{ErrorKind::unavailable, where_ + ": " + std::strerror(error) + cure};
  return {};
}

Result<void> Conversation::send(Bytes bytes, const KeepOn& keep_on) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(n));
    } else if (errno != EAGAIN && errno != EINTR) {
      return closed();
    } else if (!ready(fd_.get(), POLLOUT) && !keep_on()) {
      return gave_up(where_);
    }
  }
  return {};
}

Result<bool> Conversation::fill(uint8_t* to, size_t size) {
  bool waited = false;
  while (got_ < size) {
    const ssize_t n = recv(fd_.get(), to + got_, size - got_, 0);
    if (n > 0) {
      got_ += static_cast<size_t>(n);
      heard_at_ = now();
      anything_ = true;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      return closed();
    } else if (waited) {
      if (now() - heard_at_ < options_.patience) return false;
      return Error{
          ErrorKind::unavailable,
          where_ + ": the server has been silent for " +
              std::to_string(std::chrono::duration_cast<std::chrono::seconds>(options_.patience).count()) +
              " s; is it `glimt serve`, and is the network whole?"};
    } else {
      ready(fd_.get(), POLLIN);
      waited = true;
    }
  }
  got_ = 0;
  return true;
}

Result<bool> Conversation::read_preface() {
  auto filled = fill(head_.data(), head_.size());
  if (!filled || !*filled) return filled;
  if (head_ != wire::kArchivePreface) return stranger(head_);
  greeted_ = true;
  return true;
}

Result<bool> Conversation::read_length() {
  auto filled = fill(head_.data(), wire::kArchiveLengthBytes);
  if (!filled || !*filled) return filled;
  const uint32_t length = ByteReader(head_).u32();
  if (length == 0 || length > options_.max_message_bytes) {
    if (!answered_ && !options_.preface) return stranger(Bytes(head_).first(wire::kArchiveLengthBytes));
    return Error{ErrorKind::malformed, where_ + ": a message of " + std::to_string(length) + " bytes, and " +
                                           std::to_string(options_.max_message_bytes) +
                                           " are the bound; larger pictures need ?max_frame="};
  }
  buffer_ = buffers_.take();
  buffer_->reserve(length);
  size_ = length;
  return true;
}

Result<std::optional<Conversation::Message>> Conversation::next() {
  using Nothing = std::optional<Message>;
  if (!greeted_) {
    const auto greeted = read_preface();
    if (!greeted) return greeted.error();
    if (!*greeted) return Nothing();
  }
  if (!buffer_) {
    const auto known = read_length();
    if (!known) return known.error();
    if (!*known) return Nothing();
  }
  const auto whole = fill(buffer_->data(), size_);
  if (!whole) return whole.error();
  if (!*whole) return Nothing();
  answered_ = true;
  const Bytes bytes(buffer_->data(), size_);
  return Nothing(Message{std::exchange(buffer_, {}), bytes});
}

Error Conversation::closed() const {
  if (anything_) return {ErrorKind::disconnected, where_ + ": the server has closed the connection"};
  return {ErrorKind::disconnected,
          where_ + ": closed without an answer; a live stream is taken by `glimt recv`, a Python server by " +
              "?wire=pickle-i, an archive of `glimt serve` without"};
}

Error Conversation::stranger(Bytes first) const {
  const auto speaker = wire::guess_speaker(first);
  return {ErrorKind::malformed, where_ + ": that is no " +
                                    (options_.preface ? "archive" : "server of pickles") +
                                    (speaker.empty() ? std::string("; is this the port of `glimt serve`?")
                                                     : ", it seems to be " + std::string(speaker))};
}

}  // namespace glimt::archive
