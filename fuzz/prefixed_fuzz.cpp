// A stream of messages behind their lengths, in chunks that the input chooses. The first byte chooses the prefix, the
// second the length of the chunks: the messages are the same as when all came at once, none is above the limit, and
// who skims the stream finds the same ends.
#include <algorithm>
#include <string>
#include <vector>

#include "reassemble/prefixed_assembler.hpp"
#include "reassemble/prefixed_skimmer.hpp"
#include "require.hpp"

namespace glimt {
namespace {

constexpr size_t kLimit = 4096;

struct Outcome {
  std::vector<std::string> messages;
  bool refused = false;
};

Outcome assemble(wire::LengthPrefix prefix, Bytes stream, size_t chunk_bytes) {
  Outcome outcome;
  media::BufferPool pool(2);
  reassemble::PrefixedAssembler assembler(prefix, kLimit, pool);
  reassemble::PrefixedSkimmer skimmer(prefix, kLimit);
  while (!stream.empty() && !outcome.refused) {
    Bytes chunk = stream.first(std::min(chunk_bytes, stream.size()));
    stream = stream.subspan(chunk.size());
    while (!chunk.empty() && !outcome.refused) {
      const size_t before = chunk.size();
      Bytes skimmed = chunk;
      const auto ended = skimmer.push(skimmed);
      const auto message = assembler.push(chunk);
      GLIMT_REQUIRE(ended.has_value() == message.has_value());
      if (ended) GLIMT_REQUIRE(*ended == message->has_value() && skimmed.size() == chunk.size());
      GLIMT_REQUIRE(chunk.size() < before);
      outcome.refused = !message;
      if (!message) GLIMT_REQUIRE(!message.error().message.empty());
      if (!message || !*message) continue;
      GLIMT_REQUIRE(!(*message)->bytes.empty() && (*message)->bytes.size() <= kLimit);
      GLIMT_REQUIRE(!assembler.is_within_message());
      outcome.messages.emplace_back(as_text((*message)->bytes));
    }
  }
  return outcome;
}

}  // namespace
}  // namespace glimt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glimt;
  if (size < 3) return 0;
  const auto prefix = data[0] & 1 ? wire::LengthPrefix::i : wire::LengthPrefix::q;
  const Bytes stream(data + 2, size - 2);
  const Outcome whole = assemble(prefix, stream, stream.size());
  const Outcome parts = assemble(prefix, stream, size_t{data[1]} + 1);
  GLIMT_REQUIRE(whole.messages == parts.messages && whole.refused == parts.refused);
  return 0;
}
