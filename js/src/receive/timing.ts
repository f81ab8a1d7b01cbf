// When packets and frames come. Times in microseconds.
const kShortestUs = 1500;
const kLongestUs = 15_000;
const kRemembersUs = 10_000_000;

/** How long a packet that is missing may still be on its way around others, and how long a sender pauses within a frame. */
export class ArrivalTiming {
  private gaps: { first: number; last: number; at: number }[] = [];
  private highest = 0;
  private highestAt = 0;
  private lateness = 0;
  private lateAt = -Infinity;
  private pause = 0;

  note(number: number, sameFrame: boolean, now: number): void {
    if (number > this.highest) {
      if (this.highest > 0 && number > this.highest + 1) {
        this.gaps.push({ first: this.highest + 1, last: number - 1, at: now });
        if (this.gaps.length > 32) this.gaps.shift();
      }
      // What was longest once is forgotten within some hundred packets.
      if (this.highest > 0) this.pause = Math.max(this.pause - this.pause / 256, sameFrame ? now - this.highestAt : 0);
      this.highest = number;
      this.highestAt = now;
      return;
    }
    const gap = this.gaps.find(({ first, last }) => number >= first && number <= last);
    if (!gap) return;
    const late = now - gap.at;
    if (now - this.lateAt > kRemembersUs) this.lateness = 0;
    if (late * 2 >= this.lateness) this.lateAt = now;
    this.lateness = Math.max(this.lateness, late);
  }

  /** 1.5 ms where nothing is overtaken; else a quarter more than the latest that came in the last ten seconds. */
  window(now: number): number {
    const late = now - this.lateAt > kRemembersUs ? 0 : this.lateness;
    return Math.min(Math.max((late * 5) / 4, kShortestUs), kLongestUs);
  }
  reorders(now: number): boolean {
    return this.window(now) > kShortestUs;
  }
  silence(now: number): number {
    return Math.max(this.window(now), Math.min(this.pause * 2, kLongestUs));
  }
}

const kEnough = 8;
const kPauseFrames = 8;

/** When the next frame should have begun: mean and mean deviation as RFC 6298 has them. */
export class FrameRhythm {
  private newest = 0;
  private at = 0;
  private samples = 0;
  private deviation = 0;
  interval = 0;

  note(frame: number, now: number): void {
    const steps = (frame - this.newest) | 0;
    if (this.at > 0 && steps > 0 && steps < kPauseFrames) {
      const sample = (now - this.at) / steps;
      if (this.samples === 0) this.interval = sample;
      this.deviation += (Math.abs(sample - this.interval) - this.deviation) / 4;
      this.interval += (sample - this.interval) / 8;
      this.samples = Math.min(this.samples + 1, kEnough);
    }
    this.newest = frame;
    this.at = now;
  }

  /** Infinity where there is no rhythm. */
  get nextBy(): number {
    const steady = this.samples === kEnough && this.deviation * 4 < this.interval;
    return steady ? this.at + this.interval + 4 * this.deviation : Infinity;
  }
}
