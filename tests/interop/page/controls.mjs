// Every control of the panel, clicked; what came of it, as `glimt ctl` tells.
import { pollUntil } from './checks.mjs';

const settingsOf = async (hub, name) => (await hub.streams())[name]?.settings;

async function open(page, base, name) {
  await page.goto('about:blank');
  await page.goto(`${base}#${name}`);
  await page.locator('#panel .fields').waitFor();
}

async function checkReached(checks, hub, what, condition) {
  const reached = await pollUntil(async () => condition(await hub.streams()), 10_000);
  checks.that(reached, what, await hub.streams());
}

export async function checkSettings(checks, page, hub) {
  await open(page, hub.base, 'cam0');
  const encoding = (streams) => streams.cam0.settings.encoding;
  await page.locator('[name=quality]').focus();
  await page.keyboard.press('ArrowLeft');
  await checkReached(checks, hub, 'quality by its slider', (streams) => encoding(streams).quality === 79);
  await page.locator('[name=codec]').selectOption('jpeg');
  await checkReached(checks, hub, 'codec by its list', (streams) => encoding(streams).codec === 'jpeg');
  await page.locator('[name=fps]').fill('12.5');
  await page.keyboard.press('Enter');
  await checkReached(checks, hub, 'pictures a second', (streams) => encoding(streams).fps === 12.5);
  await page.locator('[name=size]').fill('320x180');
  await page.keyboard.press('Enter');
  await checkReached(checks, hub, 'size', (streams) => encoding(streams).width === 320 && encoding(streams).height === 180);
  await page.locator('[name=size]').fill('');
  await page.keyboard.press('Enter');
  await checkReached(checks, hub, 'an empty field sets back to the default', (streams) => encoding(streams).width === null);
  await page.locator('[name=fps]').fill('many');
  await page.keyboard.press('Enter');
  await page.locator('.fields .error').waitFor();
  checks.that((await page.locator('.fields .error').innerText()).length > 5, 'what the hub says against it stands below the fields');
  checks.equal((await settingsOf(hub, 'cam0')).encoding.fps, 12.5, 'and nothing was changed');
}

export async function checkDestinations(checks, page, hub) {
  await open(page, hub.base, 'cam0');
  const urls = (streams) => streams.cam0.destinations.map(({ url }) => url).join(' ');
  const add = page.locator('.add-destination input');
  await add.fill('udp://127.0.0.1:15001');
  await page.locator('.add-destination button').click();
  await checkReached(checks, hub, 'a destination is added', (streams) => urls(streams) === 'udp://127.0.0.1:15000 udp://127.0.0.1:15001');
  await add.fill('smoke://signals');
  await page.locator('.add-destination button').click();
  await page.locator('.add-destination + .error').waitFor();
  checks.that((await page.locator('.add-destination + .error').innerText()).includes('smoke'), 'an address that is none is refused beside its field');
  const second = page.locator('li[data-destination="d2"]');
  await second.locator('input').fill('udp://127.0.0.1:15002');
  await second.locator('.move').click();
  await checkReached(checks, hub, 'a destination is led elsewhere', (streams) => urls(streams) === 'udp://127.0.0.1:15000 udp://127.0.0.1:15002');
  await page.locator('li[data-destination]').nth(1).locator('.remove-destination').click();
  await checkReached(checks, hub, 'a destination is removed', (streams) => urls(streams) === 'udp://127.0.0.1:15000');
}

export async function checkControls(checks, page, hub) {
  await open(page, hub.base, 'cam0');
  await page.locator('.pause').click();
  await checkReached(checks, hub, 'pause', (streams) => streams.cam0.state === 'paused');
  await page.locator('.tile[data-state="paused"] .notice').waitFor();
  checks.equal(await page.locator('.tile[data-stream="cam0"] .notice').innerText(), 'paused', 'the picture says that it is paused');
  await page.locator('.pause', { hasText: 'Resume' }).click();
  await checkReached(checks, hub, 'resume', (streams) => streams.cam0.state === 'flowing');
  await page.locator('#add').click();
  await page.locator('#add-dialog [name=name]').fill('cam0');
  await page.locator('#add-dialog [name=source]').fill('test:?size=320x240');
  await page.locator('#add-dialog .primary').click();
  await page.locator('#add-dialog .error').waitFor();
  checks.that((await page.locator('#add-dialog .error').innerText()).includes('cam0'), 'a name that is taken is refused in the dialog');
  await page.locator('#add-dialog [name=name]').fill('cam9');
  await page.locator('#add-dialog .primary').click();
  await checkReached(checks, hub, 'a stream is added', (streams) => streams.cam9);
  await page.waitForURL('**#cam9');
  await page.locator('.tile[data-stream="cam9"][data-frame]').waitFor();
  checks.that(true, 'and is shown large, with its picture');
  await page.locator('.remove').click();
  checks.that((await hub.streams()).cam9, 'one click removes nothing');
  await page.locator('.remove', { hasText: 'Really' }).click();
  await checkReached(checks, hub, 'the second one does', (streams) => !streams.cam9);
  await page.locator('.tile[data-stream="cam9"]').waitFor({ state: 'detached' });
  checks.that(await page.locator('.tile[data-stream="cam0"]').isVisible(), 'all others are shown again');
}
