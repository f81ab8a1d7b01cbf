// The numbers that the page's worker tells, in the test's own time.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const kMeter = fileURLToPath(new URL('../../../src/web/viewer/meter.ts', import.meta.url));

async function loadMeter() {
  const folder = mkdtempSync(join(tmpdir(), 'glimt-meter-'));
  try {
    const bundle = join(folder, 'meter.mjs');
    execFileSync('esbuild', [kMeter, '--bundle', '--format=esm', '--log-level=warning', `--outfile=${bundle}`]);
    return (await import(pathToFileURL(bundle))).Meter;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function metered(Meter, { gapMs, count, latencyMs, integrity = 1 }) {
  const meter = new Meter();
  let atMs = 0;
  for (let i = 0; i < count; i++) {
    atMs = i * gapMs;
    meter.arrive(atMs, 1000, integrity);
    meter.paint(atMs, latencyMs);
  }
  const after = (ms) => {
    const { fps, bitsPerSecond, integrity, latency } = meter.numbers(atMs + ms, 3);
    return { fps: Math.round(fps * 100) / 100, bitsPerSecond: Math.round(bitsPerSecond), integrity, latency };
  };
  return after;
}

export async function checkMeter(checks) {
  const Meter = await loadMeter();
  const quick = metered(Meter, { gapMs: 40, count: 100, latencyMs: 20, integrity: 0.5 });
  checks.equal(quick(10), { fps: 25, bitsPerSecond: 200_000, integrity: 0.5, latency: { p50: 20, boundMs: 3 } }, 'the meter tells fps, bits, integrity and latency');
  checks.equal(quick(2100), { fps: 0, bitsPerSecond: 0, integrity: 1 }, 'and nothing of a stream that stands');
  const slow = metered(Meter, { gapMs: 4000, count: 3 });
  checks.equal(slow(3900).fps, 0.25, 'a picture each four seconds has its rate until the next one comes');
  checks.equal(slow(9900).fps, 0.25, 'and where it is late');
  checks.equal(slow(10_100).fps, 0, 'but not where it is overdue');
  checks.equal(slow(0).latency, undefined, 'without a clock no latency is told');
}
