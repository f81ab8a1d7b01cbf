// js/examples/page.html, as somebody serves it from a place of their own: it looks at the hub with a token.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Hub } from './hub.mjs';

const kJs = fileURLToPath(new URL('../../../js', import.meta.url));
const kToken = 'view-token-0123456789';
const kConfig = '[control]\nview_token_file = "view.token"\n[[stream]]\nname = "cam0"\nsource = "test:?size=320x240"\n';
const kTypes = { html: 'text/html', js: 'text/javascript' };

async function serve(folder) {
  const server = createServer(async (request, response) => {
    const body = await readFile(folder + request.url).catch(() => undefined);
    response.writeHead(body ? 200 : 404, { 'Content-Type': kTypes[request.url.split('.').pop()] ?? 'text/plain' }).end(body);
  });
  await new Promise((listens) => server.listen(0, '127.0.0.1', listens));
  return server;
}

async function prepare(folder, hub) {
  await mkdir(`${folder}/examples`);
  execFileSync('esbuild', [`${kJs}/src/watch.ts`, '--bundle', '--format=esm', '--log-level=error', `--outfile=${folder}/dist/watch.js`]);
  const text = await readFile(`${kJs}/examples/page.html`, 'utf8');
  const page = (token) => text.replace('ws://127.0.0.1:8080/', hub.base.replace('http', 'ws')).replace('TOKEN', token);
  await writeFile(`${folder}/examples/page.html`, page(kToken));
  await writeFile(`${folder}/examples/stranger.html`, page('another-token-01234'));
}

const isPainted = () => {
  const canvas = document.getElementById('picture');
  if (canvas.width !== 320) return false;
  const { data } = canvas.getContext('2d').getImageData(200, 100, 64, 64);
  return data.some((value, i) => i % 4 !== 3 && value > 60);
};

export async function checkOwnPage(checks, browser, command) {
  const folder = await mkdtemp(`${tmpdir()}/glimt-own-page-`);
  const hub = await Hub.create(command, kConfig, { files: { 'view.token': kToken } });
  await prepare(folder, hub);
  const server = await serve(folder);
  const context = await browser.newContext();
  try {
    const from = `http://127.0.0.1:${server.address().port}/examples`;
    const page = await context.newPage();
    await page.goto(`${from}/page.html`);
    checks.that(await page.waitForFunction(isPainted, undefined, { timeout: 20_000 }).then(() => true, () => false), 'ten lines in a page of one\'s own show the stream, with a token');
    const stranger = await context.newPage();
    const refused = new Promise((told) => stranger.on('console', (message) => message.type() === 'error' && told(message.text())));
    await stranger.goto(`${from}/stranger.html`);
    checks.that(/40[13]/.test(await refused), 'a page with another token is refused', await refused);
  } finally {
    await context.close();
    server.close();
    await hub.end();
    await rm(folder, { recursive: true });
  }
}
