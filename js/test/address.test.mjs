import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GlimtError, receive } from '../dist/index.js';
import { parseAddress } from '../dist/receive/address.js';
import { Unframer } from '../dist/receive/tcp.js';

const rows = [
  ['udp://:5000', { scheme: 'udp', host: '', port: 5000, listens: true, mode: 'latest', latencyMs: 100 }],
  ['udp://@:5000', { host: '', listens: true }],
  ['udp://0.0.0.0:5000', { listens: true }],
  ['udp://127.0.0.1:5000', { host: '127.0.0.1', listens: false, wire: 'native' }],
  ['udp://127.0.0.1:5000?listen', { host: '127.0.0.1', listens: true }],
  ['tcp://[::1]:7000?mode=every&latency=1.5s', { scheme: 'tcp', host: '::1', listens: false, mode: 'every', latencyMs: 1500 }],
  ['unix:///tmp/cam.sock?socket=stream&mode=every', { scheme: 'unix', path: '/tmp/cam.sock', listens: false, mode: 'every' }],
  ['udp://:5000?wire=countdown&max_frame=2M', { wire: 'countdown', maxFrameBytes: 2 << 20 }],
];
for (const [text, expected] of rows) {
  test(`${text} is read as glimt recv reads it`, () => {
    const address = parseAddress(text);
    for (const [name, value] of Object.entries(expected)) assert.equal(address[name], value, name);
  });
}

const refusals = [
  ['unix:///tmp/cam.sock', 'unsupported', /SOCK_SEQPACKET.*\?socket=stream/],
  ['unix://?socket=stream', 'invalid_argument', /path/],
  ['unix:///tmp/cam.sock?socket=stream&listen', 'unsupported', /sender listens/],
  ['unix:///tmp/cam.sock?socket=stream&wire=countdown', 'invalid_argument', /udp/],
  ['udp://:5000?socket=stream', 'invalid_argument', /unix:/],
  ['unix:///tmp/cam.sock?wire=countdown', 'unsupported', /SOCK_SEQPACKET/],
  ['glimt://cam0', 'unsupported', /glimt recv/],
  ['udp://239.1.2.3:5000?listen', 'unsupported', /one-way/],
  ['udp://:5000?feedback=off', 'unsupported', /one-way/],
  ['udp://:5000?key=abc', 'unsupported', /tunnel/],
  ['tcp://:5000?wire=pickle-q', 'unsupported', /pickle-q/],
  ['http://host:80', 'unsupported', /known: udp, tcp/],
  ['tcp://:5000?wire=countdown', 'invalid_argument', /udp/],
  ['udp://host:5000?wire=countdown', 'invalid_argument', /listen/],
  ['udp://host', 'invalid_argument', /port/],
  ['udp://:0', 'invalid_argument', /port/],
  ['udp://:5000?mode=none', 'invalid_argument', /latest or every/],
  ['udp://:5000?latency=fast', 'invalid_argument', /100ms/],
  ['udp://:5000?nonsense=1', 'invalid_argument', /unknown option/],
  ['camera', 'invalid_argument', /udp:\/\/:5000/],
];
for (const [text, kind, cure] of refusals) {
  test(`${text} is refused with the cure`, () => {
    assert.throws(() => receive(text), (error) => error instanceof GlimtError && error.kind === kind && cure.test(error.message));
  });
}

test('packets are taken out of a byte stream wherever it is cut', () => {
  const stream = Buffer.from([2, 0, 0, 0, 7, 8, 1, 0, 0, 0, 9, 3, 0, 0, 0, 1, 2, 3]);
  for (let size = 1; size <= stream.length; size++) {
    const unframer = new Unframer();
    const packets = [];
    for (let at = 0; at < stream.length; at += size) assert.ok(unframer.push(stream.subarray(at, at + size), (bytes) => packets.push([...bytes])));
    assert.deepEqual(packets, [[7, 8], [9], [1, 2, 3]]);
  }
});

test('a length that cannot be ends the connection before memory is taken', () => {
  for (const length of [0, 32_817, 0xffffffff]) {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(length);
    assert.equal(new Unframer().push(head, () => assert.fail()), false);
  }
});
