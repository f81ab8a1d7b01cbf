// The page: asks for the streams, keeps a tile for each, and one large where the address names it.
import { askStream, askToken, closeTokenDialog, hideToken, showKeys } from './dialogs';
import { byId, setText } from './dom';
import { hub, HubError } from './hub';
import type { Stream, Told } from './hub';
import { listenToKeys } from './keys';
import type { FromWorker, ToWorker } from './messages';
import { Panel } from './panel';
import { Tile } from './tile';

const kPollMs = 1000;
const kRetryMs = 250;
const kBoxesKey = 'glimt.boxes';

let worker = startWorker();
const grid = byId('grid');
const tiles = new Map<string, Tile>();
const byNumber = new Map<number, Tile>();
let streams: Stream[] = [];
let mayChange = false;
let tokenShown = hideToken();
let boxes = localStorage.getItem(kBoxesKey) !== 'off';
let nextId = 1;
let pollTimer = 0;

const tell = (message: ToWorker, transfer: Transferable[] = []) => worker.postMessage(message, transfer);

function startWorker(): Worker {
  const started = new Worker('/worker.js');
  started.onmessage = ({ data }: MessageEvent<FromWorker>) => byNumber.get(data.id)?.receive(data);
  started.onerror = (event) => {
    if (event instanceof ErrorEvent) return; // one that runs
    window.setTimeout(restartWorker, kRetryMs);
  };
  return started;
}

// One whose script did not come has taken the tiles' canvases with it: all are made anew.
function restartWorker(): void {
  [...tiles.values()].forEach(drop);
  worker = startWorker();
  makeTiles();
  show();
}

const inSight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) tiles.get((target as HTMLElement).dataset['stream'] ?? '')?.setVisible(isIntersecting);
}, { rootMargin: '100px' });

const panel = new Panel(byId('panel'), { changed: () => void poll() });

function chosen(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
}

function show(): void {
  const large = streams.find(({ name }) => name === chosen());
  document.body.classList.toggle('one', large !== undefined);
  for (const tile of tiles.values()) tile.show(large === undefined || tile.name === large.name, tile.name === large?.name);
  panel.show(large, mayChange);
  byId('add').hidden = !mayChange;
  byId('back').hidden = large === undefined;
  byId('empty').hidden = streams.length > 0;
  const flowing = streams.filter(({ state }) => state === 'flowing').length;
  setText(byId('summary'), large ? '' : streams.length === 0 ? '' : `${flowing} of ${streams.length} live`);
  document.title = large ? `${large.name} · Glimt` : 'Glimt';
}

function drop(tile: Tile): void {
  inSight.unobserve(tile.element);
  tile.close();
  tiles.delete(tile.name);
  byNumber.delete(tile.id);
}

function makeTiles(): void {
  for (const stream of streams) {
    let tile = tiles.get(stream.name);
    if (!tile) {
      tile = new Tile({ id: nextId++, name: stream.name, boxes, tell });
      tiles.set(stream.name, tile);
      byNumber.set(tile.id, tile);
      grid.append(tile.element);
      inSight.observe(tile.element);
    }
    tile.update(stream);
  }
}

function take(told: Told): void {
  streams = told.streams;
  mayChange = told.role === 'steer';
  const names = new Set(streams.map(({ name }) => name));
  for (const tile of [...tiles.values()]) if (!names.has(tile.name)) drop(tile);
  makeTiles();
  show();
}

let asked = 0;
async function poll(): Promise<void> {
  clearTimeout(pollTimer);
  const number = ++asked;
  let again = kPollMs;
  try {
    const newest = await hub.streams();
    if (number !== asked) return; // a later question is on its way
    take(newest);
    byId('offline').hidden = true;
    tokenShown = false;
    closeTokenDialog();
  } catch (refusal) {
    if (number !== asked) return;
    const wantsToken = refusal instanceof HubError && refusal.status === 401;
    byId('offline').hidden = wantsToken;
    if (wantsToken) askToken(tokenShown);
    else again = kRetryMs;
  }
  pollTimer = window.setTimeout(() => void poll(), again);
}

function choose(name: string): void {
  if (name !== chosen()) {
    history.pushState(null, '', name === '' ? '/' : `#${encodeURIComponent(name)}`);
    scrollTo(0, 0); // the large one stands at the top
  }
  show();
}

function toGrid(): void {
  const was = tiles.get(chosen());
  choose('');
  was?.link.focus();
}

function current(): Tile | undefined {
  const focused = document.activeElement?.closest<HTMLElement>('.tile')?.dataset['stream'];
  return tiles.get(chosen()) ?? tiles.get(focused ?? '') ?? tiles.values().next().value;
}

// In the grid the focus moves; large, the next stream comes.
function move(columns: number, rows: number): void {
  const names = streams.map(({ name }) => name);
  const large = names.indexOf(chosen());
  const at = large >= 0 ? large : names.indexOf(document.activeElement?.closest<HTMLElement>('.tile')?.dataset['stream'] ?? '');
  const across = getComputedStyle(grid).gridTemplateColumns.split(' ').length;
  const to = at < 0 ? 0 : at + columns + (large >= 0 ? rows : rows * across);
  const name = names[to];
  if (name === undefined) return;
  if (large >= 0) choose(name);
  else tiles.get(name)?.link.focus();
}

function setBoxes(shown: boolean): void {
  boxes = shown;
  localStorage.setItem(kBoxesKey, shown ? 'on' : 'off');
  byId('boxes').setAttribute('aria-pressed', String(shown));
  tell({ kind: 'boxes', shown });
}

const add = () => askStream((name) => void poll().then(() => choose(name)));

setBoxes(boxes);
byId('boxes').onclick = () => setBoxes(!boxes);
byId('add').onclick = add;
byId('help').onclick = showKeys;
byId('back').onclick = toGrid;
byId('home').onclick = (event) => {
  event.preventDefault();
  choose('');
};
addEventListener('hashchange', show);
addEventListener('popstate', show);
document.addEventListener('visibilitychange', () => tiles.forEach((tile) => tile.watch()));
listenToKeys({
  move,
  back: toGrid,
  fullScreen: () => current()?.fullScreen(),
  snapshot: () => current()?.snapshot(),
  boxes: () => setBoxes(!boxes),
  help: showKeys,
});
void poll();
