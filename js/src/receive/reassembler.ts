// Packets of one session to access units: newest first (latest) or in order (every). A frame that is no key frame follows the one
// before it or is not handed on. Only whole frames are. Reads no clock; times in microseconds.
// Memory: three times maxUnitBytes in at most 16 frames; 256 frame numbers.
import { kFate } from '../wire/feedback.js';
import type { Deficit, FrameFate } from '../wire/feedback.js';
import type { Mode, Skip } from '../wire/hello.js';
import type { DataHeader, DataPacket, ParityPacket } from '../wire/packet.js';
import { Assembly } from './assembly.js';
import type { Limits } from './assembly.js';
import { DeficitTracker } from './deficit_tracker.js';
import type { Link } from './deficit_tracker.js';
import type { Outcome } from './fec_decoder.js';
import { ArrivalTiming, FrameRhythm } from './timing.js';

export interface ReassemblerOptions {
  limits: Limits;
  mode: Mode;
  latencyUs: number;
  reliable: boolean; // nothing is lost on the way: no frame is ever overdue
}

export interface ReassemblerOutput {
  whole(assembly: Assembly): void;
  fate(fate: FrameFate): void;
}

type State = 'missing' | 'partial' | 'overtaken' | 'settled';
interface Slot {
  frame: number;
  state: State;
  deadline: number;
  assembly?: Assembly | undefined;
  deficits: DeficitTracker;
}

const kMaxAssemblies = 16;
const kMaxHeldUnits = 3;
const kMaxSlots = 256;
const kMinSilenceUs = 20_000;
const kLossRememberedUs = 10_000_000;
// Where so many packets of a later frame have come, and nothing is ever overtaken, an older one is not behind them.
const kCertainPackets = 4;
const kMaxAsked = 256;

const next = (frame: number) => (frame + 1) >>> 0;
const isOpen = (slot: Slot) => slot.state === 'missing' || slot.state === 'partial';

export class Reassembler {
  readonly counters = {
    whole: 0, lost: 0, late: 0, skipped: 0, repeated: 0, stale: 0, refused: 0, malformed: 0, unusable: 0, recovered: 0,
    asked: 0, tooLate: 0,
  };
  rttUs = 100_000;
  /** Taken by the session, each once. */
  readonly deficits: Deficit[] = [];
  private slots: Slot[] = []; // consecutive frame numbers, oldest first
  private nextFrame: number | undefined; // the one after the newest slot; empty before the first packet
  private newest = 0;
  private packetsOfNewest = 0;
  private expectedBytes = 0;
  private readonly timing = new ArrivalTiming();
  private readonly rhythm = new FrameRhythm();
  private losesUntil = -Infinity;
  private ahead: Slot | undefined; // the next frame, of which nothing has come: it may be lost whole
  private chain: number | undefined; // the newest frame that was handed on
  private dependent = false;
  private wantsKey = false;

  constructor(private readonly options: ReassemblerOptions, private readonly out: ReassemblerOutput) {}

  pushData(packet: DataPacket, number: number, now: number): void {
    this.timing.note(number, packet.frame === this.newest, now);
    const slot = this.slotFor(packet, now);
    if (!slot) this.counters.stale++;
    else this.count(slot, slot.assembly!.addData(packet, now), now, () =>
      slot.deficits.onData(slot.assembly!.fec.block(packet.block)!, this.link(now), now));
  }

  pushParity(packet: ParityPacket, number: number, now: number): void {
    this.timing.note(number, false, now); // it may be an answer: then the pause before it is a round trip
    const slot = this.slotFor(packet, now);
    if (slot) this.count(slot, slot.assembly!.addParity(packet, now), now, () => slot.deficits.onParity(this.link(now), now));
  }

  private count(slot: Slot, outcome: Outcome, now: number, noteDeficits: () => void): void {
    if (outcome === 'repeated' || outcome === 'refused') {
      this.counters[outcome]++;
      return;
    }
    noteDeficits();
    this.noteLaterFrame(slot, now);
    this.progress(slot, now);
    while (this.heldBytes() > kMaxHeldUnits * this.options.limits.maxUnitBytes && this.giveUpOne(slot));
    this.advance(now);
  }

  heldBytes(): number {
    return this.slots.reduce((sum, { assembly }) => sum + (assembly?.heldBytes ?? 0), 0);
  }

  // Empty where the frame's fate is known.
  private slotFor(data: DataHeader, now: number): Slot | undefined {
    const { frame } = data;
    const deadline = now - 16 * data.age16us + this.options.latencyUs;
    if (this.nextFrame === undefined) {
      this.nextFrame = this.newest = frame;
      this.packetsOfNewest = 0;
    }
    const ahead = (frame - this.nextFrame) | 0;
    if (ahead >= kMaxSlots) { // a long outage, or a sender that counts wildly
      this.counters.lost += ahead;
      for (const slot of this.slots) this.settle(slot, kFate.failed);
      this.slots = [];
      this.nextFrame = frame;
    }
    while (((frame - this.nextFrame) | 0) >= 0) this.append(this.nextFrame, deadline);
    const slot = this.find(frame);
    if (!slot || slot.state === 'settled') return undefined;
    return slot.assembly || this.giveAssembly(slot, data, now) ? slot : undefined;
  }

