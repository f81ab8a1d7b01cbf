// One sender, as its receiver knows it: reassembly, what is reported back, clocks. Times in microseconds.
import { Refusal } from '../wire/bytes.js';
import { kMaxDeficits, kMaxFates, maxArrivals, serializeFeedback } from '../wire/feedback.js';
import type { Deficit, Feedback, FrameFate } from '../wire/feedback.js';
import { parseSkip } from '../wire/hello.js';
import { kType, parseData, parseParity } from '../wire/packet.js';
import type { Packet } from '../wire/packet.js';
import { parseBoxes } from '../wire/boxes.js';
import { ArrivalLog } from './arrival_log.js';
import type { Assembly } from './assembly.js';
import type { Association, Event } from './association.js';
import type { UnitQueue } from './queue.js';
import { Reassembler } from './reassembler.js';
import type { ReassemblerOptions } from './reassembler.js';
import { toMs } from './time.js';
import type { AccessUnit } from './unit.js';

const kReportEveryUs = 10_000;
const kAskAgainEveryUs = 1_500; // what a frame lacks, should the report be lost
const kAskForKeyEveryUs = 50_000;
const kReportRepeats = 2; // a report may be lost: its content is said three times
const kHoldUs = 300_000; // for a newer frame, after a pause of this process
const kMaxSettled = 1024;

export class Session {
  readonly counters = { packets: 0, bytes: 0, repeated: 0, refused: 0, unknown: 0 };
  reassembler: Reassembler | undefined;
  private arrivals = new ArrivalLog();
  private fates: { fate: FrameFate; firstReport: number }[] = [];
  private asked: { deficit: Deficit; firstReport: number }[] = [];
  private settled: { frame: number; handedOn: boolean }[] = [];
  private taken: number | undefined;
  private popped = 0;
  private report = 0;
  private repeatsLeft = 0;
  private lastReport = -Infinity;
  private dirty = false;
  private urgent = false;
  private keyWantedAfter: number | undefined;
  private lastEnded: number | undefined;
  private held: AccessUnit | undefined;
  private releaseAt = Infinity;

  constructor(
    readonly association: Association,
    private readonly options: Omit<ReassemblerOptions, 'limits'> & { maxFrameBytes: number },
    private readonly queue: UnitQueue,
  ) {}

  /** Once the association is open; again where the sender was restarted. */
  start(): void {
    const payloadBytes = this.association.peer!.symbolBytes - 4;
    const limits = { payloadBytes, maxUnitBytes: this.options.maxFrameBytes };
    this.reassembler = new Reassembler({ ...this.options, limits }, {
      whole: (assembly) => this.onWhole(assembly),
      fate: (fate) => this.onFate(fate),
    });
    this.arrivals = new ArrivalLog();
    this.fates = [];
    this.asked = [];
    this.settled = [];
    this.popped = this.queue.takenUnits + this.queue.waiting;
    this.report = this.repeatsLeft = 0;
    this.dirty = this.urgent = false;
    this.taken = this.keyWantedAfter = this.lastEnded = this.held = undefined;
  }

  onPacket(packet: Packet, now: number): Event {
    this.counters.packets++;
    this.counters.bytes += packet.body.length + 32;
    const event = this.refusing(() => this.association.onPacket(packet, now)) ?? 'none';
    const reassembler = this.reassembler;
    if (!reassembler || event !== 'none') return event;
    const number = Number(packet.header.number);
    if (!Number.isSafeInteger(number) || !this.arrivals.add(number, now)) {
      this.counters.repeated++;
      return event;
    }
    this.dirty = true;
    const { type, stream } = packet.header;
    if (type > kType.skip || stream !== 0) this.counters.unknown++;
    else if (type === kType.data) this.refusing(() => reassembler.pushData(parseData(packet), number, now));
    else if (type === kType.parity) this.refusing(() => reassembler.pushParity(parseParity(packet), number, now));
    else if (type === kType.skip) this.refusing(() => reassembler.skip(parseSkip(packet.body), now));
    return event;
  }

