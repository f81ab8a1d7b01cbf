// A real sender: `glimt send test:`. No timings are asserted; a test that hangs ends by its deadline.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { receive } from '../dist/index.js';
import { freePort, glimt, isWholeJpeg, lossyRelay } from './support/glimt.mjs';

const options = { timeout: 120_000 };
const kPicture = 'test:?size=640x480&fps=30';
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function take(receiver, count) {
  const units = [];
  for await (const unit of receiver) if (units.push(unit) >= count) break;
  return units;
}

const ways = [
  ['a listening receiver, UDP', (port) => [`udp://127.0.0.1:${port}`, `udp://:${port}`]],
  ['a listening sender, UDP', (port) => [`udp://:${port}`, `udp://127.0.0.1:${port}`]],
  ['a listening receiver, TCP', (port) => [`tcp://127.0.0.1:${port}`, `tcp://:${port}`]],
  ['a listening sender, TCP', (port) => [`tcp://:${port}`, `tcp://127.0.0.1:${port}`]],
  ['a Unix socket', (port) => Array(2).fill(`unix://${tmpdir()}/glimt-js-${process.pid}-${port}.sock?socket=stream`)],
];
for (const [what, addresses] of ways) {
  test(`${what}: whole JPEGs with times`, options, async () => {
    const [to, from] = addresses(await freePort());
    const receiver = receive(from);
    const sender = glimt('send', kPicture, to);
    try {
      const units = await take(receiver, 30);
      for (const unit of units) {
        assert.deepEqual([unit.codec, unit.width, unit.height, unit.integrity], ['jpeg', 640, 480, 1]);
        assert.ok(isWholeJpeg(unit.bytes));
        assert.deepEqual(unit.clock, { offsetMs: 0, boundMs: 0 });
        assert.ok(unit.capturedAt <= unit.arrivedAt && unit.arrivedAt <= performance.now());
      }
      assert.ok(units.every((unit, i) => i === 0 || unit.frame > units[i - 1].frame));
      assert.equal(receiver.stats().refused, 0);
    } finally {
      receiver.close();
      await sender.end();
    }
  });
}

test('every picture is byte for byte what glimt recv gives', options, async () => {
  const [ours, theirs] = [await freePort(), await freePort()];
  const reference = glimt('recv', `tcp://:${theirs}?mode=every`, '-', '--format', 'mjpeg', '--once');
  const written = [];
  reference.child.stdout.on('data', (bytes) => written.push(bytes));
  const receiver = receive(`tcp://:${ours}?mode=every`, { once: true });
  const units = [];
  const reading = (async () => {
    for await (const unit of receiver) units.push(unit);
  })();
  const sender = glimt('send', kPicture, `tcp://127.0.0.1:${ours}`, `tcp://127.0.0.1:${theirs}`, '--seconds', '3');
  await Promise.all([sender.exited, reading, reference.exited]);
  const all = Buffer.concat(written);
  assert.ok(units.length > 30, `${units.length} pictures\n${sender.log()}`);
  const missing = units.filter(({ bytes }) => all.indexOf(bytes) < 0);
  assert.ok(missing.length <= 2, `${missing.length} of ${units.length} were not written by glimt recv`); // who joined first saw them alone
});

