// Tabs of Chromium without playwright, which tells every page that it is in front, and is told each byte that a page receives: these
// hide each other as a user's do, and nothing but the page itself takes time.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kChromium, kFlags } from './browser.mjs';

export class Tabs {
  constructor({ width = 1280, height = 800 } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'glimt-tabs-'));
    const flags = [...kFlags, '--remote-debugging-pipe', `--window-size=${width},${height}`, `--user-data-dir=${this.folder}`, 'about:blank'];
    this.child = spawn(kChromium, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.waiting = new Map();
    this.workers = new Map(); // a tab's session -> its worker's
    this.count = 0;
    let heard = '';
    this.child.stdio[4].setEncoding('utf8').on('data', (text) => {
      const messages = (heard + text).split('\0');
      heard = messages.pop();
      for (const message of messages.map((json) => JSON.parse(json))) this.receive(message);
    });
  }

  receive({ id, method, params, sessionId, ...answer }) {
    if (id !== undefined) this.waiting.get(id)?.(answer);
    if (method === 'Target.attachedToTarget' && params.targetInfo.type === 'worker') this.workers.set(sessionId, params.sessionId);
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

  async evaluate(expression, sessionId) {
    const { result, exceptionDetails } = await this.ask('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true }, sessionId);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** A tab in front of all others; `before`: a script that runs before the page's own, `fresh`: with nothing in its cache. */
  async open(url, { before, fresh = false } = {}) {
    const context = fresh ? await this.ask('Target.createBrowserContext', { disposeOnDetach: true }) : {};
    const { targetId } = await this.ask('Target.createTarget', { url: 'about:blank', ...context });
    const { sessionId } = await this.ask('Target.attachToTarget', { targetId, flatten: true });
    await this.ask('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: true }, sessionId);
    if (before) {
      await this.ask('Page.enable', {}, sessionId);
      await this.ask('Page.addScriptToEvaluateOnNewDocument', { source: before }, sessionId);
    }
    await this.ask('Page.navigate', { url }, sessionId);
    return {
      ask: (method, params) => this.ask(method, params, sessionId),
      evaluate: (expression) => this.evaluate(expression, sessionId),
      evaluateInWorker: (expression) => this.evaluate(expression, this.workers.get(sessionId)),
      toFront: () => this.ask('Target.activateTarget', { targetId }),
      close: () => this.ask('Target.closeTarget', { targetId }),
    };
  }

  async close() {
    await this.ask('Browser.close');
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
