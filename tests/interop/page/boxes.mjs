// Boxes that came as metadata: pixels over the picture, and none once they are switched off.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pollUntil } from './checks.mjs';

const kSupport = fileURLToPath(new URL('../../support', import.meta.url));

/** A PNG with a face in its middle, as tests/support/faces.py paints it. */
export function paintedFace() {
  const script = "import sys, cv2, faces; sys.stdout.buffer.write(cv2.imencode('.png', faces.picture_with_face())[1])";
  return execFileSync('/usr/bin/python3', ['-c', script], { env: { ...process.env, PYTHONPATH: kSupport } });
}

// Runs in the page: what of the tile's picture has the boxes' colour (painter.ts), and where it begins and ends.
function boxPixels(canvas) {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  const near = (at, value) => Math.abs(data[at] - value) < 6;
  const found = { count: 0, left: copy.width, right: 0 };
  for (let at = 0; at < data.length; at += 4) {
    if (!near(at, 0x5e) || !near(at + 1, 0xe6) || !near(at + 2, 0xb5)) continue;
    const x = (at / 4) % copy.width;
    Object.assign(found, { count: found.count + 1, left: Math.min(found.left, x), right: Math.max(found.right, x) });
  }
  return found;
}

export async function checkBoxes(checks, page, base) {
  await page.goto(`${base}#face`);
  const picture = page.locator('.tile[data-stream="face"] .picture');
  const drawn = await pollUntil(async () => {
    const found = await picture.evaluate(boxPixels);
    return found.count > 0 && found;
  });
  checks.that(drawn.count > 500 && drawn.left > 100 && drawn.left < 320 && drawn.right > 320 && drawn.right < 540,
    'a box is drawn around the face that the hub found', drawn);
  await page.locator('#boxes').click();
  checks.that(await pollUntil(async () => (await picture.evaluate(boxPixels)).count === 0), 'and not where boxes are switched off');
  await page.locator('#boxes').click();
  checks.that(await pollUntil(async () => (await picture.evaluate(boxPixels)).count === drawn.count), 'and again where they are switched on');
}
