// The number burnt into a picture, read back from a tile's canvas as tests/support/pictures.py reads it.
const kColumns = 28;
const kRows = 4;

function crc32c(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

// Runs in the page: the mean of the inner half of each block, green.
function blocksOf(canvas, [columns, rows]) {
  const { width, height } = canvas;
  const fits = Math.min(Math.floor(width / columns), Math.floor(height / (rows * 4)));
  const side = fits < 16 ? 8 : Math.min(Math.floor(fits / 16) * 16, 32);
  if (width < columns * 8 || height < rows * 8) return [];
  const copy = new OffscreenCanvas(columns * side, rows * side);
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const means = [];
  for (let i = 0; i < columns * rows; i++) {
    const [left, top] = [(i % columns) * side + side / 4, Math.floor(i / columns) * side + side / 4];
    const { data } = context.getImageData(left, top, side / 2, side / 2);
    let sum = 0;
    for (let at = 1; at < data.length; at += 4) sum += data[at];
    means.push(sum / (data.length / 4));
  }
  return means;
}

/** {number, capturedUs} of what is on a tile's canvas; null where it does not check out. */
export async function readTimeCode(page, stream) {
  const means = await page.locator(`.tile[data-stream="${stream}"] .picture`).evaluate(blocksOf, [kColumns, kRows]);
  return means.length === 0 ? null : decodeTimeCode(means.map((mean) => mean > 127));
}

/** Of the blocks, row by row: whether each is white. */
export function decodeTimeCode(bits) {
  const code = new Uint8Array(bits.length / 8);
  bits.forEach((bit, i) => {
    if (bit) code[i >> 3] |= 1 << (i & 7);
  });
  const view = new DataView(code.buffer);
  if (view.getUint16(12, true) !== ((crc32c(code.subarray(0, 12)) & 0xffff) ^ 0x6c67)) return null;
  return { number: view.getUint32(0, true), capturedUs: Number(view.getBigInt64(4, true)) };
}
