// What stands behind a receiver: sockets and a wire.
export type Change = 'connected' | 'ended' | 'lost';

export interface EndpointEvents {
  change(change: Change, why: string): void;
  failed(error: Error): void;
}

export interface Endpoint {
  onTaken(): void;
  stats(): Record<string, number>;
  close(): void;
}