  private append(frame: number, deadline: number): void {
    if (this.slots.length === kMaxSlots) this.settle(this.slots.shift()!, kFate.failed);
    const deficits = this.ahead?.frame === frame ? this.ahead.deficits : new DeficitTracker();
    this.slots.push({ frame, state: 'missing', deadline, deficits });
    this.ahead = undefined;
    this.nextFrame = next(frame);
  }

  private giveAssembly(slot: Slot, data: DataHeader, now: number): boolean {
    if (this.slots.filter((other) => other.assembly).length >= kMaxAssemblies) {
      if (slot.state === 'overtaken' || !this.giveUpOne(slot)) return false;
    }
    if (slot.state === 'missing') slot.state = 'partial';
    slot.assembly = new Assembly(data, now, this.expectedBytes, this.options.limits);
    return true;
  }

  // What was overtaken gives way first, then the oldest.
  private giveUpOne(except: Slot): boolean {
    const others = this.slots.filter((slot) => slot.assembly && slot !== except);
    const victim = others.find((slot) => slot.state === 'overtaken') ?? others[0];
    if (victim) this.settle(victim, kFate.failed);
    return victim !== undefined;
  }

  private find(frame: number): Slot | undefined {
    const first = this.slots[0];
    return first && this.slots[(frame - first.frame) | 0];
  }

  private isInChain(slot: Slot): boolean {
    return this.chain !== undefined && slot.frame === next(this.chain);
  }
  private follows(slot: Slot): boolean {
    return slot.assembly!.isKey || this.isInChain(slot);
  }
  private mayEmit(slot: Slot): boolean {
    return slot.state === 'partial' && this.follows(slot) && (this.options.mode === 'latest' || slot === this.slots[0]);
  }
  // What it depends on will not come any more.
  private isUnusable(slot: Slot): boolean {
    if (this.follows(slot)) return false;
    const before = this.find((slot.frame - 1) >>> 0);
    return !before || before.state === 'settled' || before.state === 'overtaken';
  }

  private dropUnusable(slot: Slot): void {
    this.free(slot);
    this.counters.unusable++;
    this.out.fate({ frame: slot.frame, fate: kFate.failed, spread16us: 0 });
  }

  private progress(slot: Slot, now: number): void {
    const assembly = slot.assembly!;
    this.dependent ||= assembly.isDelta;
    if (assembly.isMalformed || (assembly.isWhole && !assembly.hasItsBytes)) {
      this.counters.malformed++;
      this.settle(slot, kFate.failed);
      return;
    }
    if (!assembly.isWhole) return;
    if (slot.state === 'overtaken') {
      this.settle(slot, kFate.late);
    } else if (this.mayEmit(slot)) {
      this.complete(slot, now);
      this.followChain(now);
    } else if (!assembly.isKey) {
      this.wantsKey = true; // an older one is missing, and most likely lost
      if (this.isUnusable(slot)) this.dropUnusable(slot);
    }
  }

  // What came whole before the frame that it depends on.
  private followChain(now: number): void {
    for (;;) {
      const slot = this.find(next(this.chain!));
      if (slot?.state !== 'partial' || !slot.assembly?.isWhole || !this.mayEmit(slot)) return;
      this.complete(slot, now);
    }
  }

  private complete(slot: Slot, now: number): void {
    const assembly = slot.assembly!;
    const spread16us = Math.min(Math.floor((now - assembly.firstArrival) / 16), 0xffff);
    this.expectedBytes = Math.floor((assembly.heldBytes * 5) / 4);
    if (assembly.recovered > 0) this.losesUntil = now + kLossRememberedUs;
    this.counters.whole++;
    this.chain = slot.frame;
    this.wantsKey = false;
    this.free(slot);
    this.out.whole(assembly);
    this.out.fate({ frame: slot.frame, fate: kFate.complete, spread16us });
    if (this.options.mode === 'latest') this.overtakeBefore(slot);
  }

  private overtakeBefore(newer: Slot): void {
    for (const slot of this.slots) {
      if (slot === newer) return;
      if (!isOpen(slot)) continue;
      if (slot.assembly?.isWhole) this.dropUnusable(slot);
      else slot.state = 'overtaken'; // watched until its deadline to tell late from lost
    }
  }

  private settle(slot: Slot, fate: number): void {
    if (slot.state === 'settled') return;
    const isNews = this.chain === undefined || ((slot.frame - this.chain) | 0) > 0;
    if (slot.state !== 'overtaken' && this.dependent && isNews) this.wantsKey = true;
    this.free(slot);
    this.counters[fate === kFate.late ? 'late' : 'lost']++;
    this.out.fate({ frame: slot.frame, fate, spread16us: 0 });
  }

  private free(slot: Slot): void {
    slot.state = 'settled';
    this.counters.recovered += slot.assembly?.recovered ?? 0;
    slot.assembly = undefined;
  }

  private silentAt(assembly: Assembly): number {
    return assembly.lastArrival + Math.max(kMinSilenceUs, this.options.latencyUs / 2);
  }

