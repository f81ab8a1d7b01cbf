// Decoders as some devices have them, in place of the browser's.
import { launch } from './browser.mjs';
import { pollUntil } from './checks.mjs';
import { readTimeCode } from './time_code.mjs';

// These run in the page's worker, before its script.
function giveThreeLater() {
  const Decoder = self.VideoDecoder;
  self.VideoDecoder = class extends Decoder {
    constructor({ output, error }) {
      const kept = [];
      super({ output: (frame) => kept.push(frame) > 3 && output(kept.shift()), error });
    }
  };
}

function takeTime() {
  const Decoder = self.VideoDecoder;
  self.waiting = self.most = 0;
  self.VideoDecoder = class extends Decoder {
    line = Promise.resolve();
    constructor({ output, error }) {
      super({ output: (frame) => (self.waiting--, output(frame)), error });
    }
    decode(chunk) {
      self.most = Math.max(self.most, ++self.waiting);
      const turn = this.line.then(() => new Promise((resolve) => setTimeout(resolve, 150)));
      this.line = turn.then(() => this.state === 'configured' && super.decode(chunk));
    }
  };
}

function refuse() {
  self.VideoDecoder = class {
    state = 'unconfigured';
    constructor({ error }) {
      this.configure = () => setTimeout(() => ((this.state = 'closed'), error(new Error('no H.264 here'))));
    }
    decode() {}
    close() {}
  };
}

async function withDecoder(browser, address, oddity, check) {
  const page = await browser.newPage();
  await page.route('**/worker.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `(${oddity})();${await response.text()}` });
  });
  await page.goto(address);
  await check(page);
  await page.close();
}

async function paints(page, name, pictures) {
  const first = await pollUntil(() => readTimeCode(page, name));
  return first && (await pollUntil(async () => (await readTimeCode(page, name))?.number > first.number + pictures));
}

export async function checkOddDecoders(checks, hub) {
  // A script that the test answers for comes from no network: it would not be let through to the local one.
  const browser = await launch('--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets');
  try {
    await withDecoder(browser, `${hub.base}#film`, giveThreeLater, async (page) => {
      checks.that(await paints(page, 'film', 60), 'a decoder that keeps three pictures is sent more, and they are painted');
    });
    await withDecoder(browser, `${hub.base}#film`, takeTime, async (page) => {
      checks.that(await paints(page, 'film', 90), 'what a slow decoder gives is painted');
      const most = await page.workers()[0].evaluate('most');
      checks.that(most <= 4, `a slow decoder is not sent more than it can take: ${most} pictures wait for it`);
    });
    await withDecoder(browser, `${hub.base}#cam0`, refuse, async (page) => {
      checks.that(await paints(page, 'cam0', 1), 'without a decoder for H.264 JPEG is painted');
      await hub.ctl('set', 'cam0', 'codec=h264');
      checks.that(await paints(page, 'cam0', 60), 'and so it is once the stream has become H.264');
      checks.that(await pollUntil(async () => (await page.locator('.tile[data-stream="cam0"] .rates').innerText()).endsWith('· jpeg')), 'as JPEG, and told as such');
      await hub.ctl('set', 'cam0', 'codec=jpeg');
    });
  } finally {
    await browser.close();
  }
}
