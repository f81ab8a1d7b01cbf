// Packets of the native wire, version 4: header, checksum, DATA and PARITY. docs/wire-format.md is the specification.
import { ByteReader, ByteWriter, Refusal } from './bytes.js';
import { crc32c } from './crc32c.js';

export const kType = { hello: 1, data: 2, parity: 3, feedback: 4, clock: 5, close: 6, skip: 7, frames: 8 } as const;
export const kHeaderBytes = 16;
export const kDataHeaderBytes = 32;
export const kTagBytes = 16;
export const kMaxPacketBytes = 32_816;
export const kMaxBlockSymbols = 128;
const kVersion = 4;

export interface Header {
  type: number;
  epoch: number;
  stream: number;
  session: number;
  number: bigint;
}

/** A packet whose checksum holds; `body` is a view of what stands between header and tag. */
export interface Packet {
  header: Header;
  body: Uint8Array;
}

export interface DataHeader {
  frame: number;
  capturedUs: number; // low 32 bits
  index: number;
  block: number;
  blocks: number;
  k: number;
  m: number;
  strips: number;
  age16us: number;
}

export const kFlag = { stripStart: 1, stripEnd: 2, frameEnd: 4, keyFrame: 8, discontinuity: 16 } as const;

/** The symbol of a DATA packet, without its two bytes of length. */
export interface Symbol {
  strip: number;
  flags: number;
  payload: Uint8Array;
}

export type DataPacket = DataHeader & Symbol;
export type ParityPacket = DataHeader & { row: number; symbol: Uint8Array };

const headersOf = (type: number) => (type === kType.data || type === kType.parity ? kDataHeaderBytes : kHeaderBytes);

function checksum(bytes: Uint8Array, headers: number, end: number): number {
  return crc32c(bytes, 0, headers, crc32c(bytes, headers, end));
}

export function parsePacket(bytes: Uint8Array): Packet {
  if (bytes.length < kHeaderBytes + kTagBytes) throw new Refusal('too short');
  if (bytes.length > kMaxPacketBytes) throw new Refusal('too long');
  const reader = new ByteReader(bytes);
  if (reader.u8() !== kVersion) throw new Refusal('unknown version');
  const header: Header = {
    type: reader.u8(), epoch: reader.u8(), stream: reader.u8(), session: reader.u32(), number: reader.u64(),
  };
  const headers = headersOf(header.type);
  const end = bytes.length - kTagBytes;
  if (end < headers) throw new Refusal('too short');
  const body = reader.take(end - kHeaderBytes);
  if (reader.u32() !== checksum(bytes, headers, end)) throw new Refusal('wrong checksum');
  if (reader.rest().some((byte) => byte !== 0)) throw new Refusal('wrong checksum');
  if (header.epoch !== 0) throw new Refusal('unknown key epoch');
  return { header, body };
}

export function sealPacket(header: Header, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const end = kHeaderBytes + body.length;
  const out = new ByteWriter(end + kTagBytes).u8(kVersion).u8(header.type).u8(header.epoch).u8(header.stream);
  out.u32(header.session).u64(header.number).put(body);
  out.u32(checksum(out.bytes, headersOf(header.type), end));
  return out.bytes;
}

function parseDataHeader(reader: ByteReader): DataHeader {
  const header = {
    frame: reader.u32(), capturedUs: reader.u32(), index: reader.u8(), block: reader.u8(), blocks: reader.u8(),
    k: reader.u8(), m: reader.u8(), strips: reader.u8(), age16us: reader.u16(),
  };
  if (header.blocks === 0 || header.strips === 0 || header.k > kMaxBlockSymbols || header.m > 128) {
    throw new Refusal('contradicting fields');
  }
  return header;
}

/** A symbol as it stands in a packet, or filled up with zeros as parity gives it back. */
export function parseSymbol(reader: ByteReader, strips: number): Symbol {
  const length = reader.u16();
  const [strip, flags] = [reader.u8(), reader.u8()];
  const known = (flags & ~31) === 0 && (!(flags & kFlag.frameEnd) || (flags & kFlag.stripEnd) !== 0);
  if (strip >= strips || !known) throw new Refusal('contradicting fields');
  return { strip, flags, payload: reader.take(length) };
}

export function parseData(packet: Packet): DataPacket {
  const reader = new ByteReader(packet.body);
  const data = { ...parseDataHeader(reader) };
  const symbol = parseSymbol(reader, data.strips);
  if (reader.left > 0) throw new Refusal('too long');
  if (data.index >= kMaxBlockSymbols || (data.k > 0 && data.index >= data.k)) throw new Refusal('contradicting fields');
  return { ...data, ...symbol };
}

export function parseParity(packet: Packet): ParityPacket {
  const reader = new ByteReader(packet.body);
  const data = parseDataHeader(reader);
  const row = 255 - data.index;
  if (reader.left < 4) throw new Refusal('too short');
  if (data.k === 0 || row >= data.m) throw new Refusal('contradicting fields');
  return { ...data, row, symbol: reader.rest() };
}

function writeDataHeader(out: ByteWriter, data: DataHeader): void {
  out.u32(data.frame).u32(data.capturedUs).u8(data.index).u8(data.block).u8(data.blocks);
  out.u8(data.k).u8(data.m).u8(data.strips).u16(data.age16us);
}

export function serializeData(data: DataPacket): Uint8Array {
  const out = new ByteWriter(20 + data.payload.length);
  writeDataHeader(out, data);
  return out.u16(data.payload.length).u8(data.strip).u8(data.flags).put(data.payload).bytes;
}

export function serializeParity(parity: Omit<ParityPacket, 'index'>): Uint8Array {
  const out = new ByteWriter(16 + parity.symbol.length);
  writeDataHeader(out, { ...parity, index: 255 - parity.row });
  return out.put(parity.symbol).bytes;
}

// Symbols are interleaved over blocks, in groups of 128 symbols a block.
export function symbolOf(block: number, index: number, blocks: number): number {
  const group = Math.floor(block / blocks);
  return group * blocks * kMaxBlockSymbols + index * blocks + (block % blocks);
}

/** How many of a frame's symbols are in one of its blocks. */
export function blockSymbols(symbols: number, block: number, blocks: number): number {
  const groupSize = blocks * kMaxBlockSymbols;
  const inGroup = Math.min(symbols - Math.floor(block / blocks) * groupSize, groupSize);
  const column = block % blocks;
  return inGroup > column ? Math.floor((inGroup - column - 1) / blocks) + 1 : 0;
}

export function usedBlocks(symbols: number, blocks: number): number {
  const groupSize = blocks * kMaxBlockSymbols;
  return Math.floor(symbols / groupSize) * blocks + Math.min(symbols % groupSize, blocks);
}
