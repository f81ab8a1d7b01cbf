// The symbols of one frame on their way to becoming an access unit. Every symbol but a strip's last is full, so symbol n lies at
// n * payloadBytes. What parity gives back enters as if it had arrived.
// Memory: the frame's bytes, at most maxUnitBytes, taken as symbols come; parity rows, no more than symbols are missing.
import { ByteReader, ByteWriter, Refusal } from '../wire/bytes.js';
import { splitDescriptor } from '../wire/descriptor.js';
import type { Descriptor, PixelFormat } from '../wire/descriptor.js';
import { kFlag, parseSymbol, symbolOf } from '../wire/packet.js';
import type { DataHeader, DataPacket, ParityPacket } from '../wire/packet.js';
import { FecDecoder } from './fec_decoder.js';
import type { Outcome } from './fec_decoder.js';

export interface Limits {
  payloadBytes: number;
  maxUnitBytes: number; // encoded, and of the pixels that the descriptor announces
}

interface Place {
  length: number;
  strip: number;
  flags: number;
}

interface StripState {
  symbols: number;
  lowest: number;
  highest: number;
  start: number;
  end: number;
  lastLength: number;
  done: boolean;
}

const kBytesPerPixel: Record<PixelFormat, number> = {
  gray8: 1, bgr24: 3, bgra32: 4, i420: 1.5, gray16: 2, bgr48: 6, bgra64: 8, grayf32: 4, bgrf32: 12, bgraf32: 16,
};
const kMaxSide = 65_500;

function pixelBytes({ pixelFormat, width, height }: Descriptor): number {
  if (pixelFormat === 'i420') return width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
  return width * height * kBytesPerPixel[pixelFormat];
}

export class Assembly {
  readonly fec: FecDecoder;
  private buffer: Uint8Array<ArrayBuffer>;
  private readonly places: (Place | undefined)[] = [];
  private readonly strips: StripState[];
  private extent = 0;
  private total: number | undefined;
  private stripsDone = 0;
  private key: boolean | undefined;
  private read: { descriptor: Descriptor; bytes: number } | undefined;
  discontinuity = false;
  isMalformed = false;
  recovered = 0;
  lastArrival: number;

  constructor(readonly header: DataHeader, readonly firstArrival: number, expectedBytes: number, private readonly limits: Limits) {
    this.buffer = new Uint8Array(Math.min(expectedBytes, limits.maxUnitBytes));
    this.fec = new FecDecoder(header.blocks, limits.payloadBytes + 4);
    this.lastArrival = firstArrival;
    this.strips = Array.from({ length: header.strips }, () => (
      { symbols: 0, lowest: Infinity, highest: -1, start: -1, end: -1, lastLength: 0, done: false }));
  }

  get isKey(): boolean {
    return this.key === true;
  }
  get isDelta(): boolean {
    return this.key === false;
  }
  get heldBytes(): number {
    return this.extent * this.limits.payloadBytes + this.fec.heldBytes;
  }
  get isWhole(): boolean {
    return !this.isMalformed && !!this.read && this.stripsDone === this.strips.length && this.total === this.extent;
  }

  addData(packet: DataPacket, now: number): Outcome {
    const outcome = this.addSymbol(packet, now);
    if (outcome === 'added') this.solve(packet.block, now);
    return outcome;
  }

  addParity(packet: ParityPacket, now: number): Outcome {
    const last = symbolOf(packet.block, packet.k - 1, this.header.blocks);
    const possible = this.agrees(packet) && this.fits(last) && (this.total === undefined || last < this.total);
    if (this.isMalformed || !possible) return 'refused';
    const outcome = this.fec.add(packet);
    if (outcome !== 'added') return outcome;
    this.lastArrival = now;
    this.solve(packet.block, now);
    return 'added';
  }

  private agrees(d: DataHeader): boolean {
    const h = this.header;
    return d.blocks === h.blocks && d.strips === h.strips && d.capturedUs === h.capturedUs;
  }

  private fits(symbol: number): boolean {
    return symbol * this.limits.payloadBytes <= this.limits.maxUnitBytes;
  }

  private consistent(packet: DataPacket, symbol: number): boolean {
    const { flags, payload } = packet;
    const isKey = (flags & kFlag.keyFrame) !== 0;
    if (!this.agrees(packet) || (this.key !== undefined && this.key !== isKey) || !this.fec.agrees(packet)) return false;
    const isEnd = (flags & kFlag.stripEnd) !== 0;
    const full = this.limits.payloadBytes;
    if (payload.length > full || (!isEnd && payload.length < full) || !this.fits(symbol)) return false;
    if (this.total !== undefined && symbol >= this.total) return false;
    if (flags & kFlag.frameEnd) {
      const isLast = packet.strip + 1 === packet.strips && symbol + 1 >= this.extent;
      if (!isLast || (this.total !== undefined && this.total !== symbol + 1)) return false;
    }
    const strip = this.strips[packet.strip]!;
    const twoStarts = (flags & kFlag.stripStart) !== 0 && strip.start >= 0 && strip.start !== symbol;
    const twoEnds = isEnd && strip.end >= 0 && strip.end !== symbol;
    return !strip.done && !twoStarts && !twoEnds;
  }