  private isOverdue(slot: Slot, now: number): boolean {
    const isOnly = this.slots.length === 1;
    if (this.options.reliable) return slot.state !== 'partial' && !isOnly;
    if (now < slot.deadline) return false;
    return !slot.assembly || !isOnly || now >= this.silentAt(slot.assembly);
  }

  private advance(now: number): void {
    for (let newFront = false; this.slots.length > 0; newFront = true) {
      const front = this.slots[0]!;
      if (newFront && front.assembly) this.progress(front, now);
      if (front.state !== 'settled' && this.isOverdue(front, now)) this.settle(front, kFate.failed);
      if (front.state !== 'settled') return;
      this.slots.shift();
    }
  }

  skip({ first, count }: Skip, now: number): void {
    if (this.nextFrame === undefined) return;
    for (let i = 0; i < count; i++) {
      const frame = (first + i) >>> 0;
      if (((frame - this.nextFrame) | 0) >= kMaxSlots) break;
      while (((frame - this.nextFrame) | 0) >= 0) this.append(this.nextFrame, now + this.options.latencyUs);
      const slot = this.find(frame);
      if (!slot || slot.state === 'settled') continue;
      this.free(slot);
      this.counters.skipped++;
    }
    this.advance(now);
  }

  /** Settles what is overdue, and judges what is missing. Call at `nextDeadline`. */
  expire(now: number): void {
    this.advance(now);
    this.judge(now);
  }

  get nextDeadline(): number {
    if (this.options.reliable) return Infinity;
    let at = this.ahead?.deficits.due ?? Infinity;
    for (const slot of this.slots) if (isOpen(slot)) at = Math.min(at, slot.deficits.due);
    const front = this.slots[0];
    if (!front) return at;
    if (!front.assembly || this.slots.length > 1) return Math.min(at, front.deadline);
    return Math.min(at, Math.max(front.deadline, this.silentAt(front.assembly)));
  }

  window(now: number): number {
    return this.timing.window(now);
  }

  /** Whether a deficit is still to be said: its answer may come and has not begun to. */
  awaits(deficit: Deficit): boolean {
    const slot = this.ahead?.frame === deficit.frame ? this.ahead : this.find(deficit.frame);
    return slot !== undefined && isOpen(slot) && slot.deficits.awaits(deficit.round);
  }

  /** Only a key frame after the one that is named helps, and none is on its way. */
  keyWantedAfter(readerWants: boolean): number | undefined {
    if (this.nextFrame === undefined || !(this.wantsKey || readerWants)) return undefined;
    if (this.slots.some((slot) => slot.state === 'partial' && slot.assembly?.isKey)) return undefined;
    return (this.nextFrame - 1) >>> 0;
  }

  private link(now: number): Link {
    const loses = now < this.losesUntil;
    return { rtt: this.rttUs, window: this.timing.window(now), silence: this.timing.silence(now), loses };
  }

  // Whoever is older and not whole has lost something, or it is on its way around others.
  private noteLaterFrame(slot: Slot, now: number): void {
    const ahead = (slot.frame - this.newest) | 0;
    if (ahead < 0) return;
    if (ahead > 0) this.packetsOfNewest = 0;
    this.newest = slot.frame;
    const first = ++this.packetsOfNewest === 1;
    if (first) this.lookAhead(slot, now);
    const certain = this.packetsOfNewest === kCertainPackets && !this.timing.reorders(now);
    if (!first && !certain) return;
    for (const older of this.slots) {
      if (older.frame === this.newest) return;
      if (isOpen(older)) older.deficits.onLaterFrame(certain, this.link(now), now);
    }
  }

  private lookAhead(newest: Slot, now: number): void {
    this.rhythm.note(newest.frame, now);
    this.ahead = undefined;
    const by = this.rhythm.nextBy;
    if (this.options.reliable || by === Infinity || next(newest.frame) !== this.nextFrame) return;
    const deficits = new DeficitTracker();
    deficits.expectBy(by + this.timing.window(now));
    this.ahead = { frame: this.nextFrame, state: 'missing', deadline: newest.deadline + this.rhythm.interval, deficits };
  }

  private judge(now: number): void {
    if (this.options.reliable) return;
    for (const slot of this.slots) {
      if (isOpen(slot) && this.judgeOne(slot, now)) this.losesUntil = now + kLossRememberedUs;
    }
    // On a way that loses nothing it is late. Elsewhere whether the sender has it at all is for that one to say.
    if (this.ahead && this.ahead.deficits.due <= now && now >= this.losesUntil) this.ahead = undefined;
    if (this.ahead) this.judgeOne(this.ahead, now);
  }

  // Whether it lacks something.
  private judgeOne(slot: Slot, now: number): boolean {
    if (slot.deficits.due > now) return false;
    const verdict = slot.deficits.judge(slot.frame, slot.assembly?.fec, slot.deadline, this.link(now), now, this.deficits);
    this.deficits.splice(0, Math.max(0, this.deficits.length - kMaxAsked));
    if (verdict !== 'nothing') this.counters[verdict]++;
    return verdict !== 'nothing';
  }
}
