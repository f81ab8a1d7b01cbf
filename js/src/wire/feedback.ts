// FEEDBACK: what a receiver tells its sender: fates, arrivals, deficits, a key frame that is wanted.
import { ByteReader, ByteWriter, Refusal } from './bytes.js';

export const kFate = { complete: 1, late: 2, failed: 3 } as const;
export interface FrameFate {
  frame: number;
  fate: number;
  spread16us: number;
}

/** Packets from `first` on, in units of 16 us before the report; kLost where one did not come. */
export interface Arrivals {
  first: bigint;
  before16us: number[];
}
export const kLost = 0xffff;

/** A block that cannot be whole from what came and may still come, or a frame of which nothing came. */
export interface Deficit {
  frame: number;
  block: number;
  have: number;
  round: number;
  lastRound: boolean;
  everyBlock: boolean;
}

export interface Feedback {
  report: number;
  sentAtUs: number;
  highestNumber: bigint;
  packets: number;
  kernelDrops: number;
  taken: number;
  decodeQueue16us: number;
  fates: FrameFate[];
  arrivals?: Arrivals;
  deficits: Deficit[];
  keyWantedAfter?: number;
}

export const kMaxFates = 24;
export const kMaxDeficits = 64;
export const kMaxRound = 63;
export const maxArrivals = (deficits: number) => 384 - 4 * deficits;
const kMaxFeedbackBytes = 32 + 4 + kMaxFates * 7 + 4 + 10 + 384 * 2 + 4 + kMaxDeficits * 7 + 4 + 4;

export function serializeFeedback(f: Feedback): Uint8Array {
  const out = new ByteWriter(kMaxFeedbackBytes);
  const section = (type: number, length: number) => out.u8(type).u8(0).u16(length);
  out.u32(f.report).u32(f.sentAtUs).u64(f.highestNumber).u32(f.packets).u32(f.kernelDrops);
  out.u32(f.taken).u16(f.decodeQueue16us).u16(0);
  if (f.fates.length) section(1, f.fates.length * 7);
  for (const fate of f.fates) out.u32(fate.frame).u8(fate.fate).u16(fate.spread16us);
  if (f.arrivals?.before16us.length) {
    section(2, 10 + f.arrivals.before16us.length * 2).u64(f.arrivals.first).u16(f.arrivals.before16us.length);
    for (const before of f.arrivals.before16us) out.u16(before);
  }
  if (f.deficits.length) section(3, f.deficits.length * 7);
  for (const d of f.deficits) {
    out.u32(d.frame).u8(d.block).u8(d.have).u8(d.round | (d.lastRound ? 64 : 0) | (d.everyBlock ? 128 : 0));
  }
  if (f.keyWantedAfter !== undefined) section(4, 4).u32(f.keyWantedAfter);
  return out.written;
}

function parseFates(reader: ByteReader, f: Feedback): void {
  while (reader.left > 0) {
    const fate = { frame: reader.u32(), fate: reader.u8(), spread16us: reader.u16() };
    if (fate.fate < 1 || fate.fate > 3 || f.fates.push(fate) > kMaxFates) throw new Refusal('fates that cannot be');
  }
}

function parseDeficits(reader: ByteReader, f: Feedback): void {
  while (reader.left > 0) {
    const [frame, block, have, round] = [reader.u32(), reader.u8(), reader.u8(), reader.u8()];
    const d = { frame, block, have, round: round & 63, lastRound: (round & 64) !== 0, everyBlock: (round & 128) !== 0 };
    const possible = d.round > 0 && !(d.everyBlock && (block > 0 || have > 0));
    if (!possible || f.deficits.push(d) > kMaxDeficits) throw new Refusal('deficits that cannot be');
  }
}

function parseArrivals(reader: ByteReader): Arrivals {
  const [first, count] = [reader.u64(), reader.u16()];
  if (count > 384 || reader.left !== count * 2 || first > 2n ** 64n - 1n - BigInt(count)) {
    throw new Refusal('arrivals that cannot be');
  }
  return { first, before16us: Array.from({ length: count }, () => reader.u16()) };
}

export function parseFeedback(body: Uint8Array): Feedback {
  const reader = new ByteReader(body);
  const f: Feedback = {
    report: reader.u32(), sentAtUs: reader.u32(), highestNumber: reader.u64(), packets: reader.u32(),
    kernelDrops: reader.u32(), taken: reader.u32(), decodeQueue16us: reader.u16(), fates: [], deficits: [],
  };
  reader.u16();
  while (reader.left > 0) {
    const type = reader.u8();
    reader.u8();
    const value = new ByteReader(reader.take(reader.u16()));
    if (type === 1) parseFates(value, f);
    else if (type === 2) f.arrivals = parseArrivals(value);
    else if (type === 3) parseDeficits(value, f);
    else if (type === 4) {
      f.keyWantedAfter = value.u32();
      if (value.left > 0) throw new Refusal('a wish that is too long');
    }
  }
  return f;
}