  private addSymbol(packet: DataPacket, now: number): Outcome {
    const symbol = symbolOf(packet.block, packet.index, packet.blocks);
    if (this.places[symbol]) return 'repeated';
    if (this.isMalformed || !this.consistent(packet, symbol)) return 'refused';
    const { strip: index, flags, payload } = packet;
    while (this.places.length < symbol) this.places.push(undefined);
    this.places[symbol] = { length: payload.length, strip: index, flags };
    this.fec.noteData(packet);
    this.key = (flags & kFlag.keyFrame) !== 0;
    if (flags & kFlag.discontinuity) this.discontinuity = true;
    this.lastArrival = now;
    this.place(payload, symbol);
    const strip = this.strips[index]!;
    strip.symbols++;
    strip.lowest = Math.min(strip.lowest, symbol);
    strip.highest = Math.max(strip.highest, symbol);
    if (flags & kFlag.stripStart) strip.start = symbol;
    if (flags & kFlag.stripEnd) {
      strip.end = symbol;
      strip.lastLength = payload.length;
    }
    if (flags & kFlag.frameEnd) {
      this.total = symbol + 1;
      this.fec.setTotal(this.total);
    }
    if (strip.start >= 0 && strip.end >= 0 && strip.symbols === strip.end - strip.start + 1) this.finishStrip(index);
    return 'added';
  }

  private place(payload: Uint8Array, symbol: number): void {
    const offset = symbol * this.limits.payloadBytes;
    const needed = offset + payload.length;
    if (needed > this.buffer.length) {
      const larger = new Uint8Array(Math.max(needed, Math.min(this.buffer.length * 2, this.limits.maxUnitBytes)));
      larger.set(this.buffer);
      this.buffer = larger;
    }
    this.buffer.set(payload, offset);
    this.extent = Math.max(this.extent, symbol + 1);
  }

  // Strips must follow each other without a gap, or what is between them would be bytes that never came.
  private finishStrip(index: number): void {
    const strip = this.strips[index]!;
    const follows = (before: StripState | undefined, after: StripState | undefined) =>
      !before || !after || before.end < 0 || after.start < 0 || before.end + 1 === after.start;
    const ownRange = strip.lowest === strip.start && strip.highest === strip.end;
    const between = follows(this.strips[index - 1], strip) && follows(strip, this.strips[index + 1]);
    if (!ownRange || !between || (index === 0 && strip.start !== 0)) {
      this.isMalformed = true;
      return;
    }
    strip.done = true;
    this.stripsDone++;
    if (index === 0) this.readDescriptor(this.stripBytes(strip));
  }

  private stripBytes(strip: StripState): Uint8Array<ArrayBuffer> {
    const { payloadBytes } = this.limits;
    return this.buffer.subarray(strip.start * payloadBytes, strip.end * payloadBytes + strip.lastLength);
  }

  private readDescriptor(head: Uint8Array): void {
    try {
      const { descriptor, unit } = splitDescriptor(head);
      const low = Number(BigInt.asUintN(32, BigInt(descriptor.capturedUs)));
      const sane = Math.max(descriptor.width, descriptor.height) <= kMaxSide && pixelBytes(descriptor) <= this.limits.maxUnitBytes;
      if (descriptor.strips !== this.header.strips || low !== this.header.capturedUs || !sane) throw new Refusal('');
      this.read = { descriptor, bytes: head.length - unit.length };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.isMalformed = true;
    }
  }

  private solve(block: number, now: number): void {
    if (!this.fec.block(block)?.isSolvable) return;
    const { blocks } = this.header;
    this.fec.solve(
      block,
      (index) => this.symbolBytes(symbolOf(block, index, blocks)),
      (index, symbol) => this.recover(block, index, symbol, now),
    );
  }

  private symbolBytes(symbol: number): Uint8Array {
    const { length, strip, flags } = this.places[symbol]!;
    const offset = symbol * this.limits.payloadBytes;
    const out = new ByteWriter(4 + length).u16(length).u8(strip).u8(flags);
    return out.put(this.buffer.subarray(offset, offset + length)).bytes;
  }

  // False where the symbol is none: then its parity was of something else.
  private recover(block: number, index: number, bytes: Uint8Array, now: number): boolean {
    try {
      const reader = new ByteReader(bytes);
      const symbol = parseSymbol(reader, this.header.strips);
      if (reader.rest().some((byte) => byte !== 0)) return false;
      const { k, m } = this.fec.block(block)!;
      if (this.addSymbol({ ...this.header, block, index, k, m, ...symbol }, now) !== 'added') return false;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
    this.recovered++;
    return true;
  }

  /** Of a whole frame: one run of bytes, without the gaps behind each strip's last symbol. */
  take(): { descriptor: Descriptor; bytes: Uint8Array<ArrayBuffer> } {
    const { descriptor, bytes: skipped } = this.read!;
    const parts = this.strips.map((strip) => this.stripBytes(strip));
    parts[0] = parts[0]!.subarray(skipped);
    const metadata = descriptor.metadata.slice();
    if (parts.length === 1) return { descriptor: { ...descriptor, metadata }, bytes: parts[0] };
    const out = new ByteWriter(parts.reduce((sum, part) => sum + part.length, 0));
    for (const part of parts) out.put(part);
    return { descriptor: { ...descriptor, metadata }, bytes: out.bytes };
  }

  /** Raw pixels are as many as the descriptor says. */
  get hasItsBytes(): boolean {
    const { descriptor, bytes } = this.read!;
    return descriptor.codec !== 'raw' || this.stripBytes(this.strips[0]!).length - bytes === pixelBytes(descriptor);
  }
}
