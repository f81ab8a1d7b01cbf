import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reassembler } from '../dist/receive/reassembler.js';
import { chance, shuffle } from './support/chance.mjs';
import { kPayload, packetsOf } from './support/packets.mjs';

const kMs = 1000;

function fixture({ mode = 'latest', latencyMs = 100, reliable = false, maxUnitBytes = 1 << 20 } = {}) {
  const units = [];
  const fates = [];
  const reassembler = new Reassembler(
    { limits: { payloadBytes: kPayload, maxUnitBytes }, mode, latencyUs: latencyMs * kMs, reliable },
    { whole: (assembly) => units.push({ frame: assembly.header.frame, ...assembly.take() }), fate: (fate) => fates.push(fate) },
  );
  let number = 0;
  let now = 1_000_000;
  const push = (packet) =>
    packet.symbol ? reassembler.pushParity(packet, ++number, now) : reassembler.pushData(packet, ++number, now);
  const wait = (ms) => reassembler.expire((now += ms * kMs));
  return { reassembler, units, fates, push, wait, frames: () => units.map(({ frame }) => frame), lose: () => number++ };
}

const bytes = (length, seed = 1) => {
  const random = chance(seed);
  return Uint8Array.from({ length }, () => random() * 256);
};

test('strips and blocks in any order, repeated and lost up to the parity, give the same bytes or nothing else', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = chance(seed);
    const strips = Array.from({ length: 1 + Math.floor(random() * 5) }, (_, i) => bytes(1 + random() * 3000, seed * 10 + i));
    const blocks = 1 + Math.floor(random() * 4);
    const { data, parity } = packetsOf({ frame: 5, strips, blocks, rows: 6 });
    const lost = new Set();
    for (const block of new Set(data.map((packet) => packet.block))) {
      shuffle(data.filter((packet) => packet.block === block), random).slice(0, 6).forEach((packet) => lost.add(packet));
    }
    const f = fixture();
    shuffle([...data.filter((packet) => !lost.has(packet)), ...parity, ...data.slice(0, 3).filter((packet) => !lost.has(packet))], random).forEach(f.push);
    assert.deepEqual(f.frames(), [5], `seed ${seed}`);
    assert.deepEqual(Buffer.from(f.units[0].bytes), Buffer.concat(strips), `seed ${seed}`);
    assert.ok(f.reassembler.counters.refused === 0);
  }
});

test('more than a group of 128 symbols a block opens a further group', () => {
  const picture = bytes(kPayload * 300);
  const { data } = packetsOf({ frame: 1, strips: [picture], blocks: 2 });
  assert.equal(Math.max(...data.map(({ block }) => block)), 3);
  const f = fixture();
  data.forEach(f.push);
  assert.deepEqual(f.frames(), [1]);
});

test('latest: a whole newer frame comes at once, the older one is late', () => {
  const f = fixture();
  const older = packetsOf({ frame: 1, strips: [bytes(200)] }).data;
  f.push(older[0]);
  packetsOf({ frame: 2, strips: [bytes(200)] }).data.forEach(f.push);
  assert.deepEqual(f.frames(), [2]);
  older.slice(1).forEach(f.push);
  assert.deepEqual(f.frames(), [2]);
  assert.deepEqual(f.fates.map(({ frame, fate }) => [frame, fate]), [[2, 1], [1, 2]]);
});

test('every: frames come in order, each waits until the one before it is overdue', () => {
  const f = fixture({ mode: 'every', latencyMs: 40 });
  f.push(packetsOf({ frame: 1, strips: [bytes(200)] }).data[0]);
  packetsOf({ frame: 2, strips: [bytes(200)] }).data.forEach(f.push);
  f.wait(39);
  assert.deepEqual(f.frames(), []);
  f.wait(2);
  assert.deepEqual(f.frames(), [2]);
  assert.equal(f.reassembler.counters.lost, 1);
});

