// Whole access units on their way to the reader: the newest one (latest) or each in order (every).
// Memory: latest one unit, of H.264 those since a key frame, 60 at most; every what the sender sends beyond `taken`.
import type { Mode } from '../wire/hello.js';
import { nowUs } from './time.js';
import type { AccessUnit } from './unit.js';

const kMaxDependent = 60;
const kMaxEvery = 64;

export class UnitQueue {
  private units: { unit: AccessUnit; at: number }[] = [];
  private waiters: { resolve: (result: IteratorResult<AccessUnit>) => void; reject: (error: Error) => void }[] = [];
  private end: { error: Error | undefined } | undefined;
  takenUnits = 0; // by the reader, or dropped for newer ones
  dropped = 0;
  wantsKey = false; // a unit that others depend on was dropped

  constructor(private readonly mode: Mode, private readonly onTaken: () => void) {}

  push(unit: AccessUnit): void {
    if (this.end) return;
    if (this.wantsKey && unit.codec === 'h264' && !unit.keyFrame) return this.noteDropped();
    if (unit.keyFrame) {
      if (this.wantsKey) unit.discontinuity = true;
      this.wantsKey = false;
    }
    if (this.mode === 'latest' && unit.keyFrame && this.units.length > 0) {
      unit.discontinuity = true;
      this.drop();
    }
    this.units.push({ unit, at: nowUs() });
    if (this.units.length > (this.mode === 'every' ? kMaxEvery : kMaxDependent)) {
      this.wantsKey = unit.codec === 'h264';
      this.drop();
    }
    this.serve();
  }

  private drop(): void {
    for (const _ of this.units.splice(0)) this.noteDropped();
  }
  noteDropped(): void {
    this.dropped++;
    this.takenUnits++;
  }

  private serve(): void {
    while (this.waiters.length > 0 && this.units.length > 0) {
      this.takenUnits++;
      this.waiters.shift()!.resolve({ done: false, value: this.units.shift()!.unit });
      queueMicrotask(this.onTaken);
    }
    if (!this.end || this.units.length > 0) return;
    for (const { resolve, reject } of this.waiters.splice(0)) {
      if (this.end.error) reject(this.end.error);
      else resolve({ done: true, value: undefined });
    }
  }

  next(): Promise<IteratorResult<AccessUnit>> {
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
      this.serve();
    });
  }

  /** What waits is still given out; then the iteration ends, or fails. */
  finish(error?: Error): void {
    this.end ??= { error };
    this.serve();
  }

  get waiting(): number {
    return this.units.length;
  }
  oldestWaitUs(now: number): number {
    return this.units.length > 0 ? Math.max(0, now - this.units[0]!.at) : 0;
  }
}
