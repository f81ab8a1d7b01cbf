// The page of a hub, as its users see and touch it: Chromium, a real hub, real clicks.
//   node page_test.mjs GLIMT [--screenshots FOLDER]
import { readFileSync } from 'node:fs';
import { checkInsecure, checkTokens, kAwayConfig, kTokens } from './away.mjs';
import { checkBoxes, paintedFace } from './boxes.mjs';
import { launch } from './browser.mjs';
import { Checks, pollUntil } from './checks.mjs';
import { checkControls, checkDestinations, checkSettings } from './controls.mjs';
import { checkHidden } from './hidden.mjs';
import { checkOwnPage } from './own_page.mjs';
import { Hub } from './hub.mjs';
import { checkMeter } from './meter.mjs';
import { checkOddDecoders } from './odd_decoders.mjs';
import { checkSilentWay } from './silent_way.mjs';
import { takeScreenshots } from './screenshots.mjs';
import { readTimeCode } from './time_code.mjs';

const kMostBytes = 100_000;
const kConfig = `
[[stream]]
name = "cam0"
source = "test:?size=640x360&fps=30"
destinations = ["udp://127.0.0.1:15000"]

[[stream]]
name = "door"
source = "test:?size=640x360&fps=25"

[[stream]]
name = "yard"
source = "test:?size=640x360&fps=15"

[[stream]]
name = "workshop"
source = "/dev/video77"

[[stream]]
name = "film"
source = "test:?size=640x360&fps=30"
codec = "h264"

[[stream]]
name = "face"
source = "face.png"
fps = 10
filter = "faces:metadata"
`;

const tile = (page, name) => page.locator(`.tile[data-stream="${name}"]`);
// What playwright knows of a page's address comes behind the page's own change of it.
const hashOf = (page) => new URL(page.url()).hash;
async function hash(page, expected) {
  await pollUntil(() => hashOf(page) === expected);
  return hashOf(page);
}

async function checkPictures(checks, page) {
  const first = await pollUntil(() => readTimeCode(page, 'cam0'));
  checks.that(first, 'the number burnt into the picture is read back from the canvas');
  const later = await pollUntil(async () => {
    const code = await readTimeCode(page, 'cam0');
    return code && first && code.number > first.number ? code : null;
  });
  checks.that(later && later.capturedUs > first.capturedUs, 'a later picture has a later number and time', [first, later]);
  const said = await pollUntil(async () => {
    const caption = await tile(page, 'cam0').locator('.caption').innerText();
    return /[\d.]+ ms\s*±[\d.]+/.test(caption) && /[\d.]+ fps · [\d.]+ Mbit\/s · jpeg/.test(caption) && /[\d.]+ %/.test(caption) && caption;
  });
  checks.that(said, 'a tile tells latency with its bound, fps, Mbit/s, codec and integrity', await tile(page, 'cam0').innerText());
  const latency = Number(await tile(page, 'cam0').getAttribute('data-latency-ms'));
  checks.that(latency > 0 && latency < 10_000, 'the latency of the picture on the screen is a sane number', latency);
  console.log(`captured → painted: ${await tile(page, 'cam0').locator('.delay').innerText()}`);
  checks.that((await tile(page, 'workshop').locator('.notice').innerText()).includes('/dev/video77'), 'a stream in trouble says why');
}

async function checkOneLarge(checks, page) {
  await tile(page, 'cam0').locator('.screen-link').click();
  await page.locator('#panel').waitFor();
  checks.equal([await hash(page, '#cam0'), await tile(page, 'door').isVisible()], ['#cam0', false], 'a click makes one large and the address keeps it');
  await page.goBack();
  await tile(page, 'door').waitFor();
  checks.equal([await hash(page, ''), await page.locator('#panel').isVisible()], ['', false], 'the back button leads back to all');
  await page.goto(`${page.url().split('#')[0]}#door`);
  await page.reload();
  await page.locator('#panel').waitFor();
  checks.equal([await tile(page, 'door').isVisible(), await tile(page, 'cam0').isVisible()], [true, false], 'an address with a name opens that stream');
  await page.locator('#back').click();
  await tile(page, 'cam0').waitFor();
  checks.equal(await hash(page, ''), '', 'the arrow in the header leads back too');
}

