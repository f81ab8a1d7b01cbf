// The archive's messages: what is accepted says the same when it is written again, and keeps to the bounds that the
// header states.
#include <algorithm>
#include <vector>

#include "require.hpp"
#include "wire/archive_messages.hpp"

namespace {

using namespace glimt;

// What stands behind a message's fields.
Bytes following(const wire::ArchiveMessage& message) {
  if (const auto* picture = std::get_if<wire::ArchivePicture>(&message)) return picture->bytes;
  if (const auto* run = std::get_if<wire::ArchiveRun>(&message)) return run->bytes;
  return {};
}

template <class T>
void require_name(const wire::ArchiveMessage& message) {
  if (const auto* named = std::get_if<T>(&message)) GLIMT_REQUIRE(wire::is_archive_name(named->name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes input(data, size);
  wire::guess_speaker(input);
  const auto message = wire::parse_archive_message(input);
  if (!message) return 0;
  require_name<wire::ArchivePlay>(*message);
  require_name<wire::ArchiveFetch>(*message);
  require_name<wire::ArchiveEntry>(*message);
  auto written = wire::serialize(*message);
  const Bytes rest = following(*message);
  GLIMT_REQUIRE(rest.empty() || (rest.data() >= data && rest.data() + rest.size() == data + size));
  written.insert(written.end(), rest.begin(), rest.end());
  GLIMT_REQUIRE(ByteReader(written).u32() == written.size() - wire::kArchiveLengthBytes);
  const Bytes body = Bytes(written).subspan(wire::kArchiveLengthBytes);
  const auto* failure = std::get_if<wire::ArchiveFailure>(&*message);
  if (failure) {
    GLIMT_REQUIRE(failure->text.size() <= wire::kMaxArchiveTextBytes);
  } else {
    GLIMT_REQUIRE(std::ranges::equal(body, input));
  }
  GLIMT_REQUIRE(wire::parse_archive_message(body).has_value());
  return 0;
}
