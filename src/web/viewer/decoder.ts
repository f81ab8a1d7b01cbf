// Decoder: access units become pictures, the newest last; what arrives behind a newer one is closed and not shown.
//
//   output   `done` at most once for each unit that came in, in any order; empty where it gave no picture. `held`: a unit that
//            the platform's decoder keeps until later ones come, as some of phones do; they may be sent
//   errors   `failed`: it stopped; open anew, or ask for JPEG where it gave no picture at all
import type { Unit } from '../../../js/src/live';
import { rgbaOf } from './raw';

export type Picture = ImageBitmap | VideoFrame;
type Done = (unit: Unit, picture?: Picture) => void;

const kQuietMs = 400; // what a decoder has not given by then, and has taken from its queue, it keeps
const kMostHeld = 8;

// Annex B: what stands behind 00 00 01 with the type 7 is the sequence's header; its first bytes name profile and level.
function h264Codec(bytes: Uint8Array): string | undefined {
  for (let i = 0; i + 6 < bytes.length; i++) {
    if (bytes[i] !== 0 || bytes[i + 1] !== 0 || bytes[i + 2] !== 1 || (bytes[i + 3]! & 0x1f) !== 7) continue;
    return 'avc1.' + [4, 5, 6].map((at) => bytes[i + at]!.toString(16).padStart(2, '0')).join('');
  }
  return undefined;
}

export class Decoder {
  private video: VideoDecoder | undefined;
  private configured = '';
  private readonly waiting = new Map<number, Unit>();
  private count = 0;
  private depth = 0; // so many units it is known to keep
  private quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly done: Done, private readonly held: (unit: Unit) => void, private readonly failed: () => void) {}

  decode(unit: Unit): void {
    if (unit.codec === 'h264') this.decodeH264(unit);
    else void this.decodeAlone(unit);
  }

  close(): void {
    if (this.video && this.video.state !== 'closed') this.video.close();
    this.video = undefined;
    this.waiting.clear();
    clearTimeout(this.quiet);
  }

  private async decodeAlone(unit: Unit): Promise<void> {
    try {
      const source =
        unit.codec === 'jpeg' ? new Blob([unit.bytes], { type: 'image/jpeg' }) : rgbaOf(unit.bytes, unit.pixelFormat, unit.width, unit.height);
      this.done(unit, source && (await createImageBitmap(source)));
    } catch {
      this.done(unit); // a picture that is broken: the next one will do
    }
  }

  private decodeH264(unit: Unit): void {
    if (unit.discontinuity && this.depth > 0) this.configured = ''; // what it keeps is old by now
    if (unit.keyFrame) this.configure(unit);
    if (!this.video || this.video.state !== 'configured') return this.done(unit);
    const timestamp = this.count++;
    this.waiting.set(timestamp, unit);
    this.video.decode(new EncodedVideoChunk({ type: unit.keyFrame ? 'key' : 'delta', timestamp, data: unit.bytes }));
    this.tellHeld();
    this.listen();
  }

  private listen(): void {
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.learnDepth(), kQuietMs);
  }

  private learnDepth(): void {
    if (this.waiting.size === 0 || (this.video?.decodeQueueSize ?? 0) > 0) return;
    this.depth = Math.min(Math.max(this.depth, this.waiting.size), kMostHeld);
    this.tellHeld();
  }

  private tellHeld(): void {
    const newest = this.waiting.get(this.count - 1);
    if (newest && this.waiting.size <= this.depth) this.held(newest);
  }

  private configure(unit: Unit): void {
    const codec = h264Codec(unit.bytes);
    const wanted = `${codec} ${unit.width}x${unit.height}`;
    if (codec === undefined || (wanted === this.configured && this.video?.state === 'configured')) return;
    if (!('VideoDecoder' in self)) return this.failed();
    this.close();
    this.configured = wanted;
    this.video = new VideoDecoder({ output: (frame) => this.output(frame), error: () => this.failed() });
    this.video.configure({ codec, optimizeForLatency: true });
  }

  private output(frame: VideoFrame): void {
    const unit = this.waiting.get(frame.timestamp);
    this.waiting.delete(frame.timestamp);
    if (unit) this.done(unit, frame);
    else frame.close();
    this.depth = Math.min(this.depth, this.waiting.size); // it was only slow
    this.tellHeld();
    this.listen();
  }
}