test('what is missing is asked for once a later frame has begun, and its answer makes the frame whole', () => {
  const f = fixture({ mode: 'every' });
  f.reassembler.rttUs = 5000;
  const picture = bytes(1000);
  const { data, parity } = packetsOf({ frame: 1, strips: [picture], rows: 4 });
  data.forEach((packet, i) => (i === 3 || i === 4 ? f.lose() : f.push({ ...packet, m: 0 })));
  f.push(packetsOf({ frame: 2, strips: [bytes(500)] }).data[0]);
  f.wait(2);
  assert.deepEqual(f.reassembler.deficits.map(({ frame, block, have, round }) => [frame, block, have, round]), [[1, 0, data.length - 2, 1]]);
  assert.ok(f.reassembler.awaits(f.reassembler.deficits[0]));
  f.push(parity[2]);
  f.push(parity[0]);
  assert.deepEqual(f.frames(), [1]);
  assert.deepEqual(Buffer.from(f.units[0].bytes), Buffer.from(picture));
});

test('nothing is asked for where nothing is lost', () => {
  const f = fixture();
  for (let frame = 1; frame < 50; frame++) {
    packetsOf({ frame, strips: [bytes(900, frame)] }).data.forEach(f.push);
    f.wait(33);
  }
  assert.equal(f.reassembler.counters.whole, 49);
  assert.deepEqual(f.reassembler.deficits, []);
});

test('frames that depend on a lost one are held back until a key frame, which is asked for', () => {
  const f = fixture({ latencyMs: 20 });
  const send = (frame, key) => packetsOf({ frame, strips: [bytes(300)], key, codec: 'h264' }).data.forEach(f.push);
  send(1, true);
  send(3, false);
  f.wait(40);
  assert.equal(f.reassembler.keyWantedAfter(false), 3);
  send(4, false);
  send(5, true);
  send(6, false);
  assert.deepEqual(f.frames(), [1, 5, 6]);
  assert.equal(f.reassembler.keyWantedAfter(false), undefined);
});

test('frames that the sender leaves out are not lost', () => {
  const f = fixture({ mode: 'every' });
  packetsOf({ frame: 1, strips: [bytes(100)] }).data.forEach(f.push);
  f.reassembler.skip({ first: 2, count: 3 }, 1_000_000);
  packetsOf({ frame: 5, strips: [bytes(100)] }).data.forEach(f.push);
  assert.deepEqual(f.frames(), [1, 5]);
  assert.equal(f.reassembler.counters.lost, 0);
  assert.equal(f.reassembler.counters.skipped, 3);
});

test('frame numbers wrap around', () => {
  const f = fixture({ mode: 'every' });
  for (const frame of [0xfffffffe, 0xffffffff, 0, 1]) packetsOf({ frame, strips: [bytes(100)] }).data.forEach(f.push);
  assert.deepEqual(f.frames(), [0xfffffffe, 0xffffffff, 0, 1]);
});

test('packets that contradict what is there are refused', () => {
  const f = fixture();
  const { data } = packetsOf({ frame: 1, strips: [bytes(300), bytes(300)] });
  f.push(data[0]);
  for (const lie of [{ blocks: 2 }, { strips: 3 }, { capturedUs: 5 }, { flags: 0 }, { k: 2 }]) f.push({ ...data[1], ...lie });
  assert.equal(f.reassembler.counters.refused, 5);
  data.slice(1).forEach(f.push);
  assert.deepEqual(f.frames(), [1]);
});

test('rows of something else give no pixel: the block waits for its data', () => {
  const f = fixture();
  const { data } = packetsOf({ frame: 1, strips: [bytes(1000)], rows: 2 });
  const { parity } = packetsOf({ frame: 1, strips: [bytes(1000, 99)], rows: 2 });
  data.slice(2).forEach(f.push);
  parity.forEach(f.push);
  assert.deepEqual(f.frames(), []);
  data.slice(0, 2).forEach(f.push);
  assert.ok(f.units.length === 0 || Buffer.from(f.units[0].bytes).equals(Buffer.from(bytes(1000))));
});
