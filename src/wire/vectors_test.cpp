#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "wire/descriptor.hpp"
#include "wire/erasure_code.hpp"
#include "wire/feedback.hpp"
#include "wire/hello.hpp"
#include "wire/packet.hpp"

// Golden packets: what tests/vectors/NAME.json means is what NAME.bin says, in both directions.
namespace glimt::wire {
namespace {

using nlohmann::json;

const std::filesystem::path kVectors = std::filesystem::path(GLIMT_SOURCE_DIR) / "tests/vectors";

std::vector<uint8_t> unhex(const std::string& text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return bytes;
}
std::string hex(Bytes bytes) {
  std::string text;
  for (const uint8_t b : bytes) text += {"0123456789abcdef"[b >> 4], "0123456789abcdef"[b & 15]};
  return text;
}
// 64-bit numbers stand in strings.
uint64_t u64(const json& value) { return std::stoull(value.get<std::string>()); }
int64_t i64(const json& value) { return std::stoll(value.get<std::string>()); }

const std::map<std::string, Type> kTypes{
    {"HELLO", Type::hello}, {"DATA", Type::data}, {"FEEDBACK", Type::feedback}, {"CLOCK", Type::clock},
    {"CLOSE", Type::close}, {"SKIP", Type::skip}, {"PARITY", Type::parity}};

Hello hello_of(const json& b) {
  return {b["session"],
          b["echo"],
          b["role"] == "sender" ? Role::sender : Role::receiver,
          b["mode"] == "every" ? Mode::every : Mode::latest,
          b["latency_ms"],
          b["symbol_bytes"],
          u64(b["clock_id"]),
          b["agent"]};
}
json json_of(const Hello& h) {
  return {{"session", h.session},
          {"echo", h.echo},
          {"role", h.role == Role::sender ? "sender" : "receiver"},
          {"mode", h.mode == Mode::every ? "every" : "latest"},
          {"latency_ms", h.latency_ms},
          {"symbol_bytes", h.symbol_bytes},
          {"clock_id", std::to_string(h.clock_id)},
          {"agent", h.agent}};
}

Feedback feedback_of(const json& b) {
  Feedback f;
  f.report = b["report"];
  f.sent_at_us = b["sent_at_us"];
  f.highest_number = u64(b["highest_number"]);
  f.packets = b["packets"];
  f.kernel_drops = b["kernel_drops"];
  f.taken = Sequence(b["taken"].get<uint32_t>());
  f.decode_queue_16us = b["decode_queue_16us"];
  for (const auto& fate : b["fates"])
    f.fates[f.fate_count++] = {Sequence(fate["frame"].get<uint32_t>()), Fate{fate["fate"].get<uint8_t>()},
                               fate["spread_16us"]};
  f.arrivals.first = u64(b["arrivals"]["first"]);
  for (const auto& before : b["arrivals"]["before_16us"]) f.arrivals.before_16us[f.arrivals.count++] = before;
  if (b.contains("deficits")) {
    for (const auto& d : b["deficits"])
      f.deficits[f.deficit_count++] = {Sequence(d["frame"].get<uint32_t>()),
                                       d["block"],
                                       d["have"],
                                       d["round"],
                                       d["last_round"],
                                       d["every_block"]};
  }
  if (b.contains("key_wanted_after")) f.key_wanted_after = Sequence(b["key_wanted_after"].get<uint32_t>());
  return f;
}
json json_of(const Feedback& f) {
  json fates = json::array(), before = json::array();
  for (size_t i = 0; i < f.fate_count; ++i)
    fates.push_back({{"frame", f.fates[i].frame.value()},
                     {"fate", static_cast<int>(f.fates[i].fate)},
                     {"spread_16us", f.fates[i].spread_16us}});
  for (size_t i = 0; i < f.arrivals.count; ++i) before.push_back(f.arrivals.before_16us[i]);
  json all{{"report", f.report},
           {"sent_at_us", f.sent_at_us},
           {"highest_number", std::to_string(f.highest_number)},
           {"packets", f.packets},
           {"kernel_drops", f.kernel_drops},
           {"taken", f.taken.value()},
           {"decode_queue_16us", f.decode_queue_16us},
           {"fates", fates},
           {"arrivals", {{"first", std::to_string(f.arrivals.first)}, {"before_16us", before}}}};
  for (size_t i = 0; i < f.deficit_count; ++i) {
    const Deficit& d = f.deficits[i];
    all["deficits"].push_back({{"frame", d.frame.value()},
                               {"block", d.block},
                               {"have", d.have},
                               {"round", d.round},
                               {"last_round", d.last_round},
                               {"every_block", d.every_block}});
  }
  if (f.key_wanted_after) all["key_wanted_after"] = f.key_wanted_after->value();
  return all;
}

Clock clock_of(const json& b) {
  return {b["is_answer"], i64(b["asked_us"]), i64(b["received_us"]), i64(b["answered_us"])};
}
json json_of(const Clock& c) {
  return {{"is_answer", c.is_answer},
          {"asked_us", std::to_string(c.asked_us)},
          {"received_us", std::to_string(c.received_us)},
          {"answered_us", std::to_string(c.answered_us)}};
}

void serialize_data(ByteWriter& out, const json& b) {
  const auto payload = unhex(b["payload"]);
  serialize(out, DataHeader{Sequence(b["frame"].get<uint32_t>()), b["captured_us"], b["index"], b["block"],
                            b["blocks"], b["k"], b["m"], b["strips"], b["age_16us"]});
  serialize(out, SymbolPrefix{static_cast<uint16_t>(payload.size()), b["strip"], b["flags"]});
  out.put(payload);
}
json json_of(const DataPacket& p) {
  const auto& d = p.data;
  return {{"frame", d.frame.value()},
          {"captured_us", d.captured_us},
          {"index", d.index},
          {"block", d.block},
          {"blocks", d.blocks},
          {"k", d.k},
          {"m", d.m},
          {"strips", d.strips},
          {"age_16us", d.age_16us},
          {"strip", p.prefix.strip},
          {"flags", p.prefix.flags},
          {"payload", hex(p.payload)}};
}

void serialize_parity(ByteWriter& out, const json& b) {
  const auto index = static_cast<uint8_t>(255 - b["row"].get<int>());
  serialize(out, DataHeader{Sequence(b["frame"].get<uint32_t>()), b["captured_us"], index, b["block"],
                            b["blocks"], b["k"], b["m"], b["strips"], b["age_16us"]});
  out.put(unhex(b["symbol"]));
}
json json_of(const ParityPacket& p) {
  const auto& d = p.data;
  return {{"frame", d.frame.value()},
          {"captured_us", d.captured_us},
          {"row", p.row},
          {"block", d.block},
          {"blocks", d.blocks},
          {"k", d.k},
          {"m", d.m},
          {"strips", d.strips},
          {"age_16us", d.age_16us},
          {"symbol", hex(p.symbol)}};
}

class VectorsTest : public ::testing::TestWithParam<std::string> {
 protected:
  VectorsTest() {
    std::ifstream(kVectors / (GetParam() + ".json")) >> meaning_;
    std::ifstream bin(kVectors / (GetParam() + ".bin"), std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(bin), {});
  }

