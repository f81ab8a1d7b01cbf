// Saves pictures as they come: node save-frames.mjs udp://:5000 FOLDER [COUNT]
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { receive } from 'glimt';

const [address = 'udp://:5000', folder = 'frames', count = '10'] = process.argv.slice(2);
const kEndings = { jpeg: 'jpg', h264: 'h264', raw: 'raw' };
await mkdir(folder, { recursive: true });
let saved = 0;
for await (const unit of receive(address)) {
  const path = join(folder, `${String(unit.frame).padStart(8, '0')}.${kEndings[unit.codec]}`);
  await writeFile(path, unit.bytes);
  console.log(`${path}: ${unit.width}x${unit.height}, ${unit.bytes.length} bytes, ${(performance.now() - unit.capturedAt).toFixed(1)} ms old`);
  if (++saved >= Number(count)) break;
}
