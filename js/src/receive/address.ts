// Where to receive from: what `glimt recv` takes, as far as Node can.
import type { Mode } from '../wire/hello.js';

/** The call cannot be served; the message names the cure. */
export class GlimtError extends Error {
  override name = 'GlimtError';
  constructor(readonly kind: 'invalid_argument' | 'unsupported' | 'unavailable' | 'disconnected', message: string) {
    super(message);
  }
}

export interface ReceiveOptions {
  /** The newest picture always, or each in order [latest]. */
  mode?: Mode;
  /** How long after its capture a frame that is not whole is waited for, milliseconds [100]. */
  latency?: number;
  /** The largest frame, bytes, encoded and as pixels [64 MiB]. */
  maxFrame?: number;
  /** The iteration ends with the sender's stream, instead of waiting for the next [false]. */
  once?: boolean;
  /** Ends the iteration. */
  signal?: AbortSignal;
}

export interface Address {
  text: string;
  scheme: 'udp' | 'tcp' | 'unix';
  host: string; // udp, tcp; empty: all of this machine's
  port: number; // udp, tcp
  path: string; // unix
  listens: boolean;
  wire: 'native' | 'countdown';
  mode: Mode;
  latencyMs: number;
  maxFrameBytes: number;
  once: boolean;
}

const kSeqpacketCure =
  'Node has no sockets of whole messages (SOCK_SEQPACKET), which is what unix:// is unless both ends say otherwise; write it as in ' +
  '`glimt send … unix:///run/cam.sock?socket=stream`, and so here';
const kOptions = ['listen', 'connect', 'wire', 'mode', 'latency', 'max_frame', 'socket', 'feedback', 'key'];

function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s)$/.exec(text);
  if (!match) throw new GlimtError('invalid_argument', `'${text}' is no duration; write it as in 100ms`);
  return Number(match[1]) * { us: 0.001, ms: 1, s: 1000 }[match[2] as 'us' | 'ms' | 's'];
}

function byteCount(text: string): number {
  const match = /^(\d+)([kMG]?)$/.exec(text);
  if (!match) throw new GlimtError('invalid_argument', `'${text}' is no number of bytes; write it as in 256M`);
  return Number(match[1]) * { '': 1, k: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[match[2] as '' | 'k' | 'M' | 'G'];
}

function refuseWhatNodeCannot(text: string, scheme: string, query: URLSearchParams, host: string): void {
  const unsupported = (why: string) => new GlimtError('unsupported', `'${text}': ${why}`);
  if (scheme === 'unix' && query.get('socket') !== 'stream') throw unsupported(kSeqpacketCure);
  if (scheme === 'glimt') throw unsupported('names are found by `glimt recv`; give the address of the stream, or watch the hub over WebSocket');
  if (scheme !== 'udp' && scheme !== 'tcp' && scheme !== 'unix') throw unsupported(`unknown scheme '${scheme}'; known: udp, tcp, unix`);
  if (scheme !== 'unix' && query.has('socket')) throw new GlimtError('invalid_argument', `'${text}': socket= is for unix://`);
  if (query.has('key')) throw unsupported('there is no encryption yet; use a tunnel');
  if (query.get('feedback') === 'off' || /^(22[4-9]|23\d)\.|^ff/i.test(host)) {
    throw unsupported('one-way streams are received by `glimt recv`; leave ?feedback=off out at both ends');
  }
  const unknown = [...query.keys()].find((name) => !kOptions.includes(name));
  if (unknown) throw new GlimtError('invalid_argument', `'${text}': unknown option '${unknown}'; known: ${kOptions.slice(0, 7).join(', ')}`);
}

function wireOf(text: string, scheme: string, name: string): Address['wire'] {
  if (name === 'native' || (name === 'countdown' && scheme === 'udp')) return name;
  if (name === 'countdown') throw new GlimtError('invalid_argument', `'${text}': wire=countdown goes over udp://`);
  throw new GlimtError('unsupported', `'${text}': wire '${name}' is not read here; known: native, countdown`);
}

export function parseAddress(text: string, options: ReceiveOptions = {}): Address {
  const match = /^([a-z]+):\/\/(?:\[([0-9a-f:.]+)\]|([^/?#:]*))(?::(\d+))?[^?]*(?:\?(.*))?$/i.exec(text);
  if (!match) throw new GlimtError('invalid_argument', `'${text}' is no address; write it as in udp://:5000`);
  const [, scheme = '', v6, name = '', port = '', queryText = ''] = match;
  const query = new URLSearchParams(queryText);
  const host = v6 ?? (name === '@' ? '' : name);
  refuseWhatNodeCannot(text, scheme, query, host);
  const unix = scheme === 'unix';
  const path = unix ? text.slice('unix://'.length).split('?')[0]! : '';
  if (unix && path === '') throw new GlimtError('invalid_argument', `'${text}': the path is missing; write it as in unix:///run/cam.sock?socket=stream`);
  if (unix && query.has('listen')) throw new GlimtError('unsupported', `'${text}': on unix:// the sender listens; leave ?listen out here`);
  if (!unix && !(Number(port) >= 1 && Number(port) <= 65_535)) throw new GlimtError('invalid_argument', `'${text}': name a port from 1 to 65535`);
  if (query.has('listen') && query.has('connect')) throw new GlimtError('invalid_argument', `'${text}': ?listen and ?connect exclude each other`);
  const everywhere = !unix && (host === '' || host === '0.0.0.0' || host === '::');
  if (everywhere && query.has('connect')) throw new GlimtError('invalid_argument', `'${text}': whom to connect to? Name a host`);
  const wire = wireOf(text, scheme, query.get('wire') ?? 'native');
  const listens = query.has('listen') || everywhere;
  if (wire === 'countdown' && !listens) throw new GlimtError('invalid_argument', `'${text}': with wire=countdown the receiver listens; add ?listen`);
  const mode = options.mode ?? query.get('mode') ?? 'latest';
  if (mode !== 'latest' && mode !== 'every') throw new GlimtError('invalid_argument', `'${text}': mode is latest or every`);
  const latencyMs = options.latency ?? durationMs(query.get('latency') ?? '100ms');
  if (!(latencyMs >= 0 && latencyMs <= 3_600_000)) throw new GlimtError('invalid_argument', `'${text}': latency is 0 to 3600 s`);
  const maxFrameBytes = options.maxFrame ?? byteCount(query.get('max_frame') ?? '64M');
  return {
    text, scheme: scheme as Address['scheme'], host, port: Number(port), path, listens, wire, mode,
    latencyMs: Math.round(latencyMs), maxFrameBytes, once: options.once ?? false,
  };
}
