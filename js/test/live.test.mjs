import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockQuestion, ClockOffset, parseBoxes, parseMessage, Refusal, serializeClock, serializeTaken } from '../dist/live.js';
import { ByteWriter } from '../dist/wire/bytes.js';
import { serializeDescriptor } from '../dist/wire/descriptor.js';

const kBoxes = '{"boxes":[{"label":"face","x":10,"y":20,"width":30,"height":40,"score":0.9}]}';
const text = (value) => new TextEncoder().encode(value);
const descriptor = {
  codec: 'jpeg', pixelFormat: 'bgr24', width: 640, height: 480, strips: 8, capturedUs: 1_234_567_890_123, clockId: 99n,
  encodedAfterUs: 2500, metadata: text(kBoxes), again: false,
};

function unit({ flags = 1, integrity = 65_535, bytes = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9) } = {}) {
  const head = serializeDescriptor(descriptor);
  const out = new ByteWriter(16 + head.length + bytes.length).u8(1).u8(flags).u16(integrity).u32(7).i64(1_234_567_899_999);
  return out.put(head).put(bytes).bytes;
}

test('a unit is read with its times, boxes and bytes', () => {
  const message = parseMessage(unit());
  const { type, frame, handedUs, integrity, keyFrame, discontinuity, bytes } = message;
  assert.deepEqual(
    { type, frame, handedUs, integrity, keyFrame, discontinuity },
    { type: 'unit', frame: 7, handedUs: 1_234_567_899_999, integrity: 1, keyFrame: true, discontinuity: false },
  );
  for (const [name, value] of Object.entries(descriptor)) assert.deepEqual(message[name], value, name);
  assert.deepEqual([...bytes], [0xff, 0xd8, 0xff, 0xd9]);
  assert.deepEqual(parseBoxes(message.metadata), JSON.parse(kBoxes).boxes);
});

test('flags and integrity say what is missing', () => {
  const message = parseMessage(unit({ flags: 2, integrity: 0 }));
  assert.deepEqual([message.keyFrame, message.discontinuity, message.integrity], [false, true, 0]);
});

test('TAKEN and CLOCK are read as they were written', () => {
  assert.deepEqual(parseMessage(serializeTaken(0xffffffff)), { type: 'taken', frame: 0xffffffff });
  const clock = { kind: 'answer', askedUs: 5, receivedUs: -7, answeredUs: 2 ** 45 };
  assert.deepEqual(parseMessage(serializeClock(clock)), { type: 'clock', ...clock });
  assert.equal(parseMessage(clockQuestion(12)).askedUs, 12);
});

test('whatever is cut off, too long or unknown is refused', () => {
  const whole = unit();
  for (let length = 0; length < whole.length - 4; length++) {
    assert.throws(() => parseMessage(whole.slice(0, length)), Refusal, `${length} bytes`);
  }
  assert.throws(() => parseMessage(Uint8Array.of(...serializeTaken(1), 0)), Refusal);
  assert.throws(() => parseMessage(Uint8Array.of(9, 0, 0, 0)), Refusal);
});

test('the offset is that of the probe with the least round trip', () => {
  const offset = new ClockOffset();
  assert.equal(offset.estimate(), undefined);
  offset.add({ kind: 'answer', askedUs: 0, receivedUs: 1500, answeredUs: 1500 }, 2000);
  offset.add({ kind: 'answer', askedUs: 5000, receivedUs: 6100, answeredUs: 6100 }, 5200);
  assert.deepEqual(offset.estimate(), { offsetUs: 1000, boundUs: 100, rttUs: 200 });
});

test('metadata that is no boxes has none', () => {
  const box = (changes) => JSON.stringify({ boxes: [{ label: 'a', x: 0, y: 0, width: 1, height: 1, ...changes }] });
  assert.equal(parseBoxes(text(box({}))).length, 1);
  assert.equal(parseBoxes(text(box({})))[0].score, 1);
  assert.equal(parseBoxes(text(box({ more: 'members' }))).length, 1);
  const wrong = [{ x: -1 }, { width: 0 }, { x: 65_536 }, { y: 1.5 }, { label: 7 }, { label: 'x'.repeat(65) }, { score: 2 }, { more: { deeper: 1 } }];
  for (const changes of wrong) assert.deepEqual(parseBoxes(text(box(changes))), [], JSON.stringify(changes));
  for (const other of ['', 'x', '{', '[]', '{}', '{"boxes":7}', '{"boxes":' + '['.repeat(5000)]) assert.deepEqual(parseBoxes(text(other)), []);
  assert.deepEqual(parseBoxes(Uint8Array.of(0x7b, 0xff, 0xfe)), []);
});
