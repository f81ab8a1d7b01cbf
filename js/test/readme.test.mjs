// The README's samples and the examples, run as they stand but for the port.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { watch } from '../dist/watch.js';
import { serializeDescriptor } from '../dist/wire/descriptor.js';
import { parseMessage } from '../dist/live.js';
import { freePort, glimt, isWholeJpeg } from './support/glimt.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const samples = [...readFileSync(here('../README.md'), 'utf8').matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
const kPicture = 'test:?size=320x240&fps=30';

async function run(file, ...args) {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes));
  const [code] = await once(child, 'exit');
  assert.equal(code, 0, output);
  return output;
}

samples.filter((code) => code.includes('receive(')).forEach((code, i) => {
  test(`sample ${i + 1} of the README runs`, { timeout: 60_000 }, async () => {
    const port = await freePort();
    const file = here(`../dist/readme_sample_${i}.mjs`); // within the package, which it names
    writeFileSync(file, code.replaceAll('5000', port));
    const sender = glimt('send', kPicture, `udp://127.0.0.1:${port}`);
    try {
      assert.match(await run(file), /320x240|whole/);
    } finally {
      await sender.end();
      rmSync(file);
    }
  });
});

test('save-frames saves whole pictures', { timeout: 60_000 }, async () => {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'glimt-js-'))];
  const sender = glimt('send', kPicture, `udp://127.0.0.1:${port}`);
  try {
    await run(here('../examples/save-frames.mjs'), `udp://:${port}`, folder, '5');
    const names = readdirSync(folder);
    assert.equal(names.length, 5);
    for (const name of names) assert.ok(isWholeJpeg(readFileSync(join(folder, name))), name);
  } finally {
    await sender.end();
    rmSync(folder, { recursive: true });
  }
});

// What a page's WebSocket says and hears; the real server is tested with a real browser.
class FakeSocket extends EventTarget {
  static last;
  readyState = 1;
  sent = [];
  constructor(url, protocol) {
    super();
    Object.assign(this, { url, protocol });
    FakeSocket.last = this;
  }
  send(bytes) {
    this.sent.push(parseMessage(bytes));
  }
  close() {
    this.readyState = 3;
    this.dispatchEvent(new Event('close'));
  }
  say(bytes) {
    this.dispatchEvent(Object.assign(new Event('message'), { data: new Uint8Array(bytes).buffer }));
  }
}

function unitMessage(frame) {
  const head = serializeDescriptor({
    codec: 'jpeg', pixelFormat: 'bgr24', width: 4, height: 4, strips: 1, capturedUs: 5000, clockId: 1n, metadata: new Uint8Array(0), again: false,
  });
  return [1, 1, 255, 255, frame, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...head, 0xff, 0xd8, 0xff, 0xd9];
}

test('watch() gives units, says what it is done with, and asks for the clock', async () => {
  globalThis.WebSocket = FakeSocket;
  const units = watch('ws://host/live/cam0');
  const first = units.next();
  const socket = FakeSocket.last;
  assert.deepEqual([socket.url, socket.protocol, socket.binaryType], ['ws://host/live/cam0', 'glimt.1', 'arraybuffer']);
  socket.dispatchEvent(new Event('open'));
  assert.deepEqual([socket.sent[0].type, socket.sent[0].kind], ['clock', 'question']);
  socket.say(unitMessage(7));
  assert.equal((await first).value.frame, 7);
  const second = units.next();
  assert.deepEqual(socket.sent.filter(({ type }) => type === 'taken'), [{ type: 'taken', frame: 7 }]);
  socket.say(unitMessage(8));
  assert.ok(isWholeJpeg((await second).value.bytes));
  await units.return();
  assert.equal(socket.readyState, 3);
});

test('watch() ends with what breaks the format', async () => {
  globalThis.WebSocket = FakeSocket;
  const first = watch('ws://host/live/cam0').next();
  FakeSocket.last.say([9]);
  await assert.rejects(first, /type 9/);
  assert.equal(FakeSocket.last.readyState, 3);
});
