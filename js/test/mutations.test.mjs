// Seeded mutations of golden packets and of whole frames: nothing but refusals, and bounded memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMessage } from '../dist/live.js';
import { parseBoxes } from '../dist/wire/boxes.js';
import { ByteReader, Refusal } from '../dist/wire/bytes.js';
import { parseClock } from '../dist/wire/clock.js';
import { splitDescriptor } from '../dist/wire/descriptor.js';
import { parseFeedback } from '../dist/wire/feedback.js';
import { parseClose, parseHello, parseSkip } from '../dist/wire/hello.js';
import { readJpeg } from '../dist/wire/jpeg.js';
import { parseData, parsePacket, parseParity, sealPacket, serializeData, serializeParity } from '../dist/wire/packet.js';
import { CountdownReassembler } from '../dist/receive/countdown_reassembler.js';
import { Reassembler } from '../dist/receive/reassembler.js';
import { chance } from './support/chance.mjs';
import { goldenPackets, kPayload, packetsOf } from './support/packets.mjs';

const kRounds = 20_000;

function refusesOrReads(parse) {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

function mutate(bytes, random) {
  let out = Uint8Array.from(bytes);
  for (let i = 1 + Math.floor(random() * 4); i > 0 && out.length > 0; i--) {
    const at = Math.floor(random() * out.length);
    const what = random();
    if (what < 0.6) out[at] = random() * 256;
    else if (what < 0.8) out = out.slice(0, at);
    else out = Uint8Array.from([...out.slice(0, at), random() * 256, ...out.slice(at)]);
  }
  return out;
}

test('every parser refuses or reads what golden packets have become', () => {
  const random = chance(1);
  const golden = goldenPackets().map(({ bytes }) => bytes);
  let refused = 0;
  for (let round = 0; round < kRounds; round++) {
    const bytes = mutate(golden[Math.floor(random() * golden.length)], random);
    if (!refusesOrReads(() => parsePacket(bytes))) refused++;
    const packet = { header: {}, body: bytes.slice(16, -16) };
    for (const parse of [parseData, parseParity]) refusesOrReads(() => parse(packet));
    for (const parse of [parseHello, parseFeedback, parseClose, parseSkip, splitDescriptor, parseMessage]) {
      refusesOrReads(() => parse(packet.body));
    }
    refusesOrReads(() => parseClock(new ByteReader(packet.body)));
    parseBoxes(packet.body);
    readJpeg(packet.body);
  }
  assert.ok(refused > kRounds * 0.99, 'the checksum finds what was changed');
});

test('a sender that lies in sealed packets gets nothing but refusals, and no more memory than its frames', () => {
  const random = chance(2);
  const limits = { payloadBytes: kPayload, maxUnitBytes: 1 << 16 };
  const reassembler = new Reassembler({ limits, mode: 'latest', latencyUs: 100_000, reliable: false }, {
    whole: (assembly) => assert.ok(assembly.take().bytes.length <= limits.maxUnitBytes + kPayload),
    fate: () => undefined,
  });
  const header = { type: 2, epoch: 0, stream: 0, session: 1, number: 1n };
  let [now, number, pushed] = [1_000_000, 0, 0];
  for (let frame = 1; frame < 1500; frame++) {
    const strips = Array.from({ length: 1 + (frame % 3) }, () => Uint8Array.from({ length: 500 }, () => random() * 256));
    const { data, parity } = packetsOf({ frame, strips, blocks: 1 + (frame % 2), rows: 3, key: frame % 5 < 3 });
    for (const packet of [...data, ...parity]) {
      now += 50;
      number++;
      const body = packet.symbol ? serializeParity(packet) : serializeData(packet);
      const changed = random() < 0.3 ? mutate(body, random) : body;
      const sealed = parsePacket(sealPacket({ ...header, type: packet.symbol ? 3 : 2 }, changed.length < 16 ? body : changed));
      const parsed = refusesOrReads(() => (packet.symbol ? parseParity(sealed) : parseData(sealed)));
      if (!parsed) continue;
      pushed++;
      if (packet.symbol) reassembler.pushParity(parsed, number, now);
      else reassembler.pushData(parsed, number, now);
      assert.ok(reassembler.heldBytes() <= 4 * limits.maxUnitBytes);
      reassembler.deficits.length = 0;
    }
    reassembler.expire(now);
  }
  assert.ok(pushed > 10_000 && reassembler.counters.refused > 100);
});

test('countdown datagrams of any kind give whole JPEGs or nothing', () => {
  const random = chance(3);
  const reassembler = new CountdownReassembler(1 << 20);
  for (let round = 0, now = 0; round < kRounds; round++, now += random() * 4000) {
    const bytes = Uint8Array.from({ length: random() * 40 }, () => random() * 256);
    if (random() < 0.3) bytes.set([1 + random() * 3, 0xff, 0xd8, 0xff].slice(0, bytes.length));
    for (const picture of reassembler.push(random() < 0.9 ? '::1 5' : '::1 6', bytes, now)) assert.ok(readJpeg(picture.bytes));
  }
});
