// Meter: fps, bitrate, integrity and latency over the last two seconds.
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

  numbers(nowMs: number, boundMs: number): Omit<Numbers, 'connected' | 'codec'> {
    const fresh = ({ atMs }: { atMs: number }) => atMs > nowMs - kWindowMs;
    this.arrived = this.arrived.filter(fresh);
    this.painted = this.painted.filter(fresh);
    const latencies = this.painted.flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs])).sort((a, b) => a - b);
    const p50 = latencies[latencies.length >> 1];
    const sum = (of: (sample: Sample) => number) => this.arrived.reduce((total, sample) => total + of(sample), 0);
    return {
      fps: rate(this.painted),
      bitsPerSecond: (sum((s) => s.bytes) * 8000) / kWindowMs,
      integrity: this.arrived.length ? sum((s) => s.integrity) / this.arrived.length : 1,
      ...(p50 === undefined ? {} : { latency: { p50, boundMs } }),
    };
  }
}

// By the gaps between samples: right from the second picture on, and at two a second too.
function rate(samples: { atMs: number }[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.atMs <= first.atMs) return 0;
  return ((samples.length - 1) * 1000) / (last.atMs - first.atMs);
}
