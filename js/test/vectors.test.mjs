// Golden packets: the same bytes from the meaning, the same meaning from the bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader, ByteWriter } from '../dist/wire/bytes.js';
import { parseClock, writeClock } from '../dist/wire/clock.js';
import { coefficient, addProduct } from '../dist/wire/erasure_code.js';
import { parseFeedback, serializeFeedback } from '../dist/wire/feedback.js';
import { parseClose, parseHello, parseSkip, serializeClose, serializeHello, serializeSkip } from '../dist/wire/hello.js';
import { kType, parseData, parsePacket, parseParity, sealPacket, serializeData, serializeParity } from '../dist/wire/packet.js';
import { goldenPackets } from './support/packets.mjs';

const hex = (text) => new Uint8Array(Buffer.from(text, 'hex'));
const dataHeader = (b) => ({
  frame: b.frame, capturedUs: b.captured_us, block: b.block, blocks: b.blocks, k: b.k, m: b.m, strips: b.strips, age16us: b.age_16us,
});

// What each type's JSON says, in our words; how it is read, and how it is written.
const types = {
  DATA: {
    meaning: (b) => ({ ...dataHeader(b), index: b.index, strip: b.strip, flags: b.flags, payload: hex(b.payload) }),
    read: parseData, write: serializeData,
  },
  PARITY: {
    meaning: (b) => ({ ...dataHeader(b), index: 255 - b.row, row: b.row, symbol: hex(b.symbol) }),
    read: parseParity, write: serializeParity,
  },
  HELLO: {
    meaning: (b) => ({
      session: b.session, echo: b.echo, role: b.role, mode: b.mode, latencyMs: b.latency_ms, symbolBytes: b.symbol_bytes,
      clockId: BigInt(b.clock_id), agent: b.agent,
    }),
    read: ({ body }) => parseHello(body), write: serializeHello,
  },
  CLOCK: {
    meaning: (b) => ({
      kind: b.is_answer ? 'answer' : 'question', askedUs: Number(b.asked_us), receivedUs: Number(b.received_us),
      answeredUs: Number(b.answered_us),
    }),
    read: ({ body }) => parseClock(new ByteReader(body)),
    write: (clock) => {
      const out = new ByteWriter(28);
      writeClock(out, clock);
      return out.bytes;
    },
  },
  CLOSE: { meaning: (b) => b.reason, read: ({ body }) => parseClose(body), write: serializeClose },
  SKIP: { meaning: (b) => b, read: ({ body }) => parseSkip(body), write: serializeSkip },
  FEEDBACK: {
    meaning: (b) => ({
      report: b.report, sentAtUs: b.sent_at_us, highestNumber: BigInt(b.highest_number), packets: b.packets, kernelDrops: b.kernel_drops,
      taken: b.taken, decodeQueue16us: b.decode_queue_16us,
      fates: (b.fates ?? []).map(({ frame, fate, spread_16us }) => ({ frame, fate, spread16us: spread_16us })),
      deficits: (b.deficits ?? []).map(({ last_round, every_block, ...d }) => ({ ...d, lastRound: last_round, everyBlock: every_block })),
      ...(b.arrivals && { arrivals: { first: BigInt(b.arrivals.first), before16us: b.arrivals.before_16us } }),
      ...(b.key_wanted_after !== undefined && { keyWantedAfter: b.key_wanted_after }),
    }),
    read: ({ body }) => parseFeedback(body), write: serializeFeedback,
  },
};

const packets = goldenPackets();
assert.ok(packets.length >= 12);
for (const { name, meaning, bytes } of packets) {
  const { type, number, ...fields } = meaning.header;
  const { meaning: told, read, write } = types[type];
  const header = { ...fields, type: kType[type.toLowerCase()], number: BigInt(number) };

  test(`${name}: the bytes mean what is said`, () => {
    const packet = parsePacket(bytes);
    assert.deepEqual(packet.header, header);
    assert.deepEqual(read(packet), told(meaning.body));
  });
  test(`${name}: the meaning gives these bytes`, () => {
    assert.deepEqual(sealPacket(header, write(told(meaning.body))), bytes);
  });
}

test('parity is the sum of the golden data packets', () => {
  const of = (name) => packets.find((packet) => packet.name === name).bytes;
  const row = parseParity(parsePacket(of('parity')));
  const sum = new Uint8Array(row.symbol.length);
  ['data_first', 'data_last'].forEach((name, index) => addProduct(sum, of(name).slice(32, -16), coefficient(row.row, index)));
  assert.deepEqual(sum, row.symbol);
});
