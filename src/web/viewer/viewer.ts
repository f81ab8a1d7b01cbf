// Viewer: one stream over one WebSocket, from its bytes to the canvas. Opens anew by itself whenever the socket closes.
import { ClockOffset, clockQuestion, kSubprotocol, parseMessage, serializeTaken } from '../../../js/src/live';
import type { Unit } from '../../../js/src/live';
import { Decoder } from './decoder';
import type { Picture } from './decoder';
import type { FromWorker } from './messages';
import { Meter } from './meter';
import { Painter } from './painter';

const kRetryMs = 250;
const kNumbersMs = 500;
const kFirstQuestions = 8;
const kFirstQuestionsMs = 20;
const kQuestionMs = 1000;
const kUnanswered = 5; // questions, a second apart: then the way is gone
const kPatienceMs = 5000; // for a connection to open
const kReachMs = 2000;

const nowMs = () => performance.now();

export class Viewer {
  private socket: WebSocket | undefined;
  private offset = new ClockOffset();
  private decoder: Decoder | undefined;
  private readonly painter: Painter;
  private readonly meter = new Meter();
  private watched = true;
  private closed = false;
  private jpegOnly = !('VideoDecoder' in self);
  private codec = '';
  private decodedFrames = 0; // counts what reached the painter of this connection
  private unanswered = 0;
  private hasOpened = false; // of this connection
  private newestCapturedUs = 0;
  private taken: number | undefined;
  private readonly timer: number;
  private questionTimer: number | undefined;

  constructor(
    private readonly id: number,
    private readonly name: string,
    canvas: OffscreenCanvas,
    boxes: boolean,
    private readonly tell: (message: FromWorker) => void,
  ) {
    this.painter = new Painter(canvas, boxes, (unit) => this.painted(unit), (unit) => this.take(unit.frame));
    this.timer = self.setInterval(() => this.tellNumbers(), kNumbersMs);
    this.open();
  }

  watch(watched: boolean): void {
    if (watched && !this.watched) this.meter.clear(); // nothing was to be measured meanwhile
    this.watched = watched;
    this.sayTaken();
  }

  boxes(shown: boolean): void {
    this.painter.boxes(shown);
  }

  close(): void {
    this.closed = true;
    clearInterval(this.timer);
    clearTimeout(this.questionTimer);
    this.socket?.close();
    this.decoder?.close();
    this.painter.close();
  }

  private open(): void {
    if (this.closed) return;
    this.painter.close(); // what waits there is of the connection before
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const query = this.jpegOnly ? '?codec=jpeg' : '';
    const socket = new WebSocket(`${scheme}://${location.host}/live/${encodeURIComponent(this.name)}${query}`, kSubprotocol);
    socket.binaryType = 'arraybuffer';
    this.decoder?.close();
    this.decoder = new Decoder((unit, picture) => {
      if (this.socket !== socket) return void picture?.close();
      this.decoded(unit, picture);
    }, (unit) => this.socket === socket && this.take(unit.frame), () => this.fallBack());
    this.socket = socket;
    this.offset = new ClockOffset(); // another server may have another clock
    this.decodedFrames = 0;
    this.newestCapturedUs = 0;
    this.taken = undefined;
    this.unanswered = 0;
    this.hasOpened = false;
    socket.onopen = () => {
      this.hasOpened = true;
      this.ask(kFirstQuestions);
    };
    this.questionTimer = self.setTimeout(() => this.reopen(), kPatienceMs);
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => this.receive(event.data);
    socket.onclose = () => this.reopen();
  }

  private reopen(): void {
    clearTimeout(this.questionTimer);
    if (this.socket) this.socket.onclose = null;
    this.socket?.close();
    self.setTimeout(() => void (this.hasOpened ? this.open() : this.openOnceReachable()), kRetryMs);
  }

  // Where WebSockets fail, Chromium makes the page's next ones wait for seconds: none is opened before the hub answers.
  private async openOnceReachable(): Promise<void> {
    if (this.closed) return;
    const answer = await fetch('/health', { cache: 'no-store', signal: AbortSignal.timeout(kReachMs) }).catch(() => undefined);
    if (answer?.ok) this.open();
    else self.setTimeout(() => void this.openOnceReachable(), kRetryMs);
  }

  // A connection that has decoded something begins anew with a key frame; one that never did cannot.
  private fallBack(): void {
    if (this.decodedFrames === 0) this.jpegOnly = true;
    this.socket?.close();
  }

  // A way that is gone says nothing, not even that it is.
  private ask(firstLeft: number): void {
    clearTimeout(this.questionTimer);
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (this.unanswered === kUnanswered) return this.reopen();
    this.socket.send(clockQuestion(nowMs() * 1000));
    if (firstLeft <= 1) this.unanswered++;
    this.questionTimer = self.setTimeout(() => this.ask(Math.max(0, firstLeft - 1)), firstLeft > 1 ? kFirstQuestionsMs : kQuestionMs);
  }

  private receive(bytes: ArrayBuffer): void {
    const arrivedMs = nowMs();
    this.unanswered = 0;
    let message;
    try {
      message = parseMessage(bytes);
    } catch {
      this.socket?.close(); // not a server of this version
      return;
    }
    if (message.type === 'clock' && message.kind === 'answer') this.offset.add(message, arrivedMs * 1000);
    if (message.type !== 'unit') return;
    this.codec = message.codec;
    this.meter.arrive(arrivedMs, bytes.byteLength, message.integrity);
    this.decoder?.decode(message);
  }

  private decoded(unit: Unit, picture?: Picture): void {
    const stale = unit.capturedUs < this.newestCapturedUs || (unit.again && this.decodedFrames > 0);
    if (!picture || stale) {
      picture?.close();
      this.take(unit.frame); // it will not be painted
      return;
    }
    this.decodedFrames++;
    this.newestCapturedUs = unit.capturedUs;
    this.painter.show(unit, picture);
  }

  private painted(unit: Unit): void {
    const atMs = nowMs();
    const clock = this.offset.estimate();
    // A picture that was sent again is old by design: it says nothing of the way.
    const latencyMs = clock && !unit.again ? atMs + (clock.offsetUs - unit.capturedUs) / 1000 : undefined;
    this.meter.paint(atMs, latencyMs);
    this.take(unit.frame);
    const { frame, width, height } = unit;
    this.tell({ kind: 'painted', id: this.id, frame, width, height, ...(latencyMs === undefined ? {} : { latencyMs }) });
  }

  private take(frame: number): void {
    if (this.taken !== undefined && ((frame - this.taken) | 0) <= 0) return;
    this.taken = frame;
    this.sayTaken();
  }

  private sayTaken(): void {
    if (!this.watched || this.taken === undefined || this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(serializeTaken(this.taken));
  }

  private tellNumbers(): void {
    const boundMs = (this.offset.estimate()?.boundUs ?? 0) / 1000;
    const connected = this.socket?.readyState === WebSocket.OPEN;
    this.tell({ kind: 'numbers', id: this.id, connected, codec: this.codec, ...this.meter.numbers(nowMs(), boundMs) });
  }
}
