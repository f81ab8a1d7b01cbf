// When what one frame lacks is asked for, and how often. Asked for is only what cannot come any more: once a gap is older than the
// reorder window and wider than the parity that may follow, or once the frame is over. Then again after each answer that was not
// enough, as long as a further one can be there in time. Times in microseconds.
import { kMaxDeficits, kMaxRound } from '../wire/feedback.js';
import type { Deficit } from '../wire/feedback.js';
import type { Block, FecDecoder } from './fec_decoder.js';

const kBetweenAnswersUs = 1000;
const kAnswerSpreadUs = 2000;

export interface Link {
  rtt: number;
  window: number;
  silence: number; // after so long nothing more comes of a frame
  loses: boolean; // packets were lost lately. Where none were, a pause is no sign
}

// Symbols that are missing below one that came, and that the parity which is planned cannot replace.
function certainDeficit(b: Block | undefined): number {
  return b && b.k > 0 ? Math.max(0, b.top - b.data - b.m) : 0;
}

export class DeficitTracker {
  due = Infinity;
  private last = 0; // something came of the frame
  private suspected = Infinity; // a gap is wider than the parity that may follow
  private round = 0;
  private awaitsAnswer = false;
  private answered = false;
  private unheardOf = false; // nothing of the frame had come when it was asked for
  private laterFrame = false;
  private expected = false; // no later frame has begun, but it should have

  onData(block: Block, link: Link, now: number): void {
    this.last = now;
    if (this.unheardOf) this.awaitsAnswer = false; // it was late, and not lost
    if (this.expected) this.laterFrame = false;
    this.unheardOf = this.expected = false;
    if (this.awaitsAnswer) return;
    if (certainDeficit(block) > 0) this.suspected = Math.min(this.suspected, now);
    this.due = this.suspected + link.window;
    if (this.laterFrame) this.due = Math.min(this.due, now + link.window);
    if (link.loses) this.due = Math.min(this.due, now + link.silence);
  }

  onParity(link: Link, now: number): void {
    this.last = now;
    if (this.awaitsAnswer) {
      this.answered = true;
      this.due = now + kBetweenAnswersUs + link.window;
    } else if (link.loses || this.laterFrame) {
      this.due = Math.min(this.due, now + (this.laterFrame ? link.window : link.silence));
    }
  }

  /** `certain`: so much of the later one has come that what is missing is not behind it. */
  onLaterFrame(certain: boolean, link: Link, now: number): void {
    if (this.laterFrame && !this.expected && !certain) return;
    this.laterFrame = true;
    this.expected = false;
    if (!this.awaitsAnswer) this.due = Math.min(this.due, certain ? now : now + link.window);
  }

  /** Nothing of it has come by then: then it is lost whole. */
  expectBy(due: number): void {
    this.laterFrame = this.expected = true;
    this.due = due;
  }

  /** Nothing of the answer to that round has come yet, and it still may. */
  awaits(round: number): boolean {
    return this.awaitsAnswer && !this.answered && round === this.round;
  }

  /** Once due: what is to be asked for is pushed to `to`. `blocks`: empty where nothing of the frame has come. */
  judge(frame: number, blocks: FecDecoder | undefined, deadline: number, link: Link, now: number, to: Deficit[]): 'nothing' | 'asked' | 'tooLate' {
    this.suspected = this.due = Infinity;
    this.awaitsAnswer = this.answered = false;
    this.unheardOf = !blocks;
    const found = blocks ? this.findDeficits(frame, blocks, link, now) : [this.deficit(frame, 0, 0, true)];
    if (found.length === 0) return 'nothing';
    if (now + link.rtt > deadline || this.round >= kMaxRound) return 'tooLate';
    this.round++;
    this.awaitsAnswer = true;
    this.due = now + (link.rtt * 9) / 8 + kAnswerSpreadUs + kBetweenAnswersUs + link.window;
    const lastRound = this.due + link.rtt > deadline;
    for (const deficit of found) to.push({ ...deficit, round: this.round, lastRound });
    return 'asked';
  }

  private deficit(frame: number, block: number, have: number, everyBlock = false): Deficit {
    return { frame, block, have: Math.min(have, 255), round: 1, lastRound: false, everyBlock };
  }

  private findDeficits(frame: number, blocks: FecDecoder, link: Link, now: number): Deficit[] {
    const over = this.laterFrame || (link.loses && now - this.last >= link.silence);
    if (!over && link.loses) this.due = this.last + link.silence;
    const count = Math.min(over ? blocks.blocksExpected : blocks.blocksSeen, 256);
    const found: Deficit[] = [];
    for (let i = 0; i < count && found.length < kMaxDeficits; i++) {
      const k = blocks.kOf(i);
      const symbols = blocks.block(i)?.symbols ?? 0;
      const certain = certainDeficit(blocks.block(i));
      if (over ? (k > 0 ? symbols < k : this.laterFrame) : certain > 0) {
        found.push(this.deficit(frame, i, over ? symbols : Math.max(k - certain, 0)));
      }
    }
    return found;
  }
}
