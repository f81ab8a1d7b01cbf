// The machine's steady clock, and its name: two ends with the same name read the same clock.
import { readFileSync, statSync } from 'node:fs';

/** Microseconds of CLOCK_MONOTONIC, as the other programs on this machine read it. */
export function nowUs(): number {
  return Number(process.hrtime.bigint()) / 1000;
}

// The first calls are slow: the least of some differences is the one that nothing came between.
const kZeroUs = Math.min(...Array.from({ length: 16 }, () => -(performance.now() * 1000 - nowUs())));

/** As performance.now() would have said. */
export function toMs(us: number): number {
  return (us - kZeroUs) / 1000;
}

/** One boot of one machine; 0 where that cannot be told. */
export const clockId: bigint = (() => {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').split('\n')[0]!;
    const name = boot + statSync('/proc/self/ns/time').ino.toString();
    let hash = 14695981039346656037n; // FNV-1a
    for (const c of Buffer.from(name, 'latin1')) hash = BigInt.asUintN(64, (hash ^ BigInt(c)) * 1099511628211n);
    return hash;
  } catch {
    return BigInt.asUintN(64, process.hrtime.bigint() * 6364136223846793005n);
  }
})();
