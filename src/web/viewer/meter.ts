// Meter: fps, bitrate, integrity and latency over the last two seconds; of a stream whose pictures are further apart, over the last two.
import { kOverdueGaps } from './messages';
import type { Numbers } from './messages';

interface Sample {
  atMs: number;
  bytes: number;
  integrity: number;
}

const kWindowMs = 2000;

export class Meter {
  private arrived: Sample[] = [];
  private painted: { atMs: number; latencyMs?: number }[] = [];

  arrive(atMs: number, bytes: number, integrity: number): void {
    this.arrived.push({ atMs, bytes, integrity });
  }

  paint(atMs: number, latencyMs?: number): void {
    this.painted.push(latencyMs === undefined ? { atMs } : { atMs, latencyMs });
  }

  clear(): void {
    this.arrived = [];
    this.painted = [];
  }

  numbers(nowMs: number, boundMs: number): Omit<Numbers, 'connected' | 'codec'> {
    this.arrived = kept(this.arrived, nowMs);
    this.painted = kept(this.painted, nowMs);
    const arrived = recent(this.arrived, nowMs);
    const painted = recent(this.painted, nowMs);
    const latencies = painted.flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs])).sort((a, b) => a - b);
    const p50 = latencies[latencies.length >> 1];
    const mean = (of: (sample: Sample) => number) => arrived.reduce((total, sample) => total + of(sample), 0) / arrived.length;
    return {
      fps: rate(painted),
      bitsPerSecond: arrived.length ? mean((s) => s.bytes) * 8 * rate(arrived) : 0,
      integrity: arrived.length ? mean((s) => s.integrity) : 1,
      ...(p50 === undefined ? {} : { latency: { p50, boundMs } }),
    };
  }
}

const isFresh = (nowMs: number) => ({ atMs }: { atMs: number }) => atMs > nowMs - kWindowMs;

const kept = <T extends { atMs: number }>(samples: T[], nowMs: number) =>
  samples.filter((sample, i) => isFresh(nowMs)(sample) || i >= samples.length - 2);

// The last two count for as long as the next one is not overdue.
function recent<T extends { atMs: number }>(samples: T[], nowMs: number): T[] {
  const fresh = samples.filter(isFresh(nowMs));
  const [before, last] = samples.slice(-2);
  const isSlow = before && last && nowMs - last.atMs < kOverdueGaps * (last.atMs - before.atMs);
  return fresh.length < 2 && isSlow ? [before, last] : fresh;
}

// By the gaps between samples: right from the second picture on, and at two a second too.
function rate(samples: { atMs: number }[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.atMs <= first.atMs) return 0;
  return ((samples.length - 1) * 1000) / (last.atMs - first.atMs);
}
