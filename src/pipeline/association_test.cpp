#include "pipeline/association.hpp"

#include <memory>

#include "pipeline/admission.hpp"
#include "support/sessions.hpp"

namespace glimt::pipeline {
namespace {

using namespace test;
using Event = Association::Event;
using Events = std::vector<Event>;

transport::Peer peer(uint16_t port) {
  transport::Peer p;
  p.port = port;
  return p;
}

// The end that listens: it admits, and then serves one session.
struct Listener {
  explicit Listener(wire::Role role) : options{.role = role, .connects = false, .symbol_bytes = 1152} {}

  void receive(const transport::Peer& from, const Datagram& datagram, Instant now) {
    received_bytes += datagram.size();
    const auto packet = wire::parse_packet(datagram).packet.value();
    if (session && packet.header.session == session->own_session()) {
      session->on_packet(packet, now, out);
    } else if (packet.header.type == wire::Type::hello && packet.header.session == 0) {
      const auto hello = wire::parse_hello(packet.body);
      if (session && hello && hello->session == session->peer_session()) {  // asks whether we are there
        session->on_packet(packet, now, out);
        return;
      }
      std::array<uint8_t, 256> buffer;
      const Bytes answer = admission.on_hello(from, packet, options, buffer);
      if (!answer.empty()) out.send(answer);
    } else if (const auto admitted = admission.on_proof(from, packet.header.session)) {
      session = std::make_unique<Association>(options, admitted->session);
      session->accept(admitted->hello, now, out);
      session->on_packet(packet, now, out);
    }
  }

  Association::Options options;
  Admission admission;
  std::unique_ptr<Association> session;
  KeepingOutbox out;
  size_t received_bytes = 0;
};

class AssociationTest : public ::testing::Test {
 protected:
  explicit AssociationTest(wire::Role caller = wire::Role::sender)
      : caller_options_{.role = caller, .connects = true, .symbol_bytes = 1152},
        listener_(caller == wire::Role::sender ? wire::Role::receiver : wire::Role::sender) {
    restart_caller(1001);
  }

  void restart_caller(uint32_t session) { caller_ = std::make_unique<Association>(caller_options_, session); }
  void restart_listener() { listener_ = Listener(listener_.options.role); }

  // Packets go back and forth until nobody has any more to say.
  void exchange() {
    for (int rounds = 0;; ++rounds) {
      ASSERT_LT(rounds, 20) << "they never stop";
      caller_->poll(now_, caller_out_);
      if (listener_.session) listener_.session->poll(now_, listener_.out);
      if (caller_out_.packets.empty() && listener_.out.packets.empty()) return;
      for (const auto& d : std::exchange(caller_out_.packets, {})) listener_.receive(here_, d, now_);
      for (const auto& d : std::exchange(listener_.out.packets, {})) {
        const Event event = caller_->on_packet(wire::parse_packet(d).packet.value(), now_, caller_out_);
        if (event != Event::none) events_.push_back(event);
      }
    }
  }
  void wait(Duration d) {
    for (const Instant until = now_ + d; now_ < until; now_ += 10ms) exchange();
  }
  Events events() { return std::exchange(events_, {}); }
  bool both_open() const {
    return caller_->is_open() && listener_.session && listener_.session->is_open() &&
           caller_->peer_session() == listener_.session->own_session() &&
           listener_.session->peer_session() == caller_->own_session();
  }