  std::vector<uint8_t> written() const {
    const auto& h = meaning_["header"];
    const Header header{kTypes.at(h["type"]), h["epoch"], h["stream"], h["session"], u64(h["number"])};
    std::vector<uint8_t> body(kMaxFeedbackBytes);
    body.resize(write_body(header.type, body));
    std::vector<uint8_t> packet(kMinPacketBytes + body.size());
    if (header.type != Type::data && header.type != Type::parity) {
      seal_control(packet, header, body);
      return packet;
    }
    ByteWriter out(packet);
    serialize(out, header);
    out.put(body);
    const Bytes symbol = Bytes(body).subspan(kDataHeaderBytes - kHeaderBytes);
    const uint32_t checksum = symbol_checksum(symbol.first(kPrefixBytes), symbol.subspan(kPrefixBytes));
    write_tag(std::span(packet).last<kTagBytes>(),
              packet_checksum(checksum, Bytes(packet).first(kDataHeaderBytes)));
    return packet;
  }

  json read() const {
    const auto packet = parse_packet(bytes_);
    if (!packet.packet) return to_string(packet.refusal);
    const Header& h = packet.packet->header;
    std::string type = "unknown";
    for (const auto& [name, value] : kTypes) type = value == h.type ? name : type;
    return {{"header",
             {{"type", type},
              {"epoch", h.epoch},
              {"stream", h.stream},
              {"session", h.session},
              {"number", std::to_string(h.number)}}},
            {"body", read_body(*packet.packet)}};
  }

