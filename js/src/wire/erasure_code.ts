// The erasure code over a block's symbols: Cauchy coefficients 1 / ((255 - row) xor index) in the field of 256 elements
// with the polynomial 0x11D. Any k symbols and rows give a block of k.
const kPolynomial = 0x11d;
const kLog = new Uint8Array(256);
const kExp = new Uint8Array(512);
for (let i = 0, x = 1; i < 255; i++) {
  kExp[i] = kExp[i + 255] = x;
  kLog[x] = i;
  x = x & 0x80 ? (x << 1) ^ kPolynomial : x << 1;
}
// All products, a row of 256 for each factor.
const kProducts = new Uint8Array(65_536);
for (let a = 1; a < 256; a++) {
  for (let b = 1; b < 256; b++) kProducts[(a << 8) | b] = kExp[kLog[a]! + kLog[b]!]!;
}
const inverse = (a: number) => kExp[255 - kLog[a]!]!;

export function coefficient(row: number, index: number): number {
  return inverse((255 - row) ^ index);
}

/** `to` += `factor` * `bytes`; what is longer than `to` is left out. */
export function addProduct(to: Uint8Array, bytes: Uint8Array, factor: number): void {
  const products = kProducts.subarray(factor << 8, (factor + 1) << 8);
  const length = Math.min(to.length, bytes.length);
  for (let i = 0; i < length; i++) to[i]! ^= products[bytes[i]!]!;
}

function scale(bytes: Uint8Array, factor: number): void {
  const products = kProducts.subarray(factor << 8, (factor + 1) << 8);
  for (let i = 0; i < bytes.length; i++) bytes[i] = products[bytes[i]!]!;
}

/**
 * `sums[i]` is row `rows[i]` without the symbols that are known; afterwards it is the symbol with the index `erased[i]`.
 * Every square part of such a matrix can be inverted, and so the pivots are never zero.
 */
export function solveErased(erased: readonly number[], rows: readonly number[], sums: readonly Uint8Array[]): void {
  const n = erased.length;
  const matrix = rows.slice(0, n).map((row) => Uint8Array.from(erased, (index) => coefficient(row, index)));
  for (let pivot = 0; pivot < n; pivot++) {
    const factor = inverse(matrix[pivot]![pivot]!);
    scale(matrix[pivot]!, factor);
    scale(sums[pivot]!, factor);
    for (let other = 0; other < n; other++) {
      const times = matrix[other]![pivot]!;
      if (other === pivot || times === 0) continue;
      addProduct(matrix[other]!, matrix[pivot]!, times);
      addProduct(sums[other]!, sums[pivot]!, times);
    }
  }
}
