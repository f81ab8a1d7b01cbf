// What the page and its worker say to each other. `id` is a tile's, for its whole life.
export type ToWorker =
  | { kind: 'open'; id: number; name: string; canvas: OffscreenCanvas; boxes: boolean }
  | { kind: 'close'; id: number }
  // A stream that nobody looks at is not taken from: the server holds its newest picture back.
  | { kind: 'watch'; id: number; watched: boolean }
  | { kind: 'boxes'; shown: boolean };

/** After so many of the gaps between the pictures before it a picture is overdue. */
export const kOverdueGaps = 2.5;

export interface Numbers {
  connected: boolean;
  fps: number;
  bitsPerSecond: number;
  integrity: number;
  /** Captured to painted, milliseconds, of the last seconds; empty where nothing was painted or the offset is not known. */
  latency?: { p50: number; boundMs: number };
  codec: string;
}

export type FromWorker =
  | { kind: 'painted'; id: number; frame: number; width: number; height: number; latencyMs?: number }
  | ({ kind: 'numbers'; id: number } & Numbers);
