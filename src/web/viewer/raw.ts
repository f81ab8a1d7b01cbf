// Raw pictures as RGBA: rows, then planes, without gaps (docs/wire-format.md).
import type { PixelFormat } from '../../../js/src/live';

type Sampler = (at: number) => number; // a sample as 0..255, by its index

const kChannels: Record<PixelFormat, number> = {
  gray8: 1, bgr24: 3, bgra32: 4, i420: 0, gray16: 1, bgr48: 3, bgra64: 4, grayf32: 1, bgrf32: 3, bgraf32: 4,
};

/** Empty where the bytes are not such a picture's. */
export function rgbaOf(bytes: Uint8Array, format: PixelFormat, width: number, height: number): ImageData | undefined {
  const image = new ImageData(width, height);
  if (format === 'i420') return i420(bytes, image);
  const channels = kChannels[format];
  const sampleBytes = format.endsWith('f32') ? 4 : /16|48|64/.test(format) ? 2 : 1;
  if (bytes.length !== width * height * channels * sampleBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sample: Sampler =
    sampleBytes === 4 ? (at) => view.getFloat32(at * 4, true) * 255 : sampleBytes === 2 ? (at) => view.getUint8(at * 2 + 1) : (at) => bytes[at] ?? 0;
  packed(sample, channels, image.data);
  return image;
}

function packed(sample: Sampler, channels: number, out: Uint8ClampedArray): void {
  const [blue, green, red] = channels === 1 ? [0, 0, 0] : [0, 1, 2];
  for (let from = 0, to = 0; to < out.length; from += channels, to += 4) {
    out[to] = sample(from + red);
    out[to + 1] = sample(from + green);
    out[to + 2] = sample(from + blue);
    out[to + 3] = 255;
  }
}

// BT.601, limited range, as everywhere in the house.
function i420(bytes: Uint8Array, image: ImageData): ImageData | undefined {
  const { width, height, data } = image;
  const [halfWidth, halfHeight] = [(width + 1) >> 1, (height + 1) >> 1];
  const luma = width * height;
  const chroma = halfWidth * halfHeight;
  if (bytes.length !== luma + 2 * chroma) return undefined;
  for (let y = 0, to = 0; y < height; y++) {
    const row = luma + (y >> 1) * halfWidth;
    for (let x = 0; x < width; x++, to += 4) {
      const l = 1.164 * (bytes[y * width + x]! - 16);
      const u = bytes[row + (x >> 1)]! - 128;
      const v = bytes[row + chroma + (x >> 1)]! - 128;
      data[to] = l + 1.596 * v;
      data[to + 1] = l - 0.392 * u - 0.813 * v;
      data[to + 2] = l + 2.017 * u;
      data[to + 3] = 255;
    }
  }
  return image;
}
