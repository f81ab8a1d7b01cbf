// One run of the table `page`: the page of a real hub in headless Chromium, its figures as one line of JSON.
//   node page.mjs GLIMT [--seconds N] [--throttled N] [--loads N]
import { parseArgs } from 'node:util';
import { pollUntil } from '../tests/interop/page/checks.mjs';
import { Hub } from '../tests/interop/page/hub.mjs';
import { Tabs } from '../tests/interop/page/tabs.mjs';
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
  window.told_ = [];
  const take = ([{ target }]) => {
    window.first_ ??= performance.now();
    if (target.dataset.latencyMs) told_.push(Number(target.dataset.latencyMs));
  };
  new MutationObserver(take).observe(document, { subtree: true, attributeFilter: ['data-frame'] });
}

// The number is 28 x 4 blocks of 32 pixels at 1280x720; one row through the middle of each row of blocks is enough.

// Runs in the page's worker: the pixels of each picture as soon as it is painted, until stop_().
function readPainted() {
  const contexts = OffscreenCanvasRenderingContext2D.prototype;
  const own = contexts.drawImage;
  self.read_ = [];
  self.stop_ = () => (contexts.drawImage = own);
  contexts.drawImage = function (...values) {
    own.apply(this, values);
    const bits = [];
    for (let row = 0; row < 4; row++) {
      const { data } = this.getImageData(0, row * 32 + 16, 28 * 32, 1);
      for (let column = 0; column < 28; column++) bits.push(data[(column * 32 + 16) * 4 + 1] > 127 ? 1 : 0);
    }
    read_.push({ code: bits.join(''), atMs: performance.now() });
  };
}

// Runs in the page: the pixels on its canvas at each of its animation frames, which is when the screen would get them.
function readSeen() {
  const canvas = document.querySelector('.picture');
  const copy = new OffscreenCanvas(28 * 32, 4 * 32);
  const context = copy.getContext('2d', { willReadFrequently: true });
  window.read_ = [];
  let before = '';
  const look = () => {
    const atMs = performance.now(); // what stands on the canvas does not change before this returns
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    const bits = [];
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 28; column++) bits.push(data[((row * 32 + 16) * copy.width + column * 32 + 16) * 4 + 1] > 127 ? 1 : 0);
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

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const call = (script, ...values) => `(${script})(...${JSON.stringify(values)})`;

/** Milliseconds of the machine's steady clock, which the hub burns in, at performance.now() = 0. */
async function clockOf(tab) {
  await tab.ask('Performance.enable');
  const { metrics } = await tab.ask('Performance.getMetrics');
  await tab.ask('Performance.disable');
  return metrics.find(({ name }) => name === 'NavigationStart').value * 1000;
}

/** Milliseconds from capture to each reading; a reading that does not check out is none. */
function agesOf(read, startMs) {
  const known = read.map(({ code, atMs }) => ({ code: decodeTimeCode([...code].map(Number)), atMs }));
  return known.filter(({ code }) => code).map(({ code, atMs }) => startMs + atMs - code.capturedUs / 1000);
}

async function agesSeen(tab, from = 0) {
  const read = await tab.evaluate('read_');
  return agesOf(read.filter(({ atMs }) => atMs >= from), await clockOf(tab));
}

async function agesPainted(tab) {
  const later = (await tab.evaluateInWorker('performance.timeOrigin')) - (await tab.evaluate('performance.timeOrigin'));
  return agesOf(await tab.evaluateInWorker('read_'), (await clockOf(tab)) + later);
}

async function openPage(tabs, base) {
  const tab = await tabs.open(`${base}#cam0`, { before: call(record), fresh: true });
  if (!(await pollUntil(() => tab.evaluate('window.first_ !== undefined')))) throw new Error('the page paints nothing');
  return tab;
}

async function measureLoads(tabs, base, loads) {
  const [fromStart, fromLoad] = [[], []];
  for (let i = 0; i < loads; i++) {
    const tab = await openPage(tabs, base);
    const [first, load] = await tab.evaluate("[first_, performance.getEntriesByType('navigation')[0].loadEventStart]");
    fromStart.push(first);
    fromLoad.push(first - load);
    await tab.close();
  }
  return { opened_painted: percentiles(fromStart), load_painted: percentiles(fromLoad) };
}

async function measureWay(tab, seconds) {
  await wait(1500); // the offset of the clocks is known
  await tab.evaluate('told_.length = 0');
  await wait(seconds * 1000);
  const told = await tab.evaluate('told_');
  await tab.evaluateInWorker(call(readPainted));
  await wait(seconds * 1000);
  await tab.evaluateInWorker('stop_()');
  const painted = await agesPainted(tab);
  await tab.evaluate(call(readSeen));
  await wait(seconds * 1000);
  const seen = await agesSeen(tab);
  const lost = 1 - seen.length / (seconds * kFps);
  return { told: percentiles(told), painted: percentiles(painted), seen: percentiles(seen), lost_share: lost };
}

// Runs in the page's worker: its animation frames come twice a second, as on a screen that turns so often, until wake_().
function throttle(turnMs) {
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
}

async function measureThrottled(tab, seconds) {
  await tab.evaluateInWorker(call(throttle, kTurnMs));
  await wait(kTurnMs * 2);
  const from = await tab.evaluate('performance.now()');
  await wait(seconds * 1000);
  const ages = await agesSeen(tab, from);
  const wokeAt = await tab.evaluate('performance.now()');
  await tab.evaluateInWorker('wake_()');
  const awake = await pollUntil(async () => {
    const after = await agesSeen(tab, wokeAt);
    return after.length > 0 && after;
  });
  const frames = (ms) => (ms * kFps) / 1000;
  return { throttled_fps: ages.length / seconds, throttled_frames_old: percentiles(ages.map(frames)), woken_frames_old: frames(awake[0]) };
}

// Runs in the page.
async function decode(address, times) {
  const jpeg = await (await fetch(address)).blob();
  const took = [];
  for (let i = 0; i < times; i++) {
    const from = performance.now();
    (await createImageBitmap(jpeg)).close();
    took.push(performance.now() - from);
  }
  return took;
}

async function bytesOfPage(base) {
  const bodies = await Promise.all(kFiles.map(async (file) => (await fetch(base + file)).arrayBuffer()));
  return bodies.reduce((sum, body) => sum + body.byteLength, 0);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '20' }, throttled: { type: 'string', default: '60' }, loads: { type: 'string', default: '10' } },
});
const tabs = new Tabs();
const hub = await Hub.create(positionals[0], kConfig);
try {
  const tab = await openPage(tabs, hub.base);
  const way = await measureWay(tab, Number(values.seconds));
  const throttled = await measureThrottled(tab, Number(values.throttled));
  await tab.close();
  const loads = await measureLoads(tabs, hub.base, Number(values.loads));
  const still = await openPage(tabs, hub.base);
  await hub.ctl('pause', 'cam0'); // nothing else is decoded
  const decoded = percentiles(await still.evaluate(call(decode, `${hub.base}snapshot/cam0`, kDecodes)));
  const { product } = await tabs.ask('Browser.getVersion');
  console.log(JSON.stringify({ chromium: product.split('/')[1], ...way, decode: decoded, ...loads, ...throttled, bytes: await bytesOfPage(hub.base) }));
} finally {
  await tabs.close();
  await hub.end();
}
