// watch(): access units of a hub's stream over WebSocket, in a page or in Node 22. docs/websocket.md.
import { ClockOffset, clockQuestion, kSubprotocol, parseMessage, Refusal, serializeClock, serializeTaken } from './live.js';
import type { Unit } from './live.js';

const kFirstQuestions = 8;
const kUnanswered = 5; // questions, a second apart: then the way is gone
const kPatienceMs = 5000; // for a connection to open
const kCredit = 2; // units on their way that TAKEN has not named
const nowUs = () => performance.now() * 1000;

export interface WatchedUnit extends Unit {
  /** Milliseconds of this page's steady clock: `performance.now() - unit.capturedAt` is its age; empty while the clock is not known. */
  capturedAt: number | undefined;
  boundMs: number | undefined;
}

/** What has come and was not looked at; clocks are answered at once. */
class Inbox {
  private readonly units: Unit[] = [];
  private refusal: Refusal | undefined;
  private closed = false;
  private wake: () => void = () => undefined;
  readonly clock = new ClockOffset();
  unanswered = 0;

  constructor(private readonly socket: WebSocket) {
    socket.addEventListener('message', (event) => this.onMessage(event.data as ArrayBuffer));
    socket.addEventListener('close', () => this.close());
  }

  close(): void {
    this.closed = true;
    this.wake();
  }

  private onMessage(data: ArrayBuffer): void {
    this.unanswered = 0;
    try {
      const message = parseMessage(data);
      if (message.type === 'unit' && this.units.length === kCredit) throw new Refusal('the server sends beyond its credit');
      if (message.type === 'unit') this.units.push(message);
      else if (message.type === 'clock' && message.kind === 'answer') this.clock.add(message, nowUs());
      else if (message.type === 'clock') {
        const now = nowUs();
        this.socket.send(serializeClock({ kind: 'answer', askedUs: message.askedUs, receivedUs: now, answeredUs: now }));
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refusal = error;
      this.socket.close();
    }
    this.wake();
  }

  async next(): Promise<Unit | undefined> {
    while (this.units.length === 0 && !this.closed && !this.refusal) await new Promise<void>((wake) => (this.wake = wake));
    if (this.refusal) throw this.refusal;
    return this.units.shift();
  }
}

function askClock(socket: WebSocket, inbox: Inbox): () => void {
  let asked = 0;
  let timer = setTimeout(() => inbox.close(), kPatienceMs);
  socket.addEventListener('open', function ask() {
    clearTimeout(timer);
    if (socket.readyState !== 1) return;
    // A way that is gone says nothing, not even that it is.
    if (inbox.unanswered === kUnanswered) return inbox.close();
    socket.send(clockQuestion(nowUs()));
    const often = ++asked < kFirstQuestions;
    if (!often) inbox.unanswered++;
    timer = setTimeout(ask, often ? 20 : 1000);
  });
  socket.addEventListener('close', () => clearTimeout(timer));
  return () => clearTimeout(timer);
}

/** `url` as in ws://host:8080/live/cam0. Ends with the connection, and where nothing is heard of the hub for 5 s; at most two units wait for whoever is slow. */
export async function* watch(url: string): AsyncGenerator<WatchedUnit, void, undefined> {
  const socket = new WebSocket(url, kSubprotocol);
  socket.binaryType = 'arraybuffer';
  const inbox = new Inbox(socket);
  const stopAsking = askClock(socket, inbox);
  try {
    for (let unit = await inbox.next(); unit; unit = await inbox.next()) {
      const known = inbox.clock.estimate();
      const capturedAt = known && (unit.capturedUs - known.offsetUs) / 1000;
      yield { ...unit, capturedAt, boundMs: known && known.boundUs / 1000 };
      if (socket.readyState === 1) socket.send(serializeTaken(unit.frame));
    }
  } finally {
    stopAsking();
    socket.close();
  }
}
