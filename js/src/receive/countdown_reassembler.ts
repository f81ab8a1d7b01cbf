// Pictures of the wire `countdown`: JPEGs in datagrams, each with the number of those still to come. docs/wire-format.md, "countdown".
// Reads no clock; times in microseconds. Memory: two pictures.
import { readJpeg } from '../wire/jpeg.js';
import type { JpegLayout } from '../wire/jpeg.js';

export interface CountdownPicture {
  bytes: Uint8Array<ArrayBuffer>;
  layout: JpegLayout;
  firstAt: number;
  wholeAt: number;
}

const kFollowedForUs = 1_000_000;
const kGrantedUs = { loopback: 10_000, network: 2_000 };
const kHeldForUs = 5_000; // the true end follows a false one at once
const kTailsComeWithinUs = 1_000_000;
const kIntervals = 8;

interface InHand {
  segments: Uint8Array[];
  count: number;
  left: number;
  bytes: number;
  firstAt: number;
  newestAt: number;
}

export class CountdownReassembler {
  readonly counters = { whole: 0, lost: 0, refused: 0, stray: 0, outOfPlace: 0 };
  followed: string | undefined;
  lastHeard = -Infinity;
  private inHand: InHand | undefined;
  private held: CountdownPicture | undefined;
  private heldUntil = Infinity;
  private tailMissedAt = -Infinity;
  private begunAt = -Infinity;
  private intervals: number[] = [];

  constructor(private readonly maxBytes: number) {}

  /** The pictures that are certain now. */
  push(from: string, datagram: Uint8Array, now: number): CountdownPicture[] {
    const left = datagram[0] ?? 0;
    const segment = datagram.subarray(1);
    const begins = segment[0] === 0xff && segment[1] === 0xd8 && segment[2] === 0xff;
    if (!this.follow(from, begins, now)) {
      this.counters.stray++;
      return [];
    }
    if (left === 0 || segment.length === 0) return this.refuse();
    if (this.held && !begins && left === 1) { // one of the two ends was another picture's
      this.held = undefined;
      this.counters.lost++;
      return [];
    }
    const released = this.settled(Infinity);
    const picture = begins ? this.begin(left, segment, now) : this.goOn(from, left, segment, now);
    return picture ? [...released, picture] : released;
  }

  /** What was held for a second end, and none has come. */
  settled(now: number): CountdownPicture[] {
    if (!this.held || now < this.heldUntil) return [];
    const picture = this.held;
    this.held = undefined;
    this.counters.whole++;
    return [picture];
  }

  get nextSettled(): number {
    return this.held ? this.heldUntil : Infinity;
  }

  // Only a beginning makes a sender the followed one.
  private follow(from: string, begins: boolean, now: number): boolean {
    if (this.followed === from) return true;
    if (!begins || (this.followed !== undefined && now - this.lastHeard < kFollowedForUs)) return false;
    this.giveUp();
    this.followed = from;
    this.tailMissedAt = this.begunAt = -Infinity;
    this.intervals = [];
    return true;
  }

  private giveUp(): void {
    if (this.inHand) this.counters.lost++;
    this.inHand = undefined;
  }

  private refuse(): [] {
    this.inHand = undefined;
    this.counters.refused++;
    return [];
  }

  private begin(left: number, segment: Uint8Array, now: number): CountdownPicture | undefined {
    if (this.inHand) this.tailMissedAt = now;
    this.giveUp();
    if (this.begunAt > -Infinity) this.intervals.push(now - this.begunAt);
    if (this.intervals.length > kIntervals) this.intervals.shift();
    this.begunAt = this.lastHeard = now;
    if (Math.max(segment.length, (left - 1) * segment.length + 1) > this.maxBytes) {
      this.refuse();
      return undefined;
    }
    this.inHand = { segments: [], count: left, left: left + 1, bytes: 0, firstAt: now, newestAt: now };
    return this.append(left, segment, now);
  }

  private goOn(from: string, left: number, segment: Uint8Array, now: number): CountdownPicture | undefined {
    const { inHand } = this;
    const granted = /^(127\.|::1 |::ffff:127\.)/.test(from) ? kGrantedUs.loopback : kGrantedUs.network;
    const longestGap = this.intervals.length > 0 ? (Math.min(...this.intervals) * 3) / 4 : 0;
    const continues = inHand && left + 1 === inHand.left && now - inHand.newestAt < Math.max(granted, longestGap);
    if (continues) return this.append(left, segment, now);
    this.counters.outOfPlace++;
    if (inHand) this.tailMissedAt = left === 1 ? -Infinity : now;
    this.giveUp();
    return undefined;
  }

  // Senders cut in equal pieces: a shorter one in the middle is a torn picture.
  private append(left: number, segment: Uint8Array, now: number): CountdownPicture | undefined {
    const inHand = this.inHand!;
    const size = inHand.segments[0]?.length ?? segment.length;
    const fits = left === 1 ? segment.length <= size : segment.length === size;
    if (!fits || inHand.bytes + segment.length > this.maxBytes) {
      this.refuse();
      return undefined;
    }
    this.lastHeard = inHand.newestAt = now;
    inHand.segments.push(segment.slice());
    inHand.bytes += segment.length;
    inHand.left = left;
    return left === 1 ? this.finish(inHand, now) : undefined;
  }

  private finish({ segments, count, bytes: size, firstAt }: InHand, now: number): CountdownPicture | undefined {
    this.inHand = undefined;
    const bytes = new Uint8Array(size);
    segments.reduce((at, segment) => (bytes.set(segment, at), at + segment.length), 0);
    const layout = readJpeg(bytes);
    if (!layout) {
      this.counters.refused++;
      return undefined;
    }
    const picture = { bytes, layout, firstAt, wholeAt: now };
    // A late end of a picture that was given up fits in front of the true one.
    const inDoubt = count > 1 && now - this.tailMissedAt < kTailsComeWithinUs;
    this.tailMissedAt = -Infinity;
    if (inDoubt) {
      this.held = picture;
      this.heldUntil = now + kHeldForUs;
      return undefined;
    }
    this.counters.whole++;
    return picture;
  }
}
