// receive(): a stream in, access units out, as an async iterator.
import { parseAddress } from './address.js';
import type { Address, ReceiveOptions } from './address.js';
import { CountdownEndpoint } from './countdown_endpoint.js';
import type { Change, Endpoint } from './endpoint.js';
import { NativeEndpoint } from './native_endpoint.js';
import { UnitQueue } from './queue.js';
import type { AccessUnit } from './unit.js';

export class Receiver implements AsyncIterableIterator<AccessUnit> {
  /** What happened last: who is there, or why nobody is. */
  state: { change: Change | 'waiting'; why: string } = { change: 'waiting', why: 'nobody has come yet' };
  private readonly queue: UnitQueue;
  private readonly endpoint: Endpoint;

  constructor(readonly address: Address, signal?: AbortSignal) {
    this.queue = new UnitQueue(address.mode, () => this.endpoint.onTaken());
    const Kind = address.wire === 'countdown' ? CountdownEndpoint : NativeEndpoint;
    this.endpoint = new Kind(address, this.queue, {
      change: (change, why) => this.onChange(change, why),
      failed: (error) => this.end(error),
    });
    if (signal?.aborted) this.close();
    signal?.addEventListener('abort', () => this.close(), { once: true });
  }

  private onChange(change: Change, why: string): void {
    this.state = { change, why };
    if (change === 'ended' && this.address.once) queueMicrotask(() => this.end());
  }

  private end(error?: Error): void {
    this.queue.finish(error);
    this.endpoint.close();
  }

  /** The newest access unit (latest) or the next one (every). */
  next(): Promise<IteratorResult<AccessUnit>> {
    return this.queue.next();
  }

  async return(): Promise<IteratorResult<AccessUnit>> {
    this.close();
    return { done: true, value: undefined };
  }

  /** Says good-bye; the iteration ends. */
  close(): void {
    this.end();
  }

  /** Counters of frames (whole, lost, late, skipped, dropped …) and packets (packets, recovered, refused …). */
  stats(): Record<string, number> {
    return { ...this.endpoint.stats(), dropped: this.queue.dropped };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * Receives as `glimt recv ADDRESS` does: `udp://host:port` and `tcp://host:port` connect, `unix:///path?socket=stream` too, `udp://:port` and `?listen` listen.
 * Throws a GlimtError that names the cure where the address cannot be served.
 */
export function receive(address: string, options: ReceiveOptions = {}): Receiver {
  return new Receiver(parseAddress(address, options), options.signal);
}
