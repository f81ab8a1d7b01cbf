// Packets behind their length in a byte stream, TCP or Unix, by node:net.
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { kMaxPacketBytes } from '../wire/packet.js';
import type { Address } from './address.js';
import { GlimtError } from './address.js';
import type { Peer, Transport, TransportEvents } from './transport.js';

const kRefusedMs = 50;
const kAttemptMs = 1000;
const kMaxConnections = 64;

/** Takes packets out of a byte stream; false where a length cannot be. Memory: one packet and what came with its end. */
export class Unframer {
  private pending = Buffer.alloc(0);

  push(chunk: Uint8Array, packet: (bytes: Uint8Array) => void): boolean {
    let bytes = this.pending.length > 0 ? Buffer.concat([this.pending, chunk]) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    while (bytes.length >= 4) {
      const length = bytes.readUInt32LE();
      if (length === 0 || length > kMaxPacketBytes) return false;
      if (bytes.length < 4 + length) break;
      packet(bytes.subarray(4, 4 + length));
      bytes = bytes.subarray(4 + length);
    }
    this.pending = Buffer.from(bytes);
    return true;
  }
}

interface TcpPeer extends Peer {
  socket: Socket;
}

export class TcpTransport implements Transport {
  readonly connects: boolean;
  readonly reliable = true;
  private server: Server | undefined;
  private readonly peers = new Set<TcpPeer>();
  private made = 0;
  private closed = false;
  private retry: NodeJS.Timeout | undefined;

  constructor(private readonly address: Address, private readonly events: TransportEvents) {
    this.connects = !address.listens;
    if (this.connects) queueMicrotask(() => this.attempt());
    else this.listen(address.host === '' ? '::' : address.host);
  }

  private listen(host: string): void {
    const server = (this.server = createServer((socket) => this.adopt(socket)));
    server.maxConnections = kMaxConnections;
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (this.closed) return;
      if (host === '::' && this.address.host === '' && error.code !== 'EADDRINUSE') this.listen('0.0.0.0');
      else this.events.failed(new GlimtError('unavailable', `${this.address.text}: ${error.message}`));
    });
    server.on('listening', () => this.closed && server.close()); // closed on the way here
    server.listen(this.address.port, host);
  }

  private attempt(): void {
    if (this.closed) return;
    const { path, host, port } = this.address;
    const socket = path === '' ? connect({ host, port }) : connect({ path });
    const again = () => {
      clearTimeout(timeout);
      if (!this.closed) this.retry = setTimeout(() => this.attempt(), kRefusedMs);
    };
    const timeout = setTimeout(() => socket.destroy(), kAttemptMs);
    socket.once('connect', () => {
      clearTimeout(timeout);
      this.adopt(socket);
    });
    socket.once('close', again);
    socket.on('error', () => undefined); // 'close' follows
  }

  private adopt(socket: Socket): void {
    if (this.closed) {
      socket.destroy();
      return;
    }
    const peer: TcpPeer = { key: `connection ${++this.made}`, socket };
    const unframer = new Unframer();
    this.peers.add(peer);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      if (!unframer.push(chunk, (bytes) => this.events.packet(peer, bytes))) socket.destroy();
    });
    socket.on('close', () => {
      if (this.peers.delete(peer) && !this.closed) this.events.disconnected(peer, 'the connection was closed');
    });
    this.events.connected(peer);
  }

  send(peer: Peer, bytes: Uint8Array): void {
    const { socket } = peer as TcpPeer;
    if (!socket.writable || socket.writableLength > 1 << 20) return; // reports: whoever does not read them gets the next ones
    const head = Buffer.alloc(4);
    head.writeUInt32LE(bytes.length);
    socket.write(Buffer.concat([head, bytes]));
  }

  disconnect(peer: Peer): void {
    (peer as TcpPeer).socket.destroy();
  }

  reroute(): void {}

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.server?.close();
    for (const { socket } of this.peers) socket.destroySoon();
  }
}