  Association::Options caller_options_;
  Listener listener_;
  std::unique_ptr<Association> caller_;
  KeepingOutbox caller_out_;
  transport::Peer here_ = peer(4000);
  Instant now_{100s};
  Events events_;
};

TEST_F(AssociationTest, ConnectingEndAsksAtOnceAndThenEvery50Ms) {
  caller_->poll(now_, caller_out_);
  EXPECT_EQ(caller_out_.packets.size(), 1u);
  EXPECT_EQ(caller_->next_poll(), now_ + 50ms);
  caller_->poll(now_ + 50ms - 1ns, caller_out_);
  EXPECT_EQ(caller_out_.packets.size(), 1u);
  caller_->poll(now_ + 50ms, caller_out_);
  EXPECT_EQ(caller_out_.packets.size(), 2u);
  EXPECT_EQ(caller_out_.of(wire::Type::hello)[1].header.session, 0u);
}

TEST_F(AssociationTest, BothEndsMeetWithinOneExchange) {
  exchange();
  EXPECT_TRUE(both_open());
  EXPECT_EQ(events(), Events{Event::opened});
}

TEST_F(AssociationTest, AnsweredEndProvesItselfAtOnce) {
  caller_->poll(now_, caller_out_);
  listener_.receive(here_, caller_out_.packets.at(0), now_);
  caller_out_.clear();
  caller_->on_packet(listener_.out.of(wire::Type::hello).at(0), now_, caller_out_);
  ASSERT_EQ(caller_out_.packets.size(), 1u);
  EXPECT_EQ(caller_out_.of(wire::Type::hello).at(0).header.session, caller_->peer_session());
}

TEST_F(AssociationTest, ListeningEndThatComesLaterIsMetAtTheNextHello) {
  for (int i = 0; i < 20; ++i, now_ += 50ms) caller_->poll(now_, caller_out_);
  caller_out_.clear();  // nobody was there
  exchange();
  EXPECT_TRUE(both_open());
}

TEST_F(AssociationTest, NoFurtherHelloWhilePacketsCome) {
  exchange();
  for (int i = 0; i < 100; ++i, now_ += 10ms) {
    caller_->on_packet(MadePacket(wire::Type::feedback, 1001, 10, {}).get(), now_, caller_out_);
    caller_->poll(now_, caller_out_);
  }
  EXPECT_TRUE(caller_out_.of(wire::Type::hello).empty());
}

TEST_F(AssociationTest, RepeatedHelloIsAnsweredAndChangesNothing) {
  exchange();
  events();
  wait(2s);  // silent but for probes: HELLOs are said again
  EXPECT_TRUE(both_open());
  EXPECT_EQ(events(), Events{});
}

TEST_F(AssociationTest, RestartedListenerIsMetAnewAfter100MsOfSilence) {
  exchange();
  events();
  restart_listener();
  wait(200ms);
  EXPECT_EQ(events(), Events{Event::opened});
  EXPECT_TRUE(both_open());
}

TEST_F(AssociationTest, RestartedCallerIsAdmittedUnderItsNewNumber) {
  exchange();
  const uint32_t before = listener_.session->own_session();
  restart_caller(1002);
  exchange();
  EXPECT_TRUE(both_open());
  EXPECT_NE(listener_.session->own_session(), before);
  EXPECT_EQ(listener_.session->peer().session, 1002u);
}

TEST_F(AssociationTest, AnswerToSomebodyElseIsLeftAlone) {
  const Datagram body = body_of(hello_of(wire::Role::receiver, 55, 999));
  const MadePacket answer(wire::Type::hello, 1001, 1, body);
  EXPECT_EQ(caller_->on_packet(answer.get(), now_, caller_out_), Event::none);
  EXPECT_FALSE(caller_->is_open());
}

TEST_F(AssociationTest, PacketsThatBreakTheirFormatAreRefused) {
  exchange();
  for (const auto type : {wire::Type::hello, wire::Type::clock, wire::Type::close}) {
    const MadePacket broken(type, 1001, 9, as_bytes("?"));
    EXPECT_EQ(caller_->on_packet(broken.get(), now_, caller_out_), Event::refused);
  }
  EXPECT_TRUE(both_open());
}

TEST_F(AssociationTest, TwoEndsOfTheSameRoleAreToldSo) {
  listener_ = Listener(wire::Role::sender);
  exchange();
  EXPECT_EQ(events(), Events{Event::closed});
  EXPECT_EQ(caller_->close_reason(), wire::CloseReason::same_role);
  EXPECT_FALSE(caller_->is_open());
}

TEST_F(AssociationTest, AfterAGoodByeItAsksAgainSoonAndAfterARefusalLater) {
  for (const auto& [reason, pause] :
       {std::pair{wire::CloseReason::end_of_stream, 50ms}, std::pair{wire::CloseReason::leaving, 50ms},
        std::pair{wire::CloseReason::busy, 500ms}, std::pair{wire::CloseReason::too_slow, 500ms}}) {
    restart_caller(caller_->own_session() + 1);
    exchange();
    listener_.session->close(reason, listener_.out);
    for (const auto& d : std::exchange(listener_.out.packets, {}))
      EXPECT_EQ(caller_->on_packet(wire::parse_packet(d).packet.value(), now_, caller_out_), Event::closed);
    EXPECT_EQ(caller_->close_reason(), reason);
    EXPECT_FALSE(caller_->is_open());
    EXPECT_EQ(caller_->next_poll(), now_ + pause);
  }
}

TEST_F(AssociationTest, ReopensAfterAGoodBye) {
  exchange();
  listener_.session->close(wire::CloseReason::leaving, listener_.out);
  exchange();
  restart_listener();
  wait(100ms);
  EXPECT_EQ(events(), (Events{Event::opened, Event::closed, Event::opened}));
  EXPECT_FALSE(caller_->close_reason());
  EXPECT_TRUE(both_open());
}

TEST_F(AssociationTest, LostEndIsOpenedAnewWhenItIsHeardAgain) {
  exchange();
  events();
  caller_->lose();
  EXPECT_FALSE(caller_->is_open());
  wait(200ms);
  EXPECT_EQ(events(), Events{Event::opened});
}

TEST_F(AssociationTest, ProbesEightTimesAtFirstAndThenOnceASecond) {
  const auto probes = [&](Duration d) {
    size_t count = 0;
    for (const Instant until = now_ + d; now_ < until; now_ += 1ms) {
      caller_->on_packet(MadePacket(wire::Type::feedback, 1001, 9, {}).get(), now_, caller_out_);
      caller_->poll(now_, caller_out_);
      count += caller_out_.of(wire::Type::clock).size();
      caller_out_.clear();
    }
    return count;
  };
  exchange();  // the first
  EXPECT_EQ(probes(160ms), 7u);
  EXPECT_EQ(probes(5s), 5u);
}

TEST_F(AssociationTest, KnowsTheOffsetAndTheRoundTripAfterTheFirstProbe) {
  exchange();
  ASSERT_TRUE(caller_->clock().rtt());
  EXPECT_EQ(*caller_->clock().rtt(), 0ns);
  ASSERT_TRUE(caller_->clock().estimate());
}

TEST_F(AssociationTest, KnowsWhichOfItsQuestionsWasAnsweredLast) {
  exchange();
  EXPECT_EQ(caller_->last_answered(), now_);
  const Instant met_at = now_;
  now_ += 500ms;
  caller_->ask(now_);
  EXPECT_EQ(caller_->last_answered(), met_at);
  exchange();
  EXPECT_EQ(caller_->last_answered(), now_);
}

TEST_F(AssociationTest, AnswerToAQuestionThatWasNeverAskedCountsForNothing) {
  exchange();
  const Instant answered = caller_->last_answered();
  for (const int64_t asked : {INT64_MAX, INT64_MIN, to_us(now_ + 1s), int64_t{0}}) {
    const auto body = body_of(wire::Clock{true, asked, 0, 0});
    caller_->on_packet(MadePacket(wire::Type::clock, 1001, 50, body).get(), now_, caller_out_);
    EXPECT_EQ(caller_->last_answered(), answered);
  }
}

TEST_F(AssociationTest, AfterAPauseBothAreAskedAtOnce) {
  exchange();
  now_ += 5s;
  caller_->on_packet(MadePacket(wire::Type::feedback, 1001, 50, {}).get(), now_, caller_out_);
  caller_->note_pause(now_);
  EXPECT_TRUE(caller_->is_catching_up(now_));
  caller_->poll(now_, caller_out_);
  ASSERT_EQ(caller_out_.of(wire::Type::hello).size(), 1u);
  EXPECT_EQ(caller_out_.of(wire::Type::hello)[0].header.session, 0u) << "it may have let us go";
  EXPECT_EQ(caller_out_.of(wire::Type::clock).size(), 1u);
  exchange();
  EXPECT_FALSE(caller_->is_catching_up(now_)) << "what comes from now on was sent after the pause";
  EXPECT_TRUE(both_open());
}

TEST_F(AssociationTest, APauseIsOverWithoutAnAnswerToo) {
  exchange();
  caller_->note_pause(now_);
  EXPECT_TRUE(caller_->is_catching_up(now_ + 299ms));
  EXPECT_FALSE(caller_->is_catching_up(now_ + 301ms));
}

TEST_F(AssociationTest, PacketNumbersRiseByOneWithoutAGap) {
  exchange();
  const uint64_t next = caller_->next_number();
  EXPECT_EQ(caller_->next_number(), next + 1);
  caller_->give_back_numbers(1);
  EXPECT_EQ(caller_->next_number(), next + 1);
}

class ReceiverCallsTest : public AssociationTest {
 protected:
  ReceiverCallsTest() : AssociationTest(wire::Role::receiver) { caller_options_.mode = Mode::every; }
};

TEST_F(ReceiverCallsTest, SenderThatListensHearsWhatTheReceiverWants) {
  restart_caller(1003);
  exchange();
  EXPECT_TRUE(both_open());
  EXPECT_EQ(listener_.session->peer().mode, Mode::every);
  EXPECT_EQ(caller_->peer().symbol_bytes, 1152u);
}

class AdmissionTest : public AssociationTest {
 protected:
  Datagram hello(uint32_t session) {
    Association caller(caller_options_, session);
    KeepingOutbox out;
    caller.poll(now_, out);
    return out.packets.at(0);
  }
};

TEST_F(AdmissionTest, UnprovenAddressGetsNoMoreBytesThanItSent) {
  for (int i = 0; i < 50; ++i) {
    listener_.receive(here_, hello(1001), now_);
    size_t answered = 0;
    for (const auto& d : listener_.out.packets) answered += d.size();
    EXPECT_LE(answered, listener_.received_bytes);
  }
  EXPECT_FALSE(listener_.session);
}

TEST_F(AdmissionTest, RefusalIsNoLongerThanTheQuestionEither) {
  listener_ = Listener(wire::Role::sender);
  listener_.receive(here_, hello(1001), now_);
  ASSERT_EQ(listener_.out.of(wire::Type::close).size(), 1u);
  EXPECT_LE(listener_.out.packets[0].size(), listener_.received_bytes);
}

TEST_F(AdmissionTest, ShortHelloDeservesNoAnswer) {
  Datagram body = body_of(hello_of(wire::Role::sender, 1001, 0));
  body.resize(47);  // all that is required, without the padding
  std::array<uint8_t, 256> buffer;
  const Bytes packet = wire::seal_control(buffer, {}, body);
  listener_.receive(here_, {packet.begin(), packet.end()}, now_);
  EXPECT_TRUE(listener_.out.packets.empty());
}

TEST_F(AdmissionTest, NumberProvesOnlyTheAddressItWasSentTo) {
  listener_.receive(here_, hello(1001), now_);
  const auto answer = wire::parse_hello(listener_.out.of(wire::Type::hello).at(0).body);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(listener_.admission.on_proof(peer(4001), answer->session));
  EXPECT_FALSE(listener_.admission.on_proof(here_, answer->session + 1));
  EXPECT_FALSE(listener_.admission.on_proof(here_, 0));
  const auto admitted = listener_.admission.on_proof(here_, answer->session);
  ASSERT_TRUE(admitted);
  EXPECT_EQ(admitted->hello.session, 1001u);
  EXPECT_FALSE(listener_.admission.on_proof(here_, answer->session)) << "it proves once";
}

TEST_F(AdmissionTest, RepeatedQuestionGetsTheSameNumber) {
  listener_.receive(here_, hello(1001), now_);
  listener_.receive(here_, hello(1001), now_);
  const auto answers = listener_.out.of(wire::Type::hello);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(wire::parse_hello(answers[0].body)->session, wire::parse_hello(answers[1].body)->session);
}

TEST_F(AdmissionTest, ConnectionThatIsNotTrustedInTimeIsToBeClosed) {
  transport::Peer silent, proven, gone;
  silent.connection = 1;
  proven.connection = 2;
  gone.connection = 3;
  for (const auto& p : {silent, proven, gone}) listener_.admission.on_connected(p, now_);
  EXPECT_EQ(listener_.admission.next_overdue(), now_ + Admission::kProveWithin);
  listener_.receive(proven, hello(1001), now_);
  const auto answer = wire::parse_hello(listener_.out.of(wire::Type::hello).at(0).body);
  ASSERT_TRUE(listener_.admission.on_proof(proven, answer->session));
  listener_.admission.on_disconnected(gone);
  now_ += Admission::kProveWithin;
  EXPECT_FALSE(listener_.admission.overdue(now_ - 1ns));
  EXPECT_EQ(listener_.admission.overdue(now_), silent);
  EXPECT_FALSE(listener_.admission.overdue(now_));
  EXPECT_EQ(listener_.admission.next_overdue(), Instant::max());
}

TEST_F(AdmissionTest, OldestUnprovenAddressGivesWay) {
  for (uint32_t i = 0; i <= Admission::kMaxPending; ++i)
    listener_.receive(peer(static_cast<uint16_t>(5000 + i)), hello(2000 + i), now_);
  const auto answers = listener_.out.of(wire::Type::hello);
  const auto number = [&](size_t i) { return wire::parse_hello(answers[i].body)->session; };
  EXPECT_FALSE(listener_.admission.on_proof(peer(5000), number(0)));
  EXPECT_TRUE(listener_.admission.on_proof(peer(5001), number(1)));
  EXPECT_TRUE(
      listener_.admission.on_proof(peer(5000 + Admission::kMaxPending), number(Admission::kMaxPending)));
}

}  // namespace
}  // namespace glimt::pipeline
