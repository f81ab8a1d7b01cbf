// A way to the hub that goes away without a word, as a network does that is switched off.
import { createServer, connect } from 'node:net';
import { pollUntil } from './checks.mjs';
import { readTimeCode } from './time_code.mjs';

/** Passes bytes on between the page and the hub. */
class Way {
  static async to(port) {
    const way = new Way();
    way.pairs = new Set();
    way.silentNext = 0; // so many of cam0's next WebSockets
    way.opened = 0; // WebSockets of cam0
    way.server = createServer((near) => way.join(near, connect(port, '127.0.0.1')));
    await new Promise((resolve) => way.server.listen(0, '127.0.0.1', resolve));
    way.base = `http://127.0.0.1:${way.server.address().port}/`;
    return way;
  }

  join(near, far) {
    const pair = { near, far, silent: false };
    this.pairs.add(pair);
    near.on('data', (bytes) => {
      if (bytes.includes('GET /live/cam0 ')) {
        this.opened++;
        pair.silent = this.silentNext-- > 0;
      }
      if (!pair.silent) far.write(bytes);
    });
    far.on('data', (bytes) => pair.silent || near.write(bytes));
    for (const [one, other] of [[near, far], [far, near]]) {
      one.on('error', () => one.destroy());
      one.on('close', () => {
        if (!pair.silent) other.destroy();
        if (one === far) this.pairs.delete(pair);
      });
    }
  }

  /** Nothing comes through any more of what is connected, nor of cam0's next WebSockets; nothing is closed. */
  fallSilent(nextOnes) {
    for (const pair of this.pairs) pair.silent = true;
    this.silentNext = nextOnes;
  }

  async end() {
    for (const { near, far } of this.pairs) {
      near.destroy();
      far.destroy();
    }
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export async function checkSilentWay(checks, browser, hub) {
  const way = await Way.to(hub.port);
  const page = await browser.newPage();
  try {
    await page.goto(`${way.base}#cam0`);
    checks.that(await pollUntil(() => readTimeCode(page, 'cam0')), 'pictures come through');
    const opened = way.opened;
    way.fallSilent(1);
    const last = await pollUntil(() => readTimeCode(page, 'cam0'));
    checks.that(await pollUntil(async () => (await readTimeCode(page, 'cam0'))?.number > last.number + 30),
      'where the way falls silent the page opens another by itself');
    checks.that(way.opened >= opened + 2, 'and again where that one does not answer');
  } finally {
    await page.close();
    await way.end();
  }
}
