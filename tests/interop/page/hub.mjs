// A hub of the test's own: its folder, its port, its state, and `glimt ctl` on it.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Hub {
  /** `files`: name -> bytes, in its folder, where it runs; `host`: where its page listens. */
  static async create(command, config, { files = {}, host = '127.0.0.1' } = {}) {
    const hub = new Hub();
    hub.command = resolve(command);
    hub.folder = mkdtempSync(join(tmpdir(), 'glimt-page-'));
    hub.port = await freePort();
    hub.host = host;
    hub.base = `http://127.0.0.1:${hub.port}/`;
    hub.environment = { ...process.env, XDG_RUNTIME_DIR: hub.folder, XDG_STATE_HOME: hub.folder, GLIMT_CONTROL: '' };
    for (const [name, text] of Object.entries({ ...files, 'hub.toml': config })) writeFileSync(join(hub.folder, name), text, { mode: 0o600 });
    await hub.start();
    return hub;
  }

  async start() {
    const options = ['--config', `${this.folder}/hub.toml`, '--state', `${this.folder}/hub.json`, '--listen', `${this.host}:${this.port}`];
    this.child = spawn(this.command, ['hub', ...options], { cwd: this.folder, env: this.environment, stdio: ['ignore', 'ignore', 'pipe'] });
    this.said = '';
    await new Promise((started, reject) => {
      this.child.stderr.on('data', (data) => {
        this.said += data;
        if (this.said.includes('steer it: glimt ctl')) started();
      });
      this.child.once('exit', (code) => reject(new Error(`the hub ended with ${code}: ${this.said}`)));
    });
  }

  async kill(signal = 'SIGKILL') {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await ended;
  }

  async end() {
    await this.kill('SIGTERM');
    rmSync(this.folder, { recursive: true });
  }

  /** The value of one line of /metrics. */
  async metric(line) {
    const text = await (await fetch(`${this.base}metrics`)).text();
    return Number(text.split('\n').find((each) => each.startsWith(`${line} `))?.split(' ')[1]);
  }

  async ctl(...words) {
    return (await promisify(execFile)(this.command, ['ctl', ...words], { env: this.environment })).stdout;
  }

  /** Name -> all that `ctl` tells of it. */
  async streams() {
    return Object.fromEntries(JSON.parse(await this.ctl('streams', '--json')).streams.map((stream) => [stream.name, stream]));
  }
}