test('5 % of all packets lost both ways: pictures come whole, byte for byte, repaired', options, async () => {
  const [lossyPort, cleanPort] = [await freePort(), await freePort()];
  const relay = await lossyRelay(lossyPort, 0.05);
  const lossy = receive(`udp://127.0.0.1:${lossyPort}?listen&mode=every&latency=500ms`);
  const clean = receive(`tcp://127.0.0.1:${cleanPort}?listen&mode=every`);
  const digests = new Map();
  const comparing = (async () => {
    for await (const unit of clean) digests.set(unit.frame, digest(unit.bytes));
  })();
  const sender = glimt('send', kPicture, `udp://127.0.0.1:${relay.port}`, `tcp://127.0.0.1:${cleanPort}`);
  try {
    const units = await take(lossy, 300);
    const span = units.at(-1).frame - units[0].frame + 1;
    const stats = lossy.stats();
    assert.ok(relay.counters.lost > 100, JSON.stringify(relay.counters));
    assert.ok(units.every(({ bytes }) => isWholeJpeg(bytes)));
    const differing = units.filter(({ frame, bytes }) => digests.has(frame) && digests.get(frame) !== digest(bytes));
    const compared = units.filter(({ frame }) => digests.has(frame)).length;
    assert.deepEqual(differing, []);
    assert.ok(compared > 200, `${compared} compared`);
    assert.ok(stats.recovered > 0 && stats.asked > 0, JSON.stringify(stats));
    const skipped = stats.skipped; // left out by the sender, and not lost
    assert.ok(units.length >= 0.97 * (span - skipped), `${units.length} of ${span} frames whole, ${skipped} skipped`);
    console.log(`${units.length} of ${span} frames whole (${skipped} left out by the sender, ${stats.lost} lost, ${stats.late} late), ${stats.recovered} packets recovered, ${stats.asked} asked, ${relay.counters.lost} of the packets lost`);
  } finally {
    lossy.close();
    clean.close();
    await Promise.all([sender.end(), comparing]);
    relay.close();
  }
});

test('H.264 begins with a key frame and goes on without a gap', options, async () => {
  const port = await freePort();
  const receiver = receive(`udp://:${port}?mode=every`);
  const sender = glimt('send', kPicture, `udp://127.0.0.1:${port}`, '--codec', 'h264');
  try {
    const units = await take(receiver, 40);
    assert.ok(units[0].keyFrame && units.every(({ codec }) => codec === 'h264'));
    units.slice(1).forEach((unit, i) => assert.ok(unit.keyFrame || unit.frame === units[i].frame + 1));
  } finally {
    receiver.close();
    await sender.end();
  }
});

test('a sender that was killed and started again is met anew', options, async () => {
  const port = await freePort();
  const receiver = receive(`udp://127.0.0.1:${port}`);
  for (let life = 0; life < 2; life++) {
    const sender = glimt('send', kPicture, `udp://127.0.0.1:${port}?listen`);
    for (let i = 0; i < 10; i++) assert.ok(isWholeJpeg((await receiver.next()).value.bytes));
    sender.child.kill('SIGKILL');
    await sender.exited;
  }
  assert.equal(receiver.stats().sessions, 2);
  receiver.close();
});

test('the format of older scripts, countdown', options, async () => {
  const port = await freePort();
  const receiver = receive(`udp://:${port}?wire=countdown`);
  const sender = glimt('send', 'test:?size=1280x720&fps=30', `udp://127.0.0.1:${port}?wire=countdown`);
  try {
    for (const { bytes, width, height } of await take(receiver, 20)) {
      assert.deepEqual([width, height], [1280, 720]);
      assert.ok(isWholeJpeg(bytes));
    }
  } finally {
    receiver.close();
    await sender.end();
  }
});

test('the iteration ends with the stream where that is asked for, by close() and by a signal', options, async () => {
  const port = await freePort();
  const receiver = receive(`tcp://:${port}`, { once: true });
  const sender = glimt('send', kPicture, `tcp://127.0.0.1:${port}`, '--seconds', '1');
  let count = 0;
  for await (const unit of receiver) count += unit.codec === 'jpeg' ? 1 : 0;
  assert.ok(count > 0);
  await sender.exited;
  const controller = new AbortController();
  const waiting = receive(`tcp://:${port}`, { signal: controller.signal }).next();
  controller.abort();
  assert.equal((await waiting).done, true);
});

test('an address that is taken fails with the reason', options, async () => {
  const port = await freePort();
  const first = receive(`udp://127.0.0.1:${port}?listen`);
  await new Promise((resolve) => setImmediate(resolve));
  const second = receive(`udp://127.0.0.1:${port}?listen`);
  await assert.rejects(second.next(), /EADDRINUSE/);
  first.close();
});
