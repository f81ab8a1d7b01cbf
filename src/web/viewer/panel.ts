// Panel: what can be changed of the large stream. It is built once a stream and updated in place, so that nobody's typing is overwritten.
import { Destinations } from './destinations';
import { el, setText } from './dom';
import { hub, HubError } from './hub';
import type { Change, Stream } from './hub';

const kConfirmMs = 4000;

export interface PanelOptions {
  /** Something was changed: what the hub tells is out of date. */
  changed: () => void;
}

export class Panel {
  private name = '';
  private update_: (stream: Stream) => void = () => undefined;

  constructor(private readonly root: HTMLElement, private readonly options: PanelOptions) {}

  /** Of no stream: hidden. */
  show(stream: Stream | undefined, mayChange: boolean): void {
    this.root.hidden = stream === undefined;
    const key = stream ? `${stream.name} ${mayChange}` : '';
    if (key !== this.name) {
      this.name = key;
      this.root.replaceChildren();
      this.update_ = () => undefined;
      if (stream) this.build(stream, mayChange);
    }
    if (stream) this.update_(stream);
  }

  private build({ name }: Stream, mayChange: boolean): void {
    const source = el('p', { class: 'source' });
    if (!mayChange) {
      this.root.append(source, el('p', { class: 'hint' }, 'You may look, not steer: open the page with a token that may steer to change streams.'));
      this.update_ = (stream) => setText(source, sourceOf(stream));
      return;
    }
    const attempt = this.attempt.bind(this);
    const settings = this.settings(name);
    const destinations = new Destinations(name, attempt);
    const pause = el('button', { class: 'pause' }, 'Pause');
    const error = el('p', { class: 'error', role: 'alert', hidden: true });
    let paused = false;
    pause.onclick = () => void attempt(error, () => hub.change(name, { paused: !paused }));
    this.root.append(
      source, el('h3', {}, 'Picture'), settings.form, el('h3', {}, 'Destinations'), destinations.element,
      el('div', { class: 'row end' }, pause, this.removal(name, error)), error);
    this.update_ = (stream) => {
      paused = stream.settings.paused;
      setText(source, sourceOf(stream));
      setText(pause, paused ? 'Resume' : 'Pause');
      settings.update(stream);
      destinations.update(stream.destinations);
    };
  }

  private settings(name: string): { form: HTMLElement; update: (stream: Stream) => void } {
    const quality = el('input', { name: 'quality', type: 'range', min: '1', max: '100' });
    const said = el('output', {});
    const codec = el('select', { name: 'codec' });
    for (const [value, text] of [['', 'as needed'], ['jpeg', 'JPEG'], ['h264', 'H.264'], ['raw', 'raw']] as const) codec.append(el('option', { value }, text));
    const fps = el('input', { name: 'fps', inputmode: 'decimal', placeholder: 'as they come', autocomplete: 'off' });
    const size = el('input', { name: 'size', placeholder: 'as it comes', autocomplete: 'off' });
    const error = el('p', { class: 'error', role: 'alert', hidden: true });
    const change = (change: Change) => void this.attempt(error, () => hub.change(name, change));
    quality.oninput = () => setText(said, quality.value);
    quality.onchange = () => change({ quality: Number(quality.value) });
    codec.onchange = () => change({ codec: codec.value || null });
    // A text that is no number goes to the hub as it is: its answer names the cure.
    fps.onchange = () => change({ fps: fps.value.trim() === '' ? null : Number.isNaN(Number(fps.value)) ? (fps.value as unknown as number) : Number(fps.value) });
    size.onchange = () => change({ size: size.value.trim().replace('×', 'x') || null });
    const form = el(
      'div', { class: 'fields' },
      el('label', {}, 'Quality', el('span', { class: 'ranged' }, quality, said)), el('label', {}, 'Codec', codec),
      el('label', {}, 'Pictures a second', fps), el('label', {}, 'Size at most', size), error);
    const put = (field: HTMLInputElement | HTMLSelectElement, value: string) => {
      if (field !== document.activeElement && field.value !== value) field.value = value;
    };
    const update = ({ settings: { encoding }, ...stream }: Stream) => {
      put(quality, String(encoding.quality ?? 80));
      setText(said, quality.value);
      put(codec, encoding.codec ?? '');
      put(fps, encoding.fps === null ? '' : String(encoding.fps));
      put(size, encoding.width ? `${encoding.width}x${encoding.height}` : '');
      size.placeholder = stream.width ? `${stream.width}x${stream.height}` : 'as it comes';
    };
    return { form, update };
  }

  // Asks once more in its own place: no dialog stands over the picture.
  private removal(name: string, error: HTMLElement): HTMLButtonElement {
    const button = el('button', { class: 'remove' }, 'Remove stream');
    let armed = false;
    button.onclick = () => {
      if (armed) return void this.attempt(error, () => hub.remove(name));
      armed = true;
      setText(button, `Really remove ${name}?`);
      button.classList.add('danger');
      setTimeout(() => {
        armed = false;
        setText(button, 'Remove stream');
        button.classList.remove('danger');
      }, kConfirmMs);
    };
    return button;
  }

  /** Whether it was done; what the hub says against it is shown in `error`. */
  private async attempt(error: HTMLElement, action: () => Promise<unknown>): Promise<boolean> {
    error.hidden = true;
    try {
      await action();
      return true;
    } catch (refusal) {
      if (!(refusal instanceof HubError)) throw refusal;
      setText(error, refusal.message);
      error.hidden = false;
      return false;
    } finally {
      this.options.changed();
    }
  }
}

const sourceOf = ({ settings, description }: Stream) => (description && description !== settings.source ? `${settings.source} — ${description}` : settings.source);
