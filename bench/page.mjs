// One run of the table `page`: the page of a real hub in headless Chromium, its figures as one line of JSON.
//   node page.mjs GLIMT [--seconds N] [--throttled N] [--loads N]
import { parseArgs } from 'node:util';
import { launch } from '../tests/interop/page/browser.mjs';
import { pollUntil } from '../tests/interop/page/checks.mjs';
import { Hub } from '../tests/interop/page/hub.mjs';
import { decodeTimeCode } from '../tests/interop/page/time_code.mjs';

const kFps = 30;
const kConfig = `
[[stream]]
name = "cam0"
source = "test:?size=1280x720&fps=${kFps}"
codec = "jpeg"
`;
const kFiles = ['', 'page.css', 'page.js', 'worker.js', 'icon.svg'];
const kTurnMs = 500; // of a screen that turns twice a second
const kDecodes = 60;

// Runs in the page before its own scripts: when the first picture was painted, and what the page says of each.
function record() {
  window.painted_ = { first: undefined, latencies: [] };
  const take = ([{ target }]) => {
    painted_.first ??= performance.now();
    if (target.dataset.latencyMs) painted_.latencies.push(Number(target.dataset.latencyMs));
  };
  new MutationObserver(take).observe(document, { subtree: true, attributeFilter: ['data-frame'] });
}

// Runs in the page: at each of its animation frames the blocks of the number on the canvas, and when that frame was drawn.
// The number is 28 x 4 blocks of 32 pixels at 1280x720; one row through the middle of each row of blocks is enough.
function readBack() {
  const canvas = document.querySelector('.picture');
  const copy = new OffscreenCanvas(28 * 32, 4);
  const context = copy.getContext('2d', { willReadFrequently: true });
  window.read_ = [];
  let before = '';
  const look = () => {
    for (let row = 0; row < 4; row++) context.drawImage(canvas, 0, row * 32 + 16, copy.width, 1, 0, row, copy.width, 1);
    const atMs = performance.now();
    const { data } = context.getImageData(0, 0, copy.width, 4);
    const bits = [];
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 28; column++) bits.push(data[(row * copy.width + column * 32 + 16) * 4 + 1] > 127 ? 1 : 0);
    }
    const code = bits.join('');
    if (code !== before) read_.push({ code, atMs });
    before = code;
    requestAnimationFrame(look);
  };
  look();
}

function percentiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { n: sorted.length, p50: at(0.5), p95: at(0.95), max: sorted.at(-1) };
}

/** Milliseconds of the machine's steady clock, which the hub burns in, at performance.now() = 0. */
async function clockOf(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  const { metrics } = await cdp.send('Performance.getMetrics');
  await cdp.detach();
  return metrics.find(({ name }) => name === 'NavigationStart').value * 1000;
}

async function agesOf(page, from = 0) {
  const [read, startMs] = [await page.evaluate('read_'), await clockOf(page)];
  const known = read.filter(({ atMs }) => atMs >= from).map(({ code, atMs }) => ({ code: decodeTimeCode([...code].map(Number)), atMs }));
  return known.filter(({ code }) => code).map(({ code, atMs }) => startMs + atMs - code.capturedUs / 1000);
}

async function openPage(browser, base) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(record);
  await page.goto(`${base}#cam0`);
  await page.locator('.tile[data-frame]').waitFor({ state: 'attached' });
  return page;
}

async function measureLoads(browser, base, loads) {
  const [fromStart, fromLoad] = [[], []];
  for (let i = 0; i < loads; i++) {
    const page = await openPage(browser, base);
    const [first, load] = await page.evaluate(() => [painted_.first, performance.getEntriesByType('navigation')[0].loadEventStart]);
    fromStart.push(first);
    fromLoad.push(first - load);
    await page.context().close();
  }
  return { opened_painted: percentiles(fromStart), load_painted: percentiles(fromLoad) };
}

async function measureWay(page, seconds) {
  await page.waitForTimeout(1500); // the offset of the clocks is known
  await page.evaluate(readBack);
  await page.evaluate('painted_.latencies.length = 0');
  await page.waitForTimeout(seconds * 1000);
  const [ages, told] = [await agesOf(page), await page.evaluate('painted_.latencies')];
  return { captured_read: percentiles(ages), captured_painted_told: percentiles(told), lost_share: 1 - ages.length / (seconds * kFps) };
}

// The worker's animation frames come twice a second, as on a screen that turns so often; when it wakes they come as they are due again.
async function measureThrottled(page, seconds) {
  const [worker] = page.workers();
  await worker.evaluate((turnMs) => {
    const own = self.requestAnimationFrame.bind(self);
    const waiting = [];
    const turn = () => waiting.splice(0).forEach((callback) => own(callback));
    const timer = setInterval(turn, turnMs);
    self.requestAnimationFrame = (callback) => waiting.push(callback);
    self.wake_ = () => {
      clearInterval(timer);
      self.requestAnimationFrame = own;
      turn();
    };
  }, kTurnMs);
  await page.waitForTimeout(kTurnMs * 2);
  const from = await page.evaluate('performance.now()');
  await page.waitForTimeout(seconds * 1000);
  const ages = await agesOf(page, from);
  const wokeAt = await page.evaluate('performance.now()');
  await worker.evaluate('wake_()');
  const awake = await pollUntil(async () => {
    const after = await agesOf(page, wokeAt);
    return after.length > 0 && after;
  });
  const frames = (ms) => (ms * kFps) / 1000;
  return { throttled_fps: ages.length / seconds, throttled_frames_old: percentiles(ages.map(frames)), woken_frames_old: frames(awake[0]) };
}

// The stream stands: nothing else is decoded.
async function measureDecode(page, base) {
  return percentiles(
    await page.evaluate(async ([address, times]) => {
      const jpeg = await (await fetch(address)).blob();
      const took = [];
      for (let i = 0; i < times; i++) {
        const from = performance.now();
        (await createImageBitmap(jpeg)).close();
        took.push(performance.now() - from);
      }
      return took;
    }, [`${base}snapshot/cam0`, kDecodes]),
  );
}

async function bytesOfPage(base) {
  const bodies = await Promise.all(kFiles.map(async (file) => (await fetch(base + file)).arrayBuffer()));
  return bodies.reduce((sum, body) => sum + body.byteLength, 0);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '20' }, throttled: { type: 'string', default: '60' }, loads: { type: 'string', default: '10' } },
});
const browser = await launch();
const hub = await Hub.create(positionals[0], kConfig);
try {
  const page = await openPage(browser, hub.base);
  const way = await measureWay(page, Number(values.seconds));
  const throttled = await measureThrottled(page, Number(values.throttled));
  await page.context().close();
  const loads = await measureLoads(browser, hub.base, Number(values.loads));
  const still = await openPage(browser, hub.base);
  await hub.ctl('pause', 'cam0');
  const decode = await measureDecode(still, hub.base);
  console.log(JSON.stringify({ chromium: browser.version(), ...way, decode, ...loads, ...throttled, bytes: await bytesOfPage(hub.base) }));
} finally {
  await browser.close();
  await hub.end();
}
