// The descriptor in front of an access unit: what picture it is, and when it was captured.
import { ByteReader, ByteWriter, Refusal } from './bytes.js';

export type Codec = 'raw' | 'jpeg' | 'h264';
export type PixelFormat =
  | 'gray8' | 'bgr24' | 'bgra32' | 'i420' | 'gray16' | 'bgr48' | 'bgra64' | 'grayf32' | 'bgrf32' | 'bgraf32';

export interface Descriptor {
  codec: Codec;
  pixelFormat: PixelFormat;
  width: number;
  height: number;
  strips: number;
  /** Microseconds of the sender's clock. */
  capturedUs: number;
  clockId: bigint;
  /** Microseconds from capture to the end of encoding strip 0. */
  encodedAfterUs?: number;
  /** The user's bytes, a view; empty where there are none. */
  metadata: Uint8Array;
  /** The picture of the frame before once more: decode it, do not show it anew. */
  again: boolean;
}

export const kMaxDescriptorBytes = 69_632;
export const kMaxMetadataBytes = 65_536;
const kCodecs: readonly Codec[] = ['raw', 'jpeg', 'h264'];
const kFormats: readonly PixelFormat[] = [
  'gray8', 'bgr24', 'bgra32', 'i420', 'gray16', 'bgr48', 'bgra64', 'grayf32', 'bgrf32', 'bgraf32',
];
const kMaxTimeUs = 2 ** 50;

function known<T>(names: readonly T[], number: number): T {
  const name = names[number - 1];
  if (name === undefined) throw new Refusal(`no codec or pixel format has the number ${number}`);
  return name;
}

/** `bytes` begin with `u32 length`; what follows the descriptor is the access unit. */
export function splitDescriptor(bytes: Uint8Array): { descriptor: Descriptor; unit: Uint8Array } {
  const reader = new ByteReader(bytes);
  const length = reader.u32();
  if (length > kMaxDescriptorBytes) throw new Refusal(`a descriptor of ${length} bytes`);
  const descriptor = parseDescriptor(reader.take(length));
  return { descriptor, unit: reader.rest() };
}

/** The fields, without the length in front. */
export function parseDescriptor(bytes: Uint8Array): Descriptor {
  const reader = new ByteReader(bytes);
  let picture: Pick<Descriptor, 'codec' | 'pixelFormat' | 'width' | 'height' | 'strips'> | undefined;
  let captured: Pick<Descriptor, 'capturedUs' | 'clockId'> | undefined;
  let encodedAfterUs: number | undefined;
  let metadata: Uint8Array = new Uint8Array(0);
  let again = false;
  while (reader.left > 0) {
    const head = reader.u32();
    const value = new ByteReader(reader.take(head >>> 8));
    switch (head & 0xff) {
      case 1:
        picture = {
          codec: known(kCodecs, value.u8()), pixelFormat: known(kFormats, value.u8()),
          width: value.u16(), height: value.u16(), strips: value.u8(),
        };
        break;
      case 2:
        captured = { capturedUs: value.i64(), clockId: value.u64() };
        break;
      case 3:
        encodedAfterUs = value.u32();
        break;
      case 4:
        metadata = value.rest();
        break;
      case 5:
        again = true;
    }
  }
  if (!picture || !captured) throw new Refusal('a descriptor without picture or capture time');
  if (picture.width === 0 || picture.height === 0 || picture.strips === 0) throw new Refusal('a picture without size');
  if (Math.abs(captured.capturedUs) >= kMaxTimeUs) throw new Refusal('a capture time that no clock shows');
  if (metadata.length > kMaxMetadataBytes) throw new Refusal(`${metadata.length} bytes of metadata`);
  return { ...picture, ...captured, ...(encodedAfterUs === undefined ? {} : { encodedAfterUs }), metadata, again };
}

/** With its length in front, as it stands in strip 0. */
export function serializeDescriptor(descriptor: Descriptor): Uint8Array<ArrayBuffer> {
  const { encodedAfterUs, metadata, again } = descriptor;
  const head = (type: number, length: number) => ((length << 8) | type) >>> 0;
  const length = 11 + 20 + (encodedAfterUs ? 8 : 0) + (again ? 4 : 0) + (metadata.length ? 4 + metadata.length : 0);
  const out = new ByteWriter(4 + length).u32(length);
  out.u32(head(1, 7)).u8(kCodecs.indexOf(descriptor.codec) + 1).u8(kFormats.indexOf(descriptor.pixelFormat) + 1);
  out.u16(descriptor.width).u16(descriptor.height).u8(descriptor.strips);
  out.u32(head(2, 16)).i64(descriptor.capturedUs).u64(descriptor.clockId);
  if (encodedAfterUs) out.u32(head(3, 4)).u32(encodedAfterUs);
  if (again) out.u32(head(5, 0));
  if (metadata.length) out.u32(head(4, metadata.length)).put(metadata);
  return out.bytes;
}
