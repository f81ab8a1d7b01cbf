// A decoder as some phones have it: it gives a picture only once three later units have come.
import { launch } from './browser.mjs';
import { pollUntil } from './checks.mjs';
import { readTimeCode } from './time_code.mjs';

// Runs in the page's worker, before its script.
function makeDecoderDeep() {
  const Decoder = self.VideoDecoder;
  self.VideoDecoder = class extends Decoder {
    constructor({ output, error }) {
      const kept = [];
      super({ output: (frame) => kept.push(frame) > 3 && output(kept.shift()), error });
    }
  };
}

export async function checkDeepDecoder(checks, base) {
  // A script that the test answers for comes from no network: it would not be let through to the local one.
  const browser = await launch('--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets');
  try {
    const page = await browser.newPage();
    await page.route('**/worker.js', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `(${makeDecoderDeep})();${await response.text()}` });
    });
    await page.goto(`${base}#film`);
    const first = await pollUntil(() => readTimeCode(page, 'film'));
    checks.that(first && (await pollUntil(async () => (await readTimeCode(page, 'film'))?.number > first.number + 60)),
      'a decoder that keeps three pictures is sent more, and they are painted');
  } finally {
    await browser.close();
  }
}
