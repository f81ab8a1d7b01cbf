// Tabs of one window that hide each other, as a user's do: playwright tells every page that it is in front, so this speaks to Chromium itself.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kChromium, kFlags } from './browser.mjs';

export class Tabs {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'glimt-tabs-'));
    const flags = [...kFlags, '--remote-debugging-pipe', `--user-data-dir=${this.folder}`, 'about:blank'];
    this.child = spawn(kChromium, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.waiting = new Map();
    this.count = 0;
    let heard = '';
    this.child.stdio[4].setEncoding('utf8').on('data', (text) => {
      const messages = (heard + text).split('\0');
      heard = messages.pop();
      for (const message of messages.map((json) => JSON.parse(json))) this.waiting.get(message.id)?.(message);
    });
  }

  async ask(method, params = {}, sessionId = undefined) {
    const id = ++this.count;
    const answer = new Promise((resolve) => this.waiting.set(id, resolve));
    this.child.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + '\0');
    const { result, error } = await answer;
    this.waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** A tab in front of all others. */
  async open(url) {
    const { targetId } = await this.ask('Target.createTarget', { url });
    const { sessionId } = await this.ask('Target.attachToTarget', { targetId, flatten: true });
    return {
      toFront: () => this.ask('Target.activateTarget', { targetId }),
      evaluate: async (expression) => (await this.ask('Runtime.evaluate', { expression, returnByValue: true }, sessionId)).result.value,
    };
  }

  async close() {
    await this.ask('Browser.close');
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
