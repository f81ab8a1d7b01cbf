// The page over an address that is not a loopback one: no secure context, and tokens.
import { kAway } from './browser.mjs';
import { pollUntil } from './checks.mjs';
import { readTimeCode } from './time_code.mjs';

export const kTokens = { view: 'whoMayLook+see=&more\n', steer: 'whoMaySteer+&more==\n' };
export const kAwayConfig = `
[control]
view_token_file = "view"
steer_token_file = "steer"

[[stream]]
name = "film"
source = "test:?size=640x360&fps=30"
codec = "h264"
`;

const address = (hub, rest) => `http://${kAway}:${hub.port}/${rest}`;
const withToken = (hub, token) => address(hub, `?token=${encodeURIComponent(kTokens[token].trim())}#film`);

async function checkPainted(checks, page, what) {
  const first = await pollUntil(() => readTimeCode(page, 'film'));
  checks.that(first && (await pollUntil(async () => (await readTimeCode(page, 'film'))?.number > first.number)), what);
}

export async function checkInsecure(checks, browser, hub) {
  const contexts = await Promise.all([browser.newContext(), browser.newContext()]);
  const pages = await Promise.all(contexts.map((context) => context.newPage()));
  await Promise.all(pages.map((page) => page.goto(withToken(hub, 'view'))));
  checks.equal(await pages[0].evaluate(() => [isSecureContext, 'VideoDecoder' in self]), [false, false], 'over the network the page has no WebCodecs');
  for (const page of pages) {
    await checkPainted(checks, page, 'a stream in H.264 is painted all the same');
    checks.that(await pollUntil(async () => (await page.locator('.rates').innerText()).endsWith('· jpeg')), 'as JPEG, and told as such');
    checks.equal([await page.locator('.hint').isVisible(), await page.locator('.pause').count(), await page.locator('#add').isVisible()], [true, 0, false],
      'with nothing to steer with');
    checks.equal(new URL(page.url()).search, '', 'and no token in its address');
  }
  checks.equal((await hub.streams()).film.settings.encoding.codec, 'h264', 'the stream is still H.264 for all others');
  await Promise.all(contexts.map((context) => context.close()));
}

async function enter(page, token) {
  await page.locator('#token-dialog input').fill(token);
  await page.locator('#token-dialog .primary').click();
}

export async function checkTokens(checks, browser, hub) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(address(hub, '#film'));
  await page.locator('#token-dialog').waitFor();
  checks.equal([await page.locator('#token-dialog .error').isVisible(), await page.locator('.tile').count()], [false, 0], 'without a token there is a field for one, and nothing else');
  await page.keyboard.press('Escape');
  await page.locator('#token-dialog').waitFor();
  await enter(page, 'wrong');
  await page.locator('#token-dialog .error').waitFor();
  checks.equal([page.url(), (await context.cookies()).length], [address(hub, '#film'), 0], 'a wrong one is told as wrong, and not kept');
  await enter(page, kTokens.view.trim());
  await checkPainted(checks, page, 'the token of those who may look shows the stream that the address named');
  checks.equal([page.url(), await page.locator('.pause').count()], [address(hub, '#film'), 0], 'the token is not in the address, and nothing is there to steer with');
  const [cookie] = await context.cookies();
  checks.equal([cookie?.httpOnly, cookie?.sameSite], [true, 'Strict'], 'it is a cookie that no script reads and no other site sends');
  await page.reload();
  await checkPainted(checks, page, 'the page that is loaded anew needs none');
  await page.goto(withToken(hub, 'steer'));
  await page.locator('.pause').click();
  checks.that(await pollUntil(async () => (await hub.streams()).film.state === 'paused'), 'whoever shows the token of those who may steer steers');
  await context.close();
}
