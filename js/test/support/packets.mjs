// A sender's packets of one frame, and what is read of the golden ones.
import { readdirSync, readFileSync } from 'node:fs';
import { addProduct, coefficient } from '../../dist/wire/erasure_code.js';
import { serializeDescriptor } from '../../dist/wire/descriptor.js';
import { blockSymbols, kFlag, symbolOf, usedBlocks } from '../../dist/wire/packet.js';

const folder = new URL('../../../tests/vectors/', import.meta.url);

export function goldenPackets() {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
  return names.map((name) => ({
    name,
    meaning: JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')),
    bytes: new Uint8Array(readFileSync(new URL(`${name}.bin`, folder))),
  }));
}

export const kPayload = 64;

/** DATA and PARITY of a frame whose strips are these bytes, over so many blocks, with so many rows each. */
export function packetsOf({ frame, strips, blocks = 1, rows = 0, key = true, codec = 'jpeg' }) {
  const descriptor = serializeDescriptor({
    codec, pixelFormat: 'bgr24', width: 16, height: 16, strips: strips.length, capturedUs: 1_000_000, clockId: 7n,
    metadata: new Uint8Array(0), again: false,
  });
  const symbols = strips.flatMap((bytes, strip) => {
    const whole = strip === 0 ? Buffer.concat([descriptor, bytes]) : bytes;
    const count = Math.max(1, Math.ceil(whole.length / kPayload));
    return Array.from({ length: count }, (_, i) => ({
      strip, payload: new Uint8Array(whole.subarray(i * kPayload, (i + 1) * kPayload)),
      flags: (i === 0 ? kFlag.stripStart : 0) | (i + 1 === count ? kFlag.stripEnd : 0) | (key ? kFlag.keyFrame : 0),
    }));
  });
  symbols.at(-1).flags |= kFlag.frameEnd;
  const header = { frame, capturedUs: 1_000_000, blocks, m: rows, strips: strips.length, age16us: 10 };
  const data = [];
  const parity = [];
  for (let block = 0; block < usedBlocks(symbols.length, blocks); block++) {
    const k = blockSymbols(symbols.length, block, blocks);
    const own = Array.from({ length: k }, (_, index) => symbols[symbolOf(block, index, blocks)]);
    own.forEach((symbol, index) => data.push({ ...header, block, index, k, ...symbol }));
    const raw = own.map(({ payload, strip, flags }) => Uint8Array.of(payload.length & 255, payload.length >> 8, strip, flags, ...payload));
    for (let row = 0; row < rows && k > 0; row++) {
      const symbol = new Uint8Array(Math.max(...raw.map((bytes) => bytes.length)));
      raw.forEach((bytes, index) => addProduct(symbol, bytes, coefficient(row, index)));
      parity.push({ ...header, block, index: 255 - row, row, k, symbol });
    }
  }
  return { data, parity };
}
