// The native wire at a receiver: admission, one sender at a time, who is there and who has gone. docs/wire-format.md, "Who is there".
import { randomBytes } from 'node:crypto';
import { Refusal } from '../wire/bytes.js';
import { closeText, kClose, kHelloBodyBytes, parseHello, serializeClose } from '../wire/hello.js';
import type { Hello } from '../wire/hello.js';
import { kType, parsePacket, sealPacket } from '../wire/packet.js';
import type { Packet } from '../wire/packet.js';
import type { Address } from './address.js';
import { Association, makeHello } from './association.js';
import type { AssociationOptions } from './association.js';
import type { Endpoint, EndpointEvents } from './endpoint.js';
import type { UnitQueue } from './queue.js';
import { Session } from './session.js';
import { TcpTransport } from './tcp.js';
import { clockId, nowUs } from './time.js';
import type { Peer, Transport } from './transport.js';
import { UdpTransport } from './udp.js';

const kGoneAfterUs = 3_000_000;
const kGiveUpAfterUs = 1_000_000;
const kRerouteAfterUs = 200_000;
const kProveWithinUs = 3_000_000;
const kLookUpEveryUs = 50_000;
const kPausedUs = 300_000;
const kAnswerWithinUs = 40_000;
const kAskAgainAfterUs = 400_000;
const kMaxPending = 256;

function randomSession(): number {
  for (;;) {
    const number = randomBytes(4).readUInt32LE();
    if (number !== 0) return number;
  }
}

export class NativeEndpoint implements Endpoint {
  private readonly transport: Transport;
  private readonly options: AssociationOptions;
  private readonly pending: { peer: Peer; own: number; hello: Hello }[] = []; // asked, and have not proven that they hear us
  private readonly unproven = new Map<Peer, number>(); // connections without a session, and until when
  private current: { peer: Peer; session: Session } | undefined;
  private incumbentAsked = -Infinity;
  private connectedAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private looksUpAt = Infinity;
  private closed = false;
  private readonly former: Record<string, number> = {};
  private readonly counters = { sessions: 0, refused: 0, stray: 0 };

  constructor(private readonly address: Address, private readonly queue: UnitQueue, private readonly events: EndpointEvents) {
    this.options = { connects: !address.listens, mode: address.mode, latencyMs: address.latencyMs, clockId };
    const Kind = address.scheme === 'udp' ? UdpTransport : TcpTransport;
    this.transport = new Kind(address, {
      packet: (peer, bytes) => this.onDatagram(peer, bytes),
      connected: (peer) => this.onConnected(peer),
      disconnected: (peer, why) => this.onDisconnected(peer, why),
      failed: (error) => events.failed(error),
    });
    this.poll();
  }

  private onDatagram(peer: Peer, bytes: Uint8Array): void {
    if (this.closed) return;
    const now = nowUs();
    try {
      const packet = parsePacket(bytes);
      this.notePause(now);
      const isCurrent =
        this.current?.peer.key === peer.key && this.current.session.association.ownSession === packet.header.session;
      if (isCurrent) this.onSessionPacket(packet, now);
      else this.onStranger(peer, packet, now);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.counters.refused++;
    }
    this.poll();
  }

  private onStranger(peer: Peer, packet: Packet, now: number): void {
    if (this.transport.connects) {
      this.counters.stray++;
    } else if (packet.header.type === kType.hello && packet.header.session === 0) {
      this.onHello(peer, packet, parseHello(packet.body), now);
    } else {
      const at = this.pending.findIndex((p) => p.own === packet.header.session && p.peer.key === peer.key);
      if (at < 0) {
        this.counters.stray++;
        return;
      }
      const { own, hello } = this.pending.splice(at, 1)[0]!;
      this.endSession('lost', 'another sender has come');
      this.makeSession(peer, own);
      this.current!.session.association.accept(hello, now);
      this.opened();
      this.onSessionPacket(packet, now);
    }
  }

  private onHello(peer: Peer, packet: Packet, hello: Hello, now: number): void {
    const { current } = this;
    if (current?.peer.key === peer.key && hello.session === current.session.association.peerSession) {
      this.onSessionPacket(packet, now); // its sender asks whether we are there
      return;
    }
    if (packet.body.length < kHelloBodyBytes) return;
    if (hello.role === 'receiver') return this.refuse(peer, hello, kClose.sameRole);
    const incumbent = this.lookForIncumbent(peer, now);
    if (incumbent === 'there') return this.refuse(peer, hello, kClose.busy);
    if (incumbent === 'asked') return;
    let entry = this.pending.find((p) => p.peer.key === peer.key && p.hello.session === hello.session);
    if (!entry) {
      entry = { peer, own: randomSession(), hello };
      if (this.pending.push(entry) > kMaxPending) this.pending.shift();
    }
    this.transport.send(peer, makeHello(this.options, entry.own, hello.session, 1));
  }

  private refuse(peer: Peer, hello: Hello, reason: number): void {
    const header = { type: kType.close, epoch: 0, stream: 0, session: hello.session, number: 1n };
    this.transport.send(peer, sealPacket(header, serializeClose(reason)));
  }

