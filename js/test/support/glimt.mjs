// The command as a child, and a relay that loses datagrams: the same ones for the same seed.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chance } from './chance.mjs';

const command = process.env.GLIMT;
if (!command) throw new Error('GLIMT must name the command, as in GLIMT=build/release/bin/glimt npm test');

export function glimt(...args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (bytes) => (log += bytes));
  const exited = once(child, 'exit');
  return {
    child,
    log: () => log,
    exited,
    async end() {
      child.kill();
      await exited;
    },
  };
}

export async function freePort() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** From `port`, its own, to `target`; in both directions so many are lost. */
export async function lossyRelay(target, loss, seed = 1) {
  const random = chance(seed);
  const [near, far] = [createSocket({ type: 'udp4', recvBufferSize: 1 << 22 }), createSocket({ type: 'udp4', recvBufferSize: 1 << 22 })];
  near.bind(0, '127.0.0.1');
  far.bind(0, '127.0.0.1');
  await Promise.all([once(near, 'listening'), once(far, 'listening')]);
  const counters = { passed: 0, lost: 0 };
  let client;
  const pass = (bytes, send) => {
    if (random() < loss) counters.lost++;
    else {
      counters.passed++;
      send(bytes);
    }
  };
  near.on('message', (bytes, from) => {
    client = from;
    pass(bytes, () => far.send(bytes, target, '127.0.0.1', () => undefined));
  });
  far.on('message', (bytes) => client && pass(bytes, () => near.send(bytes, client.port, client.address, () => undefined)));
  return { port: near.address().port, counters, close: () => (near.close(), far.close()) };
}

export function isWholeJpeg(bytes) {
  return bytes.length >= 4 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes.at(-2) === 0xff && bytes.at(-1) === 0xd9;
}