  private refusing<T>(parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.counters.refused++;
      return undefined;
    }
  }

  private onWhole(assembly: Assembly): void {
    const { descriptor, bytes } = assembly.take();
    const { codec, pixelFormat, width, height, strips, metadata, again, capturedUs } = descriptor;
    const offset = this.association.offset();
    const { frame, age16us } = assembly.header;
    const capturedAtUs = offset ? capturedUs - offset.offsetUs : assembly.firstArrival - 16 * age16us;
    const isNext = this.lastEnded === undefined || frame === (this.lastEnded + 1) >>> 0;
    this.lastEnded = frame;
    const unit: AccessUnit = {
      codec, bytes, pixelFormat, width, height, frame, strips, metadata, again, integrity: 1,
      keyFrame: assembly.isKey, discontinuity: assembly.discontinuity || !isNext,
      capturedAt: toMs(capturedAtUs), arrivedAt: toMs(assembly.lastArrival), boxes: parseBoxes(metadata),
      clock: offset && { offsetMs: offset.offsetUs / 1000, boundMs: offset.boundUs / 1000 },
    };
    this.handOn(unit, assembly.firstArrival);
  }

  // What waited in the kernel while this process was stopped is held back: most likely a newer one is on its way.
  private handOn(unit: AccessUnit, arrived: number): void {
    if (this.held) this.queue.noteDropped();
    this.held = undefined;
    if (this.options.mode === 'latest' && unit.codec !== 'h264' && this.association.isCatchingUp(arrived)) {
      this.held = unit;
      this.releaseAt = Math.min(this.releaseAt, arrived + kHoldUs);
    } else this.queue.push(unit);
  }

  private releaseHeld(): void {
    if (this.held) this.queue.push(this.held);
    this.held = undefined;
    this.releaseAt = Infinity;
  }

  private onFate(fate: FrameFate): void {
    this.taken ??= (fate.frame - 1) >>> 0;
    this.fates.push({ fate, firstReport: this.report + 1 });
    if (this.fates.length > kMaxFates) this.fates.shift();
    this.settled.push({ frame: fate.frame, handedOn: this.lastEnded === fate.frame });
    if (this.settled.length > kMaxSettled) this.settled.shift();
    this.urgent = true;
  }

  /** The reader has taken units: the sender is told. */
  noteTaken(): void {
    this.dirty = true;
  }

  poll(now: number): void {
    const { association, reassembler } = this;
    association.poll(now);
    if (!reassembler || !association.isOpen) return;
    const clock = association.clock.estimate();
    if (clock) reassembler.rttUs = clock.rttUs;
    reassembler.expire(now);
    if (now >= this.releaseAt) this.releaseHeld();
    this.takeDeficits(reassembler);
    const before = this.keyWantedAfter;
    this.keyWantedAfter = reassembler.keyWantedAfter(this.queue.wantsKey);
    const asksForKey = before === undefined && this.keyWantedAfter !== undefined;
    if (this.urgent || asksForKey || now >= this.nextReport) this.sendReport(reassembler, now);
  }

  private takeDeficits(reassembler: Reassembler): void {
    for (const deficit of reassembler.deficits.splice(0)) {
      this.asked.push({ deficit, firstReport: this.report + 1 });
      this.urgent = true;
    }
    // Said until the answer comes: a burst of loss on the way back may take many reports.
    this.asked = this.asked.filter(({ deficit, firstReport }) =>
      firstReport + kReportRepeats >= this.report + 1 || reassembler.awaits(deficit));
    if (this.asked.length > kMaxDeficits) this.asked.splice(0, this.asked.length - kMaxDeficits);
  }

  private get nextReport(): number {
    const every = this.asked.length > 0 ? kAskAgainEveryUs : kReportEveryUs;
    const regular = this.dirty || this.repeatsLeft > 0 || this.asked.length > 0 ? this.lastReport + every : Infinity;
    return this.keyWantedAfter === undefined ? regular : Math.min(regular, this.lastReport + kAskForKeyEveryUs);
  }

  // The newest frame up to which everything was taken by the reader or given up.
  private takenFrame(): number {
    const takenUnits = this.queue.takenUnits;
    while (this.settled.length > 0) {
      const { frame, handedOn } = this.settled[0]!;
      if (handedOn && this.popped >= takenUnits) break;
      if (handedOn) this.popped++;
      this.settled.shift();
      // The fate of an overtaken frame comes after that of a newer one.
      if (((frame - this.taken!) | 0) > 0) this.taken = frame;
    }
    return this.taken ?? 0;
  }

  private sendReport(reassembler: Reassembler, now: number): void {
    this.repeatsLeft = this.dirty || this.urgent ? kReportRepeats : Math.max(0, this.repeatsLeft - 1);
    this.dirty = this.urgent = false;
    this.lastReport = now;
    this.report++;
    const deficits = this.asked.map(({ deficit }) => deficit);
    const arrivals = this.arrivals.report(now, reassembler.window(now), maxArrivals(deficits.length));
    const feedback: Feedback = {
      report: this.report, sentAtUs: Number(BigInt.asUintN(32, BigInt(Math.floor(now)))),
      highestNumber: BigInt(this.arrivals.highest), packets: this.arrivals.received >>> 0, kernelDrops: 0,
      taken: this.takenFrame(), decodeQueue16us: Math.min(Math.floor(this.queue.oldestWaitUs(now) / 16), 0xffff),
      fates: this.fates.filter(({ firstReport }) => firstReport + kReportRepeats >= this.report).map(({ fate }) => fate),
      deficits, ...(this.options.reliable ? {} : { arrivals }),
      ...(this.keyWantedAfter === undefined ? {} : { keyWantedAfter: this.keyWantedAfter }),
    };
    this.association.send(kType.feedback, serializeFeedback(feedback));
  }

  get nextPoll(): number {
    const association = this.association.nextPoll;
    if (!this.reassembler || !this.association.isOpen) return association;
    return Math.min(association, this.reassembler.nextDeadline, this.releaseAt, this.nextReport);
  }
}
