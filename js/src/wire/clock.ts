// CLOCK: four stamps that tell how far the other end's clock is from ours. Times in microseconds.
import { ByteReader, Refusal } from './bytes.js';
import type { ByteWriter } from './bytes.js';

export interface Clock {
  kind: 'question' | 'answer';
  askedUs: number;
  receivedUs: number;
  answeredUs: number;
}

export const kClockBytes = 28;
const kMaxTimeUs = 2 ** 50;

export function parseClock(reader: ByteReader): Clock {
  const kind = reader.u32();
  const [askedUs, receivedUs, answeredUs] = [reader.i64(), reader.i64(), reader.i64()];
  if (kind > 1) throw new Refusal(`CLOCK of the kind ${kind}`);
  if ([askedUs, receivedUs, answeredUs].some((time) => Math.abs(time) >= kMaxTimeUs)) throw new Refusal('a time that no clock shows');
  return { kind: kind === 0 ? 'question' : 'answer', askedUs, receivedUs, answeredUs };
}

export function writeClock(out: ByteWriter, clock: Clock): void {
  out.u32(clock.kind === 'question' ? 0 : 1).i64(clock.askedUs).i64(clock.receivedUs).i64(clock.answeredUs);
}

/** The other end's clock minus ours, from the probe with the least round trip of the last eight. */
export class ClockOffset {
  private probes: { rttUs: number; offsetUs: number }[] = [];

  add(answer: Clock, backUs: number): void {
    const rttUs = backUs - answer.askedUs - (answer.answeredUs - answer.receivedUs);
    if (rttUs < 0 || rttUs > 60_000_000) return; // stamps that cannot be true
    const offsetUs = (answer.receivedUs - answer.askedUs + (answer.answeredUs - backUs)) / 2;
    this.probes.push({ rttUs, offsetUs });
    if (this.probes.length > 8) this.probes.shift();
  }

  /** Empty before the first answer. The truth lies within `boundUs`. */
  estimate(): { offsetUs: number; boundUs: number; rttUs: number } | undefined {
    const [first, ...others] = this.probes;
    if (!first) return undefined;
    const best = others.reduce((least, probe) => (probe.rttUs < least.rttUs ? probe : least), first);
    return { ...best, boundUs: best.rttUs / 2 };
  }
}
