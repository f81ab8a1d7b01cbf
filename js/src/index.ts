// The package for Node: receive(), and all of glimt/live.
export { receive } from './receive/receive.js';
export type { Receiver } from './receive/receive.js';
export { GlimtError } from './receive/address.js';
export type { ReceiveOptions } from './receive/address.js';
export type { AccessUnit } from './receive/unit.js';
export * from './live.js';
