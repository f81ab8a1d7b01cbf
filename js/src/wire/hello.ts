// HELLO, CLOSE and SKIP: with which two ends find and leave each other.
import { ByteReader, ByteWriter, Refusal } from './bytes.js';

export type Mode = 'latest' | 'every';
export type Role = 'sender' | 'receiver';

export interface Hello {
  session: number;
  echo: number;
  role: Role;
  mode: Mode;
  latencyMs: number;
  symbolBytes: number;
  clockId: bigint;
  agent: string;
}

export const kHelloBodyBytes = 128;
const kMaxAgentBytes = 48;

export function serializeHello(hello: Hello): Uint8Array {
  const out = new ByteWriter(kHelloBodyBytes);
  out.u8(1).u8(9).u32(hello.session).u32(hello.echo).u8(hello.role === 'sender' ? 1 : 2);
  out.u8(2).u8(5).u8(hello.mode === 'latest' ? 0 : 1).u32(hello.latencyMs);
  out.u8(3).u8(4).u32(hello.symbolBytes);
  out.u8(4).u8(8).u64(hello.clockId);
  const agent = new TextEncoder().encode(hello.agent).subarray(0, kMaxAgentBytes);
  out.u8(5).u8(agent.length).put(agent);
  out.u8(0).u8(kHelloBodyBytes - out.written.length - 1); // padding
  return out.bytes;
}

function printable(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, kMaxAgentBytes)).replace(/[^\x20-\x7e]/g, '');
}

function oneOf<T>(values: readonly (T | undefined)[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new Refusal(`a HELLO with ${index} where it cannot be`);
  return value;
}

export function parseHello(body: Uint8Array): Hello {
  const reader = new ByteReader(body);
  const hello: Hello = {
    session: 0, echo: 0, role: 'sender', mode: 'latest', latencyMs: 100, symbolBytes: 0, clockId: 0n, agent: '',
  };
  while (reader.left > 0) {
    const type = reader.u8();
    const value = new ByteReader(reader.take(reader.u8()));
    if (type === 1) {
      hello.session = value.u32();
      hello.echo = value.u32();
      hello.role = oneOf([undefined, 'sender', 'receiver'] as const, value.u8());
    } else if (type === 2) {
      hello.mode = oneOf(['latest', 'every'] as const, value.u8());
      hello.latencyMs = value.u32();
    } else if (type === 3) hello.symbolBytes = value.u32();
    else if (type === 4) hello.clockId = value.u64();
    else if (type === 5) hello.agent = printable(value.rest());
  }
  const saneSymbols = hello.role === 'receiver' || (hello.symbolBytes > 64 && hello.symbolBytes <= 32_768);
  if (hello.session === 0 || !saneSymbols || hello.latencyMs > 3_600_000) throw new Refusal('a HELLO that cannot be');
  return hello;
}

export const kClose = { endOfStream: 1, leaving: 2, sameRole: 3, busy: 4, tooSlow: 5, full: 6, cutOff: 7 } as const;
const kCloseTexts = [
  'unknown reason', 'the stream has ended', 'the other end was stopped',
  'both ends send, or both receive; run `glimt send` at the other end', 'the receiver is served by another sender',
  'this receiver asked for every frame and was more than a second behind',
  'the sender has no room for a further receiver', 'this receiver was cut off from shared frames',
];

export function closeText(reason: number): string {
  return kCloseTexts[reason] ?? kCloseTexts[0]!;
}

export function serializeClose(reason: number): Uint8Array {
  return new ByteWriter(4).u32(reason).bytes;
}

export function parseClose(body: Uint8Array): number {
  const reason = new ByteReader(body).u32();
  if (reason < 1 || reason > kClose.cutOff) throw new Refusal(`CLOSE for the reason ${reason}`);
  return reason;
}

/** Frames that the sender leaves out for this receiver. */
export interface Skip {
  first: number;
  count: number;
}
const kMaxSkip = 65_536;

export function serializeSkip(skip: Skip): Uint8Array {
  return new ByteWriter(8).u32(skip.first).u32(skip.count).bytes;
}

export function parseSkip(body: Uint8Array): Skip {
  const reader = new ByteReader(body);
  const skip = { first: reader.u32(), count: reader.u32() };
  if (skip.count === 0 || skip.count > kMaxSkip) throw new Refusal(`SKIP of ${skip.count} frames`);
  return skip;
}
