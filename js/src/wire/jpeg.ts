// A JPEG's markers, walked without decoding: for pictures that come without a size.
export interface JpegLayout {
  width: number;
  height: number;
  components: number;
}

const isFrameHeader = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

// Where entropy-coded data ends: at a marker that is neither a stuffed FF nor a restart.
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1]!;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return -1;
}

/** Empty where it does not go from SOI to EOI, whole, with nothing behind. Never throws. */
export function readJpeg(bytes: Uint8Array): JpegLayout | undefined {
  let layout: JpegLayout | undefined;
  let at = 2;
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  while (at + 1 < bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1]!;
    if (marker === 0xd9) return at + 2 === bytes.length ? layout : undefined;
    if (marker === 0xff) {
      at++; // filling
      continue;
    }
    const length = at + 3 < bytes.length ? (bytes[at + 2]! << 8) | bytes[at + 3]! : 0;
    if (length < 2 || at + 2 + length > bytes.length) return undefined;
    if (isFrameHeader(marker)) {
      if (length < 8 || layout) return undefined;
      const u16 = (offset: number) => (bytes[at + offset]! << 8) | bytes[at + offset + 1]!;
      layout = { height: u16(5), width: u16(7), components: bytes[at + 9]! };
      if (layout.width === 0 || layout.height === 0) return undefined;
    }
    at += 2 + length;
    if (marker === 0xda) at = endOfScan(bytes, at);
    if (at < 0) return undefined;
  }
  return undefined;
}
