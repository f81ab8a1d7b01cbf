// What the hub tells of its streams, and what it is asked to change (docs/web.md). Its JSON is that of `glimt ctl streams --json`.
export interface Destination {
  id: string;
  url: string;
  state: 'connecting' | 'flowing' | 'stalled' | 'refused';
  why: string;
  receivers: number;
}

export interface Stream {
  name: string;
  state: 'opening' | 'flowing' | 'paused' | 'trouble' | 'ended';
  why: string;
  description: string;
  width: number;
  height: number;
  settings: {
    source: string;
    paused: boolean;
    encoding: { codec: string | null; quality: number | null; width: number | null; height: number | null; fps: number | null };
  };
  destinations: Destination[];
}

/** `view` may look, `steer` may change too. */
export type Role = 'view' | 'steer';

export interface Told {
  /** Empty: a hub that does not say; counts as `view`. */
  role?: Role;
  streams: Stream[];
}

/** Null sets back to the default. */
export interface Change {
  codec?: string | null;
  quality?: number | null;
  size?: string | null;
  fps?: number | null;
  paused?: boolean;
}

/** The hub's own words, to be shown where they belong. Status 0: it did not answer. */
export class HubError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

const kPatienceMs = 3000;
const kChangePatienceMs = 30_000; // a source that is still opening takes its time to let go

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      cache: 'no-store',
      signal: AbortSignal.timeout(method === 'GET' ? kPatienceMs : kChangePatienceMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });
  } catch {
    throw new HubError(0, 'the hub does not answer');
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  const said = (answer as { error?: unknown } | undefined)?.error;
  throw new HubError(response.status, typeof said === 'string' ? said : `the hub answered ${response.status}`);
}

const of = (name: string, ...more: string[]) => ['/streams', name, ...more].map((part, i) => (i ? encodeURIComponent(part) : part)).join('/');

export const hub = {
  streams: async () => (await ask('GET', '/streams')) as Told,
  add: (name: string, source: string) => ask('POST', '/streams', { name, source }),
  remove: (name: string) => ask('DELETE', of(name)),
  change: (name: string, change: Change) => ask('PATCH', of(name), change),
  route: (name: string, url: string) => ask('POST', of(name, 'destinations'), { url }),
  unroute: (name: string, id: string) => ask('DELETE', of(name, 'destinations', id)),
};
