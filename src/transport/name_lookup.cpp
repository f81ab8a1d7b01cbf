#include "transport/name_lookup.hpp"

#include <thread>

namespace glimt::transport {
namespace {

constexpr auto kAskEvery = std::chrono::milliseconds(500);

}  // namespace

// Outlives the lookup where DNS takes its time: getaddrinfo() cannot be interrupted.
struct NameLookup::Asker : std::enable_shared_from_this<NameLookup::Asker> {
  Asker(EventLoop& l, const Address& a, OnFound f) : address(a), loop(&l), on_found(std::move(f)) {}

  void run() {
    const auto found = resolve(address);
    MutexLock lock(m);
    if (!loop) return;
    loop->post([self = shared_from_this(), found] {
      self->busy = false;
      if (found && self->on_found) self->on_found(*found);
    });
  }

  const Address address;
  // bound to the loop's thread
  bool busy = false;

  Mutex m;
  EventLoop* loop GLIMT_GUARDED_BY(m);  // null once the lookup is gone
  OnFound on_found;                     // called and cleared on the loop's thread
};

NameLookup::NameLookup(EventLoop& loop, const Address& address, OnFound on_found)
    : is_name_(!address.host.empty() && !is_numeric(address.host)),
      asker_(std::make_shared<Asker>(loop, address, std::move(on_found))) {}

NameLookup::~NameLookup() {
  asker_->on_found = nullptr;
  MutexLock lock(asker_->m);
  asker_->loop = nullptr;
}

void NameLookup::ask() {
  if (!is_name_ || asker_->busy || now() < next_ask_) return;
  next_ask_ = now() + kAskEvery;
  asker_->busy = true;
  std::thread([asker = asker_] { asker->run(); }).detach();
}

}  // namespace glimt::transport
