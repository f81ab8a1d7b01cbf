// The wire `countdown` at a receiver: it listens, and nothing goes back.
import type { Address } from './address.js';
import { CountdownReassembler } from './countdown_reassembler.js';
import type { CountdownPicture } from './countdown_reassembler.js';
import type { Endpoint, EndpointEvents } from './endpoint.js';
import type { UnitQueue } from './queue.js';
import { nowUs, toMs } from './time.js';
import { UdpTransport } from './udp.js';

const kGoneAfterMs = 3000;

export class CountdownEndpoint implements Endpoint {
  private readonly transport: UdpTransport;
  private readonly reassembler: CountdownReassembler;
  private timer: NodeJS.Timeout | undefined;
  private gone: NodeJS.Timeout | undefined;
  private followed: string | undefined;
  private frame = 0;

  constructor(address: Address, private readonly queue: UnitQueue, private readonly events: EndpointEvents) {
    this.reassembler = new CountdownReassembler(address.maxFrameBytes);
    this.transport = new UdpTransport(address, {
      packet: (peer, bytes) => this.onDatagram(peer.key, bytes),
      connected: () => undefined, disconnected: () => undefined, failed: (error) => events.failed(error),
    });
  }

  private onDatagram(from: string, bytes: Uint8Array): void {
    const now = nowUs();
    const pictures = this.reassembler.push(from, bytes, now);
    if (this.reassembler.followed !== from) return;
    if (this.followed !== from) this.events.change('connected', from);
    this.followed = from;
    for (const picture of pictures) this.show(picture);
    this.gone ??= setTimeout(() => this.lookWhetherSilent(), kGoneAfterMs);
    clearTimeout(this.timer);
    const next = this.reassembler.nextSettled;
    if (next < Infinity) this.timer = setTimeout(() => this.showSettled(), Math.max(0, (next - now) / 1000));
  }

  private showSettled(): void {
    for (const picture of this.reassembler.settled(nowUs())) this.show(picture);
  }

  private lookWhetherSilent(): void {
    this.gone = undefined;
    const silentMs = (nowUs() - this.reassembler.lastHeard) / 1000;
    if (silentMs < kGoneAfterMs) {
      this.gone = setTimeout(() => this.lookWhetherSilent(), kGoneAfterMs - silentMs);
      return;
    }
    this.followed = undefined;
    this.events.change('lost', 'the sender has been silent for 3 s');
  }

  // No time travels in this wire: a picture's is that of its arrival.
  private show({ bytes, layout, firstAt, wholeAt }: CountdownPicture): void {
    this.queue.push({
      codec: 'jpeg', bytes, pixelFormat: layout.components === 1 ? 'gray8' : 'bgr24', width: layout.width, height: layout.height,
      frame: ++this.frame, keyFrame: true, discontinuity: false, capturedAt: toMs(firstAt), arrivedAt: toMs(wholeAt),
      clock: undefined, metadata: new Uint8Array(0), boxes: [], strips: 1, integrity: 1, again: false,
    });
  }

  onTaken(): void {}

  stats(): Record<string, number> {
    return { ...this.reassembler.counters };
  }

  close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.gone);
    this.transport.close();
  }
}
