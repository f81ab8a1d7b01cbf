// Which packets came and when, as a report says it. Memory: 1024 packets. Times in microseconds.
import { kLost } from '../wire/feedback.js';
import type { Arrivals } from '../wire/feedback.js';

const kWindow = 1024;

export class ArrivalLog {
  private readonly numbers = new Float64Array(kWindow);
  private readonly times = new Float64Array(kWindow);
  private readonly reportedUpTo = [0, 0, 0]; // oldest first
  private first = 0;
  highest = 0;
  received = 0;

  private came(number: number): boolean {
    return this.numbers[number % kWindow] === number;
  }

  /** False where this number was seen before, or is too old to tell. */
  add(number: number, now: number): boolean {
    if (number === 0) return false;
    if (this.first === 0) {
      this.first = this.highest = number;
      this.reportedUpTo.fill(number - 1);
    } else if (number > this.highest) {
      this.highest = number;
    } else if (number + kWindow <= this.highest || this.came(number)) return false;
    this.first = Math.min(this.first, number);
    this.numbers[number % kWindow] = number;
    this.times[number % kWindow] = now;
    this.received++;
    return true;
  }

  /** Once a report: all since the report before the last two. What came within `window` waits for the next one. */
  report(now: number, window: number, most: number): Arrivals {
    const last = this.newestBefore(now - window);
    const first = Math.max(this.reportedUpTo[0]! + 1, last + 1 - most, this.first, 1);
    const before16us: number[] = [];
    for (let number = first; number <= last && this.first > 0; number++) {
      const before = Math.floor((now - this.times[number % kWindow]!) / 16);
      before16us.push(this.came(number) ? Math.min(Math.max(before, 0), kLost - 1) : kLost);
    }
    this.reportedUpTo.shift();
    this.reportedUpTo.push(Math.max(this.reportedUpTo[1]!, last));
    return { first: BigInt(first), before16us };
  }

  private newestBefore(limit: number): number {
    for (let number = this.highest; number > 0 && number > this.highest - kWindow; number--) {
      if (this.came(number) && this.times[number % kWindow]! <= limit) return number;
    }
    return 0;
  }
}
