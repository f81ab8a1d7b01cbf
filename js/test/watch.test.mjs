// watch() beside a server that does what it should not, in the test's own WebSocket.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Refusal } from '../dist/live.js';
import { watch } from '../dist/watch.js';
import { ByteWriter } from '../dist/wire/bytes.js';
import { serializeDescriptor } from '../dist/wire/descriptor.js';

const descriptor = {
  codec: 'jpeg', pixelFormat: 'bgr24', width: 64, height: 48, strips: 1, capturedUs: 1000, clockId: 1n, encodedAfterUs: 1, metadata: new Uint8Array(), again: false,
};

function unit(frame) {
  const head = serializeDescriptor(descriptor);
  return new ByteWriter(16 + head.length + 4).u8(1).u8(1).u16(65_535).u32(frame).i64(2000).put(head).put(Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)).bytes;
}

let socket;
class ServedSocket extends EventTarget {
  readyState = 1;
  sent = [];
  constructor() {
    super();
    socket = this;
  }
  send(bytes) {
    this.sent.push(bytes);
  }
  close() {
    this.readyState = 3;
    this.dispatchEvent(new Event('close'));
  }
  says(bytes) {
    this.dispatchEvent(Object.assign(new Event('message'), { data: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) }));
  }
}
const before = globalThis.WebSocket;
globalThis.WebSocket = ServedSocket;
afterEach(() => socket?.close());
process.on('exit', () => (globalThis.WebSocket = before));

test('a unit is handed out, and named in TAKEN once the next is asked for', async () => {
  const units = watch('ws://hub/live/cam0');
  const first = units.next();
  socket.says(unit(7));
  assert.equal((await first).value.frame, 7);
  assert.equal(socket.sent.length, 0);
  const second = units.next();
  socket.says(unit(8));
  assert.equal((await second).value.frame, 8);
  assert.deepEqual([...socket.sent[0]], [3, 0, 0, 0, 7, 0, 0, 0]);
});

test('two units wait for whoever is slow; a third is refused, and the connection ends', async () => {
  const units = watch('ws://hub/live/cam0');
  const first = units.next();
  socket.says(unit(1));
  await first;
  for (const frame of [2, 3, 4]) socket.says(unit(frame));
  assert.equal(socket.readyState, 3);
  await assert.rejects(units.next(), (error) => error instanceof Refusal && /credit/.test(error.message));
});

test('what breaks the format is refused, and the end of the connection ends the iteration', async () => {
  const units = watch('ws://hub/live/cam0');
  const next = units.next();
  socket.says(Uint8Array.of(9, 9, 9));
  await assert.rejects(next, Refusal);
  const others = watch('ws://hub/live/cam0');
  const last = others.next();
  socket.close();
  assert.equal((await last).done, true);
});

// Timers that come when the test says so; the newest, where one stands.
function takeTimers(t) {
  const timers = new Map();
  const { setTimeout, clearTimeout } = globalThis;
  t.after(() => Object.assign(globalThis, { setTimeout, clearTimeout }));
  let count = 0;
  globalThis.setTimeout = (wake, ms) => (timers.set(++count, { wake, ms }), count);
  globalThis.clearTimeout = (id) => timers.delete(id);
  return {
    waits: () => [...timers.values()].map(({ ms }) => ms),
    fire: () => {
      const [id, { wake }] = [...timers].at(-1);
      timers.delete(id);
      wake();
    },
  };
}

test('five questions without an answer end it, however long they took; any word of the hub counts', async (t) => {
  const timers = takeTimers(t);
  const units = watch('ws://hub/live/cam0');
  const first = units.next();
  socket.dispatchEvent(new Event('open'));
  for (let i = 0; i < 7 + 4; i++) timers.fire();
  socket.says(unit(1));
  assert.equal((await first).value.frame, 1);
  const ended = units.next();
  for (let i = 0; i < 6; i++) timers.fire();
  assert.equal((await ended).done, true);
  assert.equal(socket.readyState, 3);
});

test('a connection that does not open is given up, and one that does is not', async (t) => {
  const timers = takeTimers(t);
  const ended = watch('ws://hub/live/cam0').next();
  assert.deepEqual(timers.waits(), [5000]);
  timers.fire();
  assert.deepEqual(await ended, { value: undefined, done: true });
  assert.equal(socket.readyState, 3);

  const first = watch('ws://hub/live/cam0').next();
  socket.dispatchEvent(new Event('open'));
  assert.ok(timers.waits().every((ms) => ms < 5000));
  socket.says(unit(1));
  assert.equal((await first).value.frame, 1);
});