  json meaning_;
  std::vector<uint8_t> bytes_;

 private:
  size_t write_body(Type type, std::span<uint8_t> body) const {
    const auto& b = meaning_["body"];
    ByteWriter out(body);
    switch (type) {
      case Type::hello:
        return serialize(body, hello_of(b));
      case Type::feedback:
        return serialize(body, feedback_of(b));
      case Type::clock:
        return serialize(body, clock_of(b));
      case Type::close:
        return serialize(body, Close{CloseReason{b["reason"].get<uint8_t>()}});
      case Type::skip:
        return serialize(body, Skip{Sequence(b["first"].get<uint32_t>()), b["count"]});
      case Type::parity:
        serialize_parity(out, b);
        return out.size();
      default:
        serialize_data(out, b);
        return out.size();
    }
  }

  static json read_body(const Packet& packet) {
    switch (packet.header.type) {
      case Type::hello:
        return json_of(parse_hello(packet.body).value());
      case Type::feedback:
        return json_of(parse_feedback(packet.body).value());
      case Type::clock:
        return json_of(parse_clock(packet.body).value());
      case Type::close:
        return {{"reason", static_cast<int>(parse_close(packet.body).value().reason)}};
      case Type::skip: {
        const auto skip = parse_skip(packet.body).value();
        return {{"first", skip.first.value()}, {"count", skip.count}};
      }
      case Type::parity:
        return json_of(parse_parity(packet).packet.value());
      default:
        return json_of(parse_data(packet).packet.value());
    }
  }
};

TEST_P(VectorsTest, MeaningIsWrittenAsTheGoldenBytes) { EXPECT_EQ(hex(written()), hex(bytes_)); }

TEST_P(VectorsTest, GoldenBytesAreReadAsTheMeaning) { EXPECT_EQ(read().dump(1), meaning_.dump(1)); }

const std::vector<std::string> kNames{"hello",    "hello_answer", "data_first",     "data_last",
                                      "feedback", "feedback_key", "clock_question", "clock_answer",
                                      "close",    "skip",         "parity",         "feedback_deficits"};
INSTANTIATE_TEST_SUITE_P(Golden, VectorsTest, ::testing::ValuesIn(kNames),
                         [](const auto& name) { return name.param; });

TEST(VectorsFolderTest, EveryFileInItIsTested) {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kVectors))
    if (entry.path().extension() == ".json") found.insert(entry.path().stem());
  EXPECT_EQ(found, std::set<std::string>(kNames.begin(), kNames.end()));
}

TEST(VectorsFolderTest, ParityIsARowOverTheTwoDataPackets) {
  const auto parity = json::parse(std::ifstream(kVectors / "parity.json"))["body"];
  std::vector<uint8_t> row(unhex(parity["symbol"]).size());
  const std::vector<uint8_t> rows{parity["row"].get<uint8_t>()};
  uint8_t* const to[] = {row.data()};
  for (const uint8_t index : {uint8_t{0}, uint8_t{1}}) {
    const std::string name = index == 0 ? "data_first.bin" : "data_last.bin";
    std::ifstream bin(kVectors / name, std::ios::binary);
    const std::vector<uint8_t> packet(std::istreambuf_iterator<char>(bin), {});
    add_to_rows(Bytes(packet).subspan(kDataHeaderBytes, packet.size() - kOverheadBytes), index, rows, to);
  }
  EXPECT_EQ(hex(row), parity["symbol"]);
}

TEST(VectorsFolderTest, DataPacketsHoldOneFrameWithItsDescriptor) {
  std::vector<uint8_t> strip;
  for (const char* name : {"data_first.json", "data_last.json"}) {
    const auto part = unhex(json::parse(std::ifstream(kVectors / name))["body"]["payload"]);
    strip.insert(strip.end(), part.begin(), part.end());
  }
  ByteReader in(strip);
  const auto d = parse_descriptor(in.take(in.u32()));
  ASSERT_TRUE(d);
  EXPECT_EQ(d->captured_us, 1234567890123);
  EXPECT_EQ(as_text(d->metadata), "north");
  EXPECT_EQ(in.left(), 64u) << "8x8 grey pixels";
}

}  // namespace
}  // namespace glimt::wire
