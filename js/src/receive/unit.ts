// One access unit, as a reader gets it.
import type { Box } from '../wire/boxes.js';
import type { Codec, PixelFormat } from '../wire/descriptor.js';

export interface AccessUnit {
  codec: Codec;
  /** A JPEG from SOI to EOI, H.264 in Annex B, or pixels. The reader's own. */
  bytes: Uint8Array<ArrayBuffer>;
  pixelFormat: PixelFormat;
  width: number;
  height: number;
  frame: number;
  keyFrame: boolean;
  /** Frames are missing before this one. */
  discontinuity: boolean;
  /** Milliseconds of this process's steady clock: `performance.now() - unit.capturedAt` is its age. */
  capturedAt: number;
  arrivedAt: number;
  /** How well the sender's clock is known; empty where it is not: then `capturedAt` is as if the way here took no time. */
  clock: { offsetMs: number; boundMs: number } | undefined;
  metadata: Uint8Array;
  boxes: Box[];
  strips: number;
  /** Share of the strips that came; frames that are not whole are not handed on, so 1. */
  integrity: number;
  /** The picture of the frame before once more: decode it, do not show it anew. */
  again: boolean;
}