async function checkKeys(checks, page) {
  await tile(page, 'cam0').locator('.screen-link').focus();
  await page.keyboard.press('ArrowRight');
  checks.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), '#door', 'an arrow moves the focus to the next stream');
  await page.keyboard.press('Enter');
  await page.locator('#panel').waitFor();
  checks.equal(await hash(page, '#door'), '#door', 'Enter makes it large');
  await page.keyboard.press('ArrowLeft');
  checks.equal(await hash(page, '#cam0'), '#cam0', 'large, an arrow shows the next one');
  await page.keyboard.press('b');
  checks.equal(await page.locator('#boxes').getAttribute('aria-pressed'), 'false', 'b hides the boxes');
  await page.keyboard.press('b');
  const download = page.waitForEvent('download');
  await page.keyboard.press('s');
  checks.equal((await download).suggestedFilename(), 'cam0.jpg', 's takes a snapshot');
  await page.keyboard.press('f');
  checks.that(await pollUntil(() => page.evaluate(() => document.fullscreenElement !== null)), 'f is full screen');
  await page.keyboard.press('f');
  await pollUntil(() => page.evaluate(() => document.fullscreenElement === null));
  await page.keyboard.press('?');
  checks.that(await page.locator('#help-dialog').isVisible(), '? shows the keys');
  await page.keyboard.press('Escape');
  checks.that(!(await page.locator('#help-dialog').isVisible()) && hashOf(page) === '#cam0', 'Esc closes them, and nothing else');
  await page.keyboard.press('Escape');
  checks.equal(await hash(page, ''), '', 'Esc leads back to all');
}

async function checkTools(checks, page) {
  const event = page.waitForEvent('download');
  await tile(page, 'cam0').locator('.snapshot').click();
  const bytes = readFileSync(await (await event).path());
  checks.equal([bytes[0], bytes[1], bytes.at(-2), bytes.at(-1)], [0xff, 0xd8, 0xff, 0xd9], 'the camera saves a whole JPEG');
  await tile(page, 'cam0').locator('.full').click();
  checks.that(await pollUntil(() => page.evaluate(() => document.fullscreenElement?.classList.contains('screen'))), 'full screen by its button');
  await page.evaluate(() => document.exitFullscreen());
  await page.locator('#boxes').click();
  checks.equal(await page.locator('#boxes').getAttribute('aria-pressed'), 'false', 'boxes off by their button');
  await page.locator('#boxes').click();
  await page.locator('#help').click();
  await page.locator('#help-dialog .cancel').click();
  checks.that(!(await page.locator('#help-dialog').isVisible()), 'the keys open and close by buttons');
}

async function checkRestart(checks, page, hub) {
  await page.goto(hub.base);
  await tile(page, 'cam0').and(page.locator('[data-frame]')).waitFor();
  await hub.kill();
  await page.locator('#offline').waitFor();
  checks.that(true, 'a hub that is gone is said');
  await hub.start();
  const from = Date.now();
  const before = await tile(page, 'cam0').getAttribute('data-frame');
  const painted = await pollUntil(async () => (await readTimeCode(page, 'cam0')) && (await tile(page, 'cam0').getAttribute('data-frame')) !== before);
  checks.that(painted, 'pictures come again by themselves after the hub was started anew');
  console.log(`hub ready → painted again: ${Date.now() - from} ms`);
  await page.locator('#offline').waitFor({ state: 'hidden' });
}

// A hub that went away between the page and its worker's script.
async function checkLateWorker(checks, browser, base) {
  const page = await browser.newPage();
  let refused = 0;
  await page.route('**/worker.js', (route) => (++refused <= 2 ? route.abort() : route.continue()));
  await page.goto(base);
  checks.that(await pollUntil(() => readTimeCode(page, 'cam0')), 'pictures come where the script of the worker came late');
  checks.that(refused > 2, 'which was asked for again');
  await page.close();
}

async function checkH264(checks, page, base) {
  await page.goto(`${base}#film`);
  checks.equal(await page.evaluate(() => [isSecureContext, 'VideoDecoder' in self]), [true, true], '127.0.0.1 is a secure context, with WebCodecs');
  const first = await pollUntil(() => readTimeCode(page, 'film'));
  checks.that(await pollUntil(async () => (await readTimeCode(page, 'film'))?.number > first.number), 'H.264 is painted, picture after picture');
  checks.that(await pollUntil(async () => (await tile(page, 'film').locator('.rates').innerText()).endsWith('· h264')), 'and told as such');
}

