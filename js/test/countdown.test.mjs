import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CountdownReassembler } from '../dist/receive/countdown_reassembler.js';

// A JPEG as far as its markers go: SOI, SOF0 of 16 x 8, SOS, data, EOI.
function jpeg(size, fill) {
  const head = [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 8, 0, 16, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
  return Uint8Array.from([...head, ...new Array(size - head.length - 2).fill(fill), 0xff, 0xd9]);
}

function datagramsOf(picture, size) {
  const count = Math.ceil(picture.length / size);
  return Array.from({ length: count }, (_, i) => Uint8Array.from([count - i, ...picture.subarray(i * size, (i + 1) * size)]));
}

function fixture() {
  const reassembler = new CountdownReassembler(1 << 20);
  let now = 0;
  return {
    reassembler,
    wait: (us) => (now += us),
    push: (datagram, from = '10.0.0.5 9') => reassembler.push(from, datagram, (now += 100)),
    settled: () => reassembler.settled(now),
  };
}

test('a picture in one and in several datagrams comes as it was', () => {
  for (const size of [5000, 100]) {
    const f = fixture();
    const pictures = datagramsOf(jpeg(1000, 7), size).flatMap((datagram) => f.push(datagram));
    assert.deepEqual(pictures.map(({ bytes }) => bytes), [jpeg(1000, 7)]);
    assert.deepEqual(pictures[0].layout, { width: 16, height: 8, components: 1 });
  }
});

test('a picture that lacks a datagram is given up, and the next one comes once no second end has', () => {
  const f = fixture();
  const torn = datagramsOf(jpeg(1000, 7), 400);
  f.push(torn[0]);
  f.wait(30_000);
  const whole = datagramsOf(jpeg(1000, 8), 400);
  assert.deepEqual(whole.flatMap((datagram) => f.push(datagram)), []);
  f.wait(5_000);
  assert.deepEqual(f.settled().map(({ bytes }) => bytes), [jpeg(1000, 8)]);
  assert.equal(f.reassembler.counters.lost, 1);
});

test('a late end in front of the true one does not tear a picture', () => {
  const f = fixture();
  const former = datagramsOf(jpeg(1000, 7), 400);
  f.push(former[0]);
  const next = datagramsOf(jpeg(1000, 8), 400);
  f.push(next[0]);
  f.push(next[1]);
  assert.deepEqual(f.push(former[2]), []);
  assert.deepEqual(f.push(next[2]), []);
  f.wait(10_000);
  assert.deepEqual(f.settled(), []);
});

test('another sender is followed after a second of silence', () => {
  const f = fixture();
  const [one] = datagramsOf(jpeg(100, 1), 5000);
  assert.equal(f.push(one).length, 1);
  assert.equal(f.push(one, '10.0.0.6 9').length, 0);
  assert.equal(f.reassembler.counters.stray, 1);
  f.wait(1_000_000);
  assert.equal(f.push(one, '10.0.0.6 9').length, 1);
});
