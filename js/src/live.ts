// What a page and a server say to each other in a WebSocket (docs/websocket.md). No sockets, no clock, nothing of Node: for the page and for workers.
import { ByteReader, ByteWriter, Refusal } from './wire/bytes.js';
import { kClockBytes, parseClock, writeClock } from './wire/clock.js';
import type { Clock } from './wire/clock.js';
import { splitDescriptor } from './wire/descriptor.js';
import type { Descriptor } from './wire/descriptor.js';

export { ClockOffset } from './wire/clock.js';
export { parseBoxes } from './wire/boxes.js';
export { Refusal } from './wire/bytes.js';
export type { Box } from './wire/boxes.js';
export type { Clock } from './wire/clock.js';
export type { Codec, Descriptor, PixelFormat } from './wire/descriptor.js';

export const kSubprotocol = 'glimt.1';

const kUnit = 1;
const kClock = 2;
const kTaken = 3;
const kKeyFrame = 1;
const kDiscontinuity = 2;

export interface Unit extends Descriptor {
  type: 'unit';
  keyFrame: boolean;
  /** Frames are missing before this one. */
  discontinuity: boolean;
  /** Share of the strips that came, 0 to 1. */
  integrity: number;
  frame: number;
  /** When it was handed to the socket, microseconds of the server's clock. */
  handedUs: number;
  /** One access unit: a JPEG, H.264 in Annex B, or pixels. A view into the message. */
  bytes: Uint8Array<ArrayBuffer>;
}

export type LiveMessage = Unit | ({ type: 'clock' } & Clock) | { type: 'taken'; frame: number };

/** One message, from either end. Throws a Refusal where it breaks the format, and nothing else. */
export function parseMessage(message: ArrayBuffer | Uint8Array<ArrayBuffer>): LiveMessage {
  const reader = new ByteReader(message instanceof Uint8Array ? message : new Uint8Array(message));
  const type = reader.u8();
  if (type === kUnit) return parseUnit(reader);
  if (type !== kClock && type !== kTaken) throw new Refusal(`a message of the type ${type}`);
  if (reader.take(3).some((byte) => byte !== 0)) throw new Refusal('bytes that must be zero are not');
  const parsed: LiveMessage =
    type === kClock ? { type: 'clock', ...parseClock(reader) } : { type: 'taken', frame: reader.u32() };
  if (reader.left > 0) throw new Refusal(`${reader.left} bytes too many`);
  return parsed;
}

function parseUnit(reader: ByteReader): Unit {
  const flags = reader.u8();
  const integrity = reader.u16() / 65_535;
  const frame = reader.u32();
  const handedUs = reader.i64();
  const { descriptor, unit } = splitDescriptor(reader.rest());
  return {
    type: 'unit', ...descriptor, frame, handedUs, integrity,
    keyFrame: (flags & kKeyFrame) !== 0, discontinuity: (flags & kDiscontinuity) !== 0,
    bytes: unit as Uint8Array<ArrayBuffer>,
  };
}

/** `frame` is the newest that the viewer is done with, or that its decoder keeps; the server keeps at most two beyond it on their way. */
export function serializeTaken(frame: number): Uint8Array<ArrayBuffer> {
  return new ByteWriter(8).u32(kTaken).u32(frame).bytes;
}

export function serializeClock(clock: Clock): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(4 + kClockBytes).u32(kClock);
  writeClock(out, clock);
  return out.bytes;
}

export function clockQuestion(nowUs: number): Uint8Array<ArrayBuffer> {
  return serializeClock({ kind: 'question', askedUs: nowUs, receivedUs: 0, answeredUs: 0 });
}
