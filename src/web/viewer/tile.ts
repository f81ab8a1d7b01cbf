// Tile: one stream in the grid, or alone and large. Its canvas belongs to the worker for the tile's whole life, so neither the
// way into the large view nor the way back opens anything anew.
import { el, icon, setText } from './dom';
import { Graph } from './graph';
import type { Stream } from './hub';
import { kOverdueGaps } from './messages';
import type { FromWorker, Numbers, ToWorker } from './messages';

export interface TileOptions {
  id: number;
  name: string;
  boxes: boolean;
  tell: (message: ToWorker, transfer?: Transferable[]) => void;
}

const kStaleMs = 1500; // or later, of a stream whose pictures are further apart

export class Tile {
  readonly element: HTMLElement;
  readonly link: HTMLAnchorElement;
  readonly id: number;
  readonly name: string;
  private readonly canvas = el('canvas', { class: 'picture', width: '640', height: '360' });
  private readonly screen: HTMLElement;
  private readonly notice = el('p', { class: 'notice', hidden: true });
  private readonly latency = el('span', { class: 'latency', title: 'captured → painted, median of 2 s, and how far the clocks may be off' });
  private readonly ends = el('span', { class: 'ends', hidden: true }, 'captured → painted');
  private readonly bound = el('span', { class: 'bound' });
  private readonly rates = el('span', { class: 'rates' });
  private readonly integrity = el('span', { class: 'integrity', title: 'share of the pictures’ strips that came' });
  private readonly graph: Graph;
  private readonly tell: TileOptions['tell'];
  private visible = true;
  private shown = true;
  private wasWatched = false;
  private paintedAt = 0;
  private gapMs = 0; // between the last two
  private stream: Stream | undefined;

  constructor({ id, name, boxes, tell }: TileOptions) {
    this.id = id;
    this.name = name;
    this.tell = tell;
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', `live picture of ${name}`);
    this.link = el('a', { class: 'screen-link', href: `#${encodeURIComponent(name)}`, 'aria-label': `${name}, large` });
    this.screen = el('div', { class: 'screen' }, this.canvas, this.notice, this.link);
    const graph = el('canvas', { class: 'graph', role: 'img', 'aria-label': 'latency' });
    this.graph = new Graph(graph);
    const full = el('button', { class: 'tool full', 'aria-label': `${name} in full screen`, title: 'Full screen (f)' }, icon('full'));
    full.onclick = () => this.fullScreen();
    const snapshot = el(
      'a',
      { class: 'tool snapshot', href: `/snapshot/${encodeURIComponent(name)}`, download: `${name}.jpg`, 'aria-label': `snapshot of ${name}`, title: 'Snapshot (s)' },
      icon('snapshot'),
    );
    this.element = el(
      'article', { class: 'tile', 'data-stream': name },
      this.screen,
      el('div', { class: 'caption' },
        el('div', { class: 'line' },
          el('div', { class: 'who' }, el('span', { class: 'dot' }), el('h2', {}, name)),
          el('div', { class: 'numbers' }, this.ends, el('span', { class: 'delay' }, this.latency, this.bound), graph)),
        el('div', { class: 'line' },
          el('div', { class: 'more' }, this.rates, this.integrity),
          el('div', { class: 'tools' }, snapshot, full))),
    );
    const offscreen = this.canvas.transferControlToOffscreen();
    tell({ kind: 'open', id, name, canvas: offscreen, boxes }, [offscreen]);
  }

  /** What the hub says of it. */
  update(stream: Stream): void {
    this.stream = stream;
    this.element.dataset['state'] = stream.state;
    this.say();
  }

  receive(message: FromWorker): void {
    if (message.kind === 'painted') {
      const at = performance.now();
      this.gapMs = this.paintedAt === 0 ? 0 : at - this.paintedAt;
      this.paintedAt = at;
      this.element.dataset['frame'] = String(message.frame);
      this.screen.style.setProperty('--shape', String(message.width / message.height));
      if (message.latencyMs === undefined) return;
      this.element.dataset['latencyMs'] = message.latencyMs.toFixed(1);
      this.graph.add(message.latencyMs);
      return;
    }
    this.showNumbers(message);
    this.say();
    if (this.visible) this.graph.draw();
  }

  setVisible(visible: boolean): void {
    this.visible = visible;
    this.watch();
  }

  show(shown: boolean, large: boolean): void {
    this.shown = shown;
    this.element.hidden = !shown;
    this.element.classList.toggle('large', large);
    this.watch();
  }

  fullScreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void this.screen.requestFullscreen?.().catch(() => undefined);
  }

  snapshot(): void {
    this.element.querySelector<HTMLAnchorElement>('a.snapshot')?.click();
  }

  close(): void {
    this.tell({ kind: 'close', id: this.id });
    this.element.remove();
  }

  /** To be called where the tab was hidden or shown, too. */
  watch(): void {
    const watched = this.watched();
    if (watched && !this.wasWatched && this.paintedAt > 0) [this.paintedAt, this.gapMs] = [performance.now(), 0];
    this.wasWatched = watched;
    this.tell({ kind: 'watch', id: this.id, watched });
  }

  // Chromium gives a worker its screen's turns in a hidden tab as well.
  private watched(): boolean {
    return this.visible && this.shown && !document.hidden;
  }

  private showNumbers({ latency, fps, bitsPerSecond, integrity, codec }: Numbers): void {
    setText(this.latency, latency ? `${latency.p50.toFixed(latency.p50 < 10 ? 1 : 0)} ms` : '');
    this.ends.hidden = !latency;
    setText(this.bound, latency ? `±${latency.boundMs < 0.1 ? '0.1' : latency.boundMs.toFixed(latency.boundMs < 10 ? 1 : 0)}` : '');
    const rates = [`${fps.toFixed(fps < 9.95 ? 1 : 0)} fps`, `${megabits(bitsPerSecond)} Mbit/s`, codec];
    setText(this.rates, fps > 0 ? rates.join(' · ') : '');
    // Rounded down: 100 % is said only where everything came.
    setText(this.integrity, fps > 0 ? `${Math.floor(integrity * 1000) / 10} %` : '');
    this.integrity.classList.toggle('bad', integrity < 0.995);
  }

  private say(): void {
    const text = this.trouble();
    this.notice.hidden = text === '';
    setText(this.notice, text);
    this.element.classList.toggle('stale', text !== '');
  }

  private trouble(): string {
    const state = this.stream?.state;
    if (state === 'paused') return 'paused';
    if (state === 'trouble') return this.stream?.why ?? '';
    if (state === 'ended') return 'the source has ended';
    if (this.paintedAt === 0) return 'waiting for the first picture';
    const isStale = performance.now() - this.paintedAt > Math.max(kStaleMs, this.gapMs * kOverdueGaps);
    return isStale && this.watched() ? 'no picture comes' : '';
  }
}

const megabits = (bits: number) => (bits / 1e6).toFixed(bits < 9.95e6 ? 1 : 0);
