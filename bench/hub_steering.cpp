// hub_steering WHAT [--address CONTROL]: a hub is steered, in this process or, with --address, through the control service of another,
// and each call is timed. WHAT:
//
//   route   a destination of cam0 comes and goes: --to URL, --per-second N, --seconds S
//   list    all streams are listed: --seconds S
//   swap    cam0 gets another source, a new one each second: --seconds S
//
// In this process the hub has cam0, --source, at --listen, and --destinations N further ones where nobody is. It says "ready", begins with
// a line on standard input, prints one JSON line and ends with its standard input.
#include <unistd.h>

#include <thread>

#include "control/client.hpp"
#include "measure.hpp"

namespace glimt::bench {
namespace {

template <class T>
T good(Result<T> result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}
void good(const Result<void>& result) {
  if (!result) give_up(result.error().message);
}

class Steered {
 public:
  virtual ~Steered() = default;
  virtual std::string add(const std::string& url) = 0;
  virtual void remove(const std::string& id) = 0;
  virtual std::vector<hub::StreamStatus> list() = 0;
  virtual void set_source(const std::string& source) = 0;
};

class Own final : public Steered {
 public:
  explicit Own(const Arguments& arguments) {
    hub::StreamSettings cam0;
    cam0.name = "cam0";
    cam0.source = arguments.get("--source", "test:?size=1280x720&fps=30");
    cam0.destinations.push_back({"listen", arguments.get("--listen", "udp://127.0.0.1:5000?listen")});
    for (int i = 0; i < static_cast<int>(arguments.number("--destinations", 0)); ++i)
      cam0.destinations.push_back({"n" + std::to_string(i), "udp://127.0.0.1:" + std::to_string(20000 + i)});
    hub_ = good(hub::Hub::open({.state_path = arguments.get("--state", "")}, {cam0}));
  }
  std::string add(const std::string& url) override {
    return good(hub_->add_destination("cam0", {"", url})).settings.id;
  }
  void remove(const std::string& id) override { good(hub_->remove_destination("cam0", id)); }
  std::vector<hub::StreamStatus> list() override { return hub_->streams(); }
  void set_source(const std::string& source) override {
    good(hub_->update_stream("cam0", [&](hub::StreamSettings& settings) {
      settings.source = source;
      return Result<void>();
    }));
  }

 private:
  std::unique_ptr<hub::Hub> hub_;
};

class Remote final : public Steered {
 public:
  explicit Remote(const std::string& address) : client_(good(control::open_client({.address = address}))) {}
  std::string add(const std::string& url) override {
    return good(client_->add_destination("cam0", {"", url})).settings.id;
  }
  void remove(const std::string& id) override { good(client_->remove_destination("cam0", id)); }
  std::vector<hub::StreamStatus> list() override { return good(client_->streams()); }
  void set_source(const std::string& source) override {
    hub::StreamSettings settings;
    settings.name = "cam0";
    settings.source = source;
    good(client_->update_stream(settings, {"source"}));
  }

 private:
  std::unique_ptr<control::Client> client_;
};

// So often a second, each call timed, one after the other.
template <class Call>
void repeat(double per_second, double seconds, Samples& samples, Call call) {
  const Instant begin = now();
  const auto calls = static_cast<uint64_t>(per_second * seconds);
  for (uint64_t i = 0; i < calls; ++i) {
    std::this_thread::sleep_until(begin +
                                  Duration(static_cast<int64_t>(1e9 * static_cast<double>(i) / per_second)));
    const Instant called = now();
    call(i);
    samples.add(now() - called);
  }
}

void route(Steered& steered, const Arguments& arguments) {
  Samples calls;
  std::string id;
  const Instant begin = now();
  repeat(arguments.number("--per-second", 20), arguments.number("--seconds", 10), calls, [&](uint64_t i) {
    if (i % 2 == 0) {
      id = steered.add(arguments.get("--to", "udp://127.0.0.1:5999"));
    } else {
      steered.remove(id);
    }
  });
  std::printf("{\"calls\":%s,\"seconds\":%.2f}\n", calls.json().c_str(),
              std::chrono::duration<double>(now() - begin).count());
}

void list(Steered& steered, const Arguments& arguments) {
  Samples calls;
  size_t destinations = 0;
  const auto before = steered.list();
  const Instant begin = now();
  repeat(5, arguments.number("--seconds", 10), calls, [&](uint64_t) {
    destinations = 0;
    for (const auto& stream : steered.list()) destinations += stream.destinations.size();
  });
  const auto after = steered.list();
  const double seconds = std::chrono::duration<double>(now() - begin).count();
  std::printf("{\"calls\":%s,\"destinations\":%zu,\"encoded_per_second\":%.2f}\n", calls.json().c_str(),
              destinations, static_cast<double>(after[0].stats.frames - before[0].stats.frames) / seconds);
}

void swap(Steered& steered, const Arguments& arguments) {
  Samples calls;
  const char* const sources[] = {"test:?size=640x360&fps=30", "test:?size=1280x720&fps=30"};
  repeat(1, arguments.number("--seconds", 10), calls,
         [&](uint64_t i) { steered.set_source(sources[i % 2]); });
  std::printf("{\"calls\":%s}\n", calls.json().c_str());
}

int run(const Arguments& arguments, const std::string& what) {
  const std::string address = arguments.get("--address", "");
  const std::unique_ptr<Steered> steered =
      address.empty() ? std::unique_ptr<Steered>(new Own(arguments)) : std::make_unique<Remote>(address);
  ask_for_short_slices();  // as the threads of the control service do
  std::printf("ready\n");
  std::fflush(stdout);
  char byte = 0;
  if (read(STDIN_FILENO, &byte, 1) != 1) return 1;
  if (what == "route") {
    route(*steered, arguments);
  } else if (what == "list") {
    list(*steered, arguments);
  } else if (what == "swap") {
    swap(*steered, arguments);
  } else {
    give_up("hub_steering: route, list or swap");
  }
  std::fflush(stdout);
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}

}  // namespace
}  // namespace glimt::bench

int main(int argc, char** argv) { return glimt::bench::run({argc, argv}, argc > 1 ? argv[1] : ""); }