  // Another sender may be the same one, restarted: whoever was there before is asked, and has its round trip and a little more.
  private lookForIncumbent(rival: Peer, now: number): 'none' | 'there' | 'asked' {
    const association = this.current?.session.association;
    if (!association?.isOpen || this.current!.peer.key === rival.key) return 'none';
    if (now - this.incumbentAsked >= kAskAgainAfterUs) {
      this.incumbentAsked = Math.floor(now);
      association.ask(now);
      return 'asked';
    }
    if (association.lastAnswered >= this.incumbentAsked) return 'there';
    const patience = kAnswerWithinUs + 2 * (association.clock.estimate()?.rttUs ?? 0);
    return now - this.incumbentAsked < patience ? 'asked' : 'none';
  }

  private onSessionPacket(packet: Packet, now: number): void {
    const { session } = this.current!;
    const event = session.onPacket(packet, now);
    if (event === 'opened') this.opened();
    if (event !== 'closed') return;
    const reason = session.association.closeReason;
    this.endSession(reason <= kClose.leaving ? 'ended' : 'lost', closeText(reason));
  }

  private opened(): void {
    this.counters.sessions++;
    this.unproven.delete(this.current!.peer);
    this.current!.session.start();
    this.events.change('connected', this.current!.peer.key);
  }

  private makeSession(peer: Peer, own: number): void {
    const association = new Association(this.options, own, (bytes) => this.transport.send(peer, bytes));
    const { mode, latencyMs, maxFrameBytes } = this.address;
    const options = { mode, latencyUs: latencyMs * 1000, maxFrameBytes, reliable: this.transport.reliable };
    this.current = { peer, session: new Session(association, options, this.queue) };
    this.incumbentAsked = -Infinity;
  }

  // Where this end connects the association lives on and goes on saying HELLO.
  private endSession(change: 'lost' | 'ended', why: string): void {
    const { current } = this;
    if (!current) return;
    const wasStarted = current.session.reassembler !== undefined;
    this.keepCounters(current.session);
    current.session.reassembler = undefined;
    current.session.association.lose();
    if (!this.transport.connects) {
      if (this.transport.reliable) this.unproven.set(current.peer, nowUs() + kProveWithinUs);
      this.current = undefined;
    }
    if (wasStarted) this.events.change(change, why);
  }

  private onConnected(peer: Peer): void {
    const now = nowUs();
    if (this.transport.connects) {
      this.endSession('lost', 'connected anew');
      this.connectedAt = now;
      this.makeSession(peer, randomSession());
      this.poll();
    } else {
      this.unproven.set(peer, now + kProveWithinUs);
      this.poll();
    }
  }

  private onDisconnected(peer: Peer, why: string): void {
    this.unproven.delete(peer);
    if (this.current?.peer !== peer) return;
    this.endSession('lost', why);
    this.unproven.delete(peer);
    if (this.transport.connects) this.current = undefined;
  }

  onTaken(): void {
    this.current?.session.noteTaken();
    this.poll();
  }

  private notePause(now: number): void {
    if (this.current && now - this.looksUpAt > kPausedUs) this.current.session.association.notePause(now);
    this.looksUpAt = Infinity;
  }

  private poll(): void {
    if (this.closed) return;
    const now = nowUs();
    this.notePause(now);
    this.current?.session.poll(now);
    this.sweep(now);
    const next = this.current ? Math.min(this.current.session.nextPoll, now + kLookUpEveryUs) : now + kLookUpEveryUs;
    this.looksUpAt = Math.max(next, now);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.poll(), Math.max(0, (next - now) / 1000));
  }

  // Gives up what is silent: the sender, a connection of ours, connections that never became a session.
  private sweep(now: number): void {
    const lastHeard = this.current?.session.association.lastHeard ?? Infinity;
    if (this.current?.session.reassembler && now - lastHeard > kGoneAfterUs) {
      this.endSession('lost', 'the sender has been silent for 3 s');
    }
    const silent = now - Math.max(lastHeard, this.connectedAt);
    if (this.transport.connects && this.current && silent > kRerouteAfterUs) this.transport.reroute();
    if (this.transport.connects && this.transport.reliable && this.current && silent > kGiveUpAfterUs) {
      const { peer } = this.current;
      this.endSession('lost', 'the connection has been silent for 1 s');
      this.current = undefined;
      this.transport.disconnect(peer);
    }
    if (this.transport.connects && !this.current) this.transport.reroute();
    for (const [peer, until] of this.unproven) {
      if (until > now) continue;
      this.unproven.delete(peer);
      this.transport.disconnect(peer);
    }
  }

  private keepCounters(session: Session): void {
    const all: Record<string, number> = { ...session.reassembler?.counters };
    for (const [name, value] of Object.entries(session.counters)) all[name] = (all[name] ?? 0) + value;
    for (const [name, value] of Object.entries(all)) this.former[name] = (this.former[name] ?? 0) + value;
    for (const name of Object.keys(session.counters)) session.counters[name as keyof Session['counters']] = 0;
  }

  stats(): Record<string, number> {
    const sum: Record<string, number> = { ...this.former };
    const add = (counters: Record<string, number> | undefined) => {
      for (const [name, value] of Object.entries(counters ?? {})) sum[name] = (sum[name] ?? 0) + value;
    };
    add(this.current?.session.counters);
    add(this.current?.session.reassembler?.counters);
    add(this.counters);
    return sum;
  }

  close(): void {
    if (this.closed) return;
    this.current?.session.association.close(kClose.leaving, this.transport.reliable ? 1 : 3);
    this.closed = true;
    clearTimeout(this.timer);
    this.transport.close();
  }
}
