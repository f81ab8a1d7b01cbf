// Datagrams by node:dgram.
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { lookup } from 'node:dns';
import type { Address } from './address.js';
import { GlimtError } from './address.js';
import type { Peer, Transport, TransportEvents } from './transport.js';

const kReceiveBuffer = 4 << 20;
const kLookUpEveryMs = 1000;

interface UdpPeer extends Peer {
  host: string;
  port: number;
}

export class UdpTransport implements Transport {
  readonly connects: boolean;
  readonly reliable = false;
  private socket: Socket | undefined;
  private peer: UdpPeer | undefined;
  private lookedUp = -Infinity;
  private closed = false;

  constructor(private readonly address: Address, private readonly events: TransportEvents) {
    this.connects = !address.listens;
    if (this.connects) this.reroute();
    else this.bind(address.host === '' ? '::' : address.host);
  }

  private bind(host: string): void {
    const socket = (this.socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: kReceiveBuffer }));
    const onError = (error: NodeJS.ErrnoException) => {
      if (this.closed) return;
      if (this.address.host === '' && host === '::' && error.code !== 'EADDRINUSE') { // no IPv6 here
        socket.close();
        this.bind('0.0.0.0');
      } else this.events.failed(new GlimtError('unavailable', `${this.address.text}: ${error.message}`));
    };
    socket.once('error', onError);
    this.listen(socket);
    socket.bind(this.address.port, host, () => {
      socket.off('error', onError);
      socket.on('error', () => undefined);
    });
  }

  private listen(socket: Socket): void {
    socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
      const peer: UdpPeer = { key: `${from.address} ${from.port}`, host: from.address, port: from.port };
      if (!this.connects) this.events.packet(peer, bytes);
      else if (this.peer?.key === peer.key) this.events.packet(this.peer, bytes);
    });
  }

  reroute(): void {
    if (!this.connects || performance.now() - this.lookedUp < kLookUpEveryMs) return;
    this.lookedUp = performance.now();
    lookup(this.address.host, (error, host, family) => {
      if (this.closed || error || this.peer?.host === host) return;
      this.socket?.close();
      this.socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', recvBufferSize: kReceiveBuffer });
      this.socket.on('error', () => undefined); // the kernel takes no packets: HELLO is said again
      this.listen(this.socket);
      this.peer = { key: `${host} ${this.address.port}`, host, port: this.address.port };
      this.events.connected(this.peer);
    });
  }

  send(peer: Peer, bytes: Uint8Array): void {
    const { host, port } = peer as UdpPeer;
    if (this.closed || !this.socket) return;
    this.socket.send(bytes, port, host, () => undefined);
  }

  disconnect(): void {}

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const socket = this.socket;
    setImmediate(() => socket?.close()); // behind what was sent last
  }
}
