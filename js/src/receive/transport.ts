// What carries packets: datagrams or connections. A peer is known by its key.
export interface Peer {
  key: string;
}

export interface TransportEvents {
  packet(peer: Peer, bytes: Uint8Array): void;
  connected(peer: Peer): void;
  disconnected(peer: Peer, why: string): void;
  /** Nothing will ever come: the address cannot be used. */
  failed(error: Error): void;
}

export interface Transport {
  readonly connects: boolean;
  readonly reliable: boolean;
  send(peer: Peer, bytes: Uint8Array): void;
  disconnect(peer: Peer): void;
  /** Nothing has been heard for a while: the peer's name is looked up again. */
  reroute(): void;
  close(): void;
}
