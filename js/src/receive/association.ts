// One end's side of a conversation: who is there, under which number, with which clock, and whether still. Times in microseconds.
import { ByteReader, ByteWriter } from '../wire/bytes.js';
import { ClockOffset, kClockBytes, parseClock, writeClock } from '../wire/clock.js';
import type { Clock } from '../wire/clock.js';
import { kClose, parseClose, parseHello, serializeClose, serializeHello } from '../wire/hello.js';
import type { Hello, Mode } from '../wire/hello.js';
import { kType, sealPacket } from '../wire/packet.js';
import type { Packet } from '../wire/packet.js';

const kHelloEveryUs = 50_000;
const kRefusedHelloEveryUs = 500_000;
const kSilenceUs = 100_000; // then the other end is asked whether it is still there
const kCatchUpUs = 300_000;
const kProbeEveryUs = 1_000_000;
const kFirstProbesEveryUs = 20_000;
const kFirstProbes = 8;

export interface AssociationOptions {
  connects: boolean;
  mode: Mode;
  latencyMs: number;
  clockId: bigint;
}
export type Send = (bytes: Uint8Array) => void;
export type Event = 'none' | 'opened' | 'closed';

export function makeHello(options: AssociationOptions, ownSession: number, peerSession: number, number: number): Uint8Array {
  const body = serializeHello({
    session: ownSession, echo: peerSession, role: 'receiver', mode: options.mode, latencyMs: options.latencyMs,
    symbolBytes: 0, clockId: options.clockId, agent: 'glimt-js 0.1.0',
  });
  return sealPacket({ type: kType.hello, epoch: 0, stream: 0, session: peerSession, number: BigInt(number) }, body);
}

export class Association {
  peer: Hello | undefined;
  peerSession = 0;
  isOpen = false;
  closeReason = 0;
  lastHeard = -Infinity;
  lastAnswered = -Infinity; // the newest of our questions that has been answered was asked then
  clock = new ClockOffset();
  sameClock = false;
  private number = 0;
  private nextHello = 0;
  private nextProbe = 0;
  private probesSent = 0;
  private resumedAt = -Infinity;

  constructor(private readonly options: AssociationOptions, readonly ownSession: number, private readonly out: Send) {}

  /** As the answering end, once the other has proven that it hears us. */
  accept(hello: Hello, now: number): void {
    this.lastHeard = now;
    this.number = 1; // the admission's answer was the first packet
    this.onHello(hello, now);
  }

  /** Throws a Refusal where the packet breaks its format. */
  onPacket(packet: Packet, now: number): Event {
    this.lastHeard = now;
    if (packet.header.type === kType.hello) return this.onHello(parseHello(packet.body), now);
    if (packet.header.type === kType.clock) this.onClock(parseClock(new ByteReader(packet.body)), now);
    if (packet.header.type !== kType.close) return 'none';
    this.closeReason = parseClose(packet.body);
    this.isOpen = false;
    this.peerSession = 0;
    this.nextHello = now + (this.closeReason <= kClose.leaving ? kHelloEveryUs : kRefusedHelloEveryUs);
    return 'closed';
  }

  private onHello(hello: Hello, now: number): Event {
    const { connects, clockId } = this.options;
    if (hello.role === 'receiver') {
      this.closeReason = kClose.sameRole;
      this.peerSession = hello.session;
      if (!connects) this.close(kClose.sameRole);
      this.isOpen = false;
      this.nextHello = now + kRefusedHelloEveryUs;
      return 'closed';
    }
    if (connects && hello.echo !== this.ownSession) return 'none'; // an answer to somebody else, or to an earlier self
    const isNew = !this.isOpen || hello.session !== this.peerSession;
    this.peer = hello;
    this.peerSession = hello.session;
    this.isOpen = true; // before the answer, which proves us by bearing the other end's number
    if (!connects || isNew) this.sendHello(now);
    if (!isNew) return 'none';
    this.clock = new ClockOffset();
    this.sameClock = hello.clockId === clockId;
    this.probesSent = 0;
    this.nextProbe = now;
    return 'opened';
  }

  private onClock(clock: Clock, now: number): void {
    if (clock.kind === 'answer') {
      this.clock.add(clock, now);
      const took = now - clock.askedUs;
      if (took >= 0 && took < 60_000_000) this.lastAnswered = Math.max(this.lastAnswered, clock.askedUs);
      if (this.lastAnswered >= this.resumedAt) this.resumedAt = -Infinity;
    } else if (this.isOpen) {
      this.sendClock({ kind: 'answer', askedUs: clock.askedUs, receivedUs: now, answeredUs: now });
    }
  }

  poll(now: number): void {
    const silent = !this.isOpen || this.isCatchingUp(now) || now - this.lastHeard >= kSilenceUs;
    if (this.options.connects && silent && now >= this.nextHello) this.sendHello(now);
    if (!this.isOpen || now < this.nextProbe) return;
    this.sendClock({ kind: 'question', askedUs: now, receivedUs: 0, answeredUs: 0 });
    const often = ++this.probesSent < kFirstProbes || this.isCatchingUp(now);
    this.nextProbe = now + (often ? kFirstProbesEveryUs : kProbeEveryUs);
  }

  get nextPoll(): number {
    const probe = this.isOpen ? this.nextProbe : Infinity;
    if (!this.options.connects) return probe;
    return Math.min(probe, this.isOpen ? Math.max(this.nextHello, this.lastHeard + kSilenceUs) : this.nextHello);
  }

  /** Asks the other end, with the next poll, whether it is there. */
  ask(now: number): void {
    this.nextProbe = now;
  }

  /** This process did not run for a while: the other end may have let it go, and what waits in the kernel is old. */
  notePause(now: number): void {
    this.resumedAt = Math.round(now); // as it travels in the probe
    this.nextHello = now;
    this.ask(now);
  }
  isCatchingUp(now: number): boolean {
    return now - this.resumedAt < kCatchUpUs;
  }

  lose(): void {
    this.isOpen = false;
  }

  close(reason: number, repeats = 1): void {
    if (this.peerSession === 0) return;
    for (let i = 0; i < repeats; i++) this.send(kType.close, serializeClose(reason));
    this.isOpen = false;
  }

  send(type: number, body: Uint8Array): void {
    const header = { type, epoch: 0, stream: 0, session: this.peerSession, number: BigInt(++this.number) };
    this.out(sealPacket(header, body));
  }

  private sendHello(now: number): void {
    // A silent peer may have been restarted: a HELLO with session 0 is one that a newcomer understands.
    const known = this.isOpen && !this.isCatchingUp(now) && now - this.lastHeard < kSilenceUs;
    const session = known || !this.options.connects ? this.peerSession : 0;
    this.nextHello = now + kHelloEveryUs;
    this.out(makeHello(this.options, this.ownSession, session, ++this.number));
  }

  private sendClock(clock: Clock): void {
    const body = new ByteWriter(kClockBytes);
    writeClock(body, { ...clock, askedUs: Math.round(clock.askedUs) });
    this.send(kType.clock, body.bytes);
  }

  /** Their clock minus ours; empty where it is not known. */
  offset(): { offsetUs: number; boundUs: number } | undefined {
    return this.sameClock ? { offsetUs: 0, boundUs: 0 } : this.clock.estimate();
  }
}