// A hub of an older version says no role.
async function checkRoles(checks, browser, base) {
  const page = await browser.newPage();
  await page.route('**/streams', async (route) => {
    const { streams } = await (await route.fetch()).json();
    await route.fulfill({ json: { streams } });
  });
  await page.goto(`${base}#cam0`);
  await page.locator('.hint').waitFor();
  checks.equal([await page.locator('.pause').count(), await page.locator('#add').isVisible()], [0, false], 'without a role there is nothing to steer with, and a hint');
  await page.close();
}

async function checkPhone(checks, browser, base) {
  const page = await browser.newPage({ viewport: { width: 375, height: 812 }, isMobile: true, hasTouch: true });
  for (const at of [base, `${base}#cam0`]) {
    await page.goto('about:blank');
    await page.goto(at);
    await page.locator('.tile[data-frame]').first().waitFor();
    checks.equal(await page.evaluate(() => document.documentElement.scrollWidth), 375, `nothing stands out at 375 pixels: ${at.split('/').at(-1) || 'all'}`);
  }
  await page.close();
}

// Ears on the page: what it loads, what it complains of.
function listen(page) {
  const heard = { files: new Set(), strangers: [], complaints: [] };
  page.on('request', (request) => {
    if (new URL(request.url()).hostname !== '127.0.0.1' && !request.url().startsWith('blob:')) heard.strangers.push(request.url());
  });
  page.on('response', (response) => {
    if (/\/$|\.(js|css|svg)$/.test(new URL(response.url()).pathname)) heard.files.add(response.url());
  });
  page.on('worker', (worker) => heard.files.add(worker.url()));
  page.on('pageerror', (error) => heard.complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') heard.complaints.push(message.text());
  });
  return heard;
}

async function checkAtHome(checks, browser, hub, screenshots) {
  const page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  const heard = listen(page);
  await page.goto(hub.base);
  await checkPictures(checks, page);
  const bodies = await Promise.all([...heard.files].map(async (url) => (await fetch(url)).arrayBuffer()));
  const bytes = bodies.reduce((sum, body) => sum + body.byteLength, 0);
  checks.that(bodies.length >= 5 && bytes < kMostBytes, `the whole page has ${bytes} bytes in ${bodies.length} files`);
  if (screenshots) await takeScreenshots(browser, hub.base, screenshots);
  await checkOneLarge(checks, page);
  await checkKeys(checks, page);
  await checkTools(checks, page);
  await checkH264(checks, page, hub.base);
  await checkBoxes(checks, page, hub.base);
  checks.equal(heard.complaints, [], 'the page has nothing to complain of');
  await checkSettings(checks, page, hub);
  await checkDestinations(checks, page, hub);
  await checkControls(checks, page, hub);
  checks.equal(heard.strangers, [], 'nobody but the hub is asked for anything');
  await checkPhone(checks, browser, hub.base);
  await checkRoles(checks, browser, hub.base);
  await checkOddDecoders(checks, hub);
  await page.goto('about:blank'); // no other viewer's frames are to be counted
  await checkHidden(checks, hub);
  await checkRestart(checks, page, hub);
  await checkLateWorker(checks, browser, hub.base);
  await checkSilentWay(checks, browser, hub);
}

async function checkAway(checks, browser, hub) {
  await checkInsecure(checks, browser, hub);
  await checkTokens(checks, browser, hub);
}

async function withHub(hub, check) {
  try {
    await check(hub);
  } finally {
    await hub.end();
  }
}

async function main() {
  const [command, option, folder] = process.argv.slice(2);
  const checks = new Checks();
  await checkMeter(checks);
  const browser = await launch();
  try {
    const screenshots = option === '--screenshots' ? folder : undefined;
    await withHub(await Hub.create(command, kConfig, { files: { 'face.png': paintedFace() } }), (hub) => checkAtHome(checks, browser, hub, screenshots));
    await withHub(await Hub.create(command, kAwayConfig, { files: kTokens, host: '0.0.0.0' }), (hub) => checkAway(checks, browser, hub));
    await checkOwnPage(checks, browser, command);
  } finally {
    await browser.close();
  }
  return checks.finish();
}

process.exitCode = await main();
