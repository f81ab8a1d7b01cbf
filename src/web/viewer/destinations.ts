// Destinations: where a stream goes; each can be led elsewhere or removed, and further ones added.
import { el, setText } from './dom';
import { hub } from './hub';
import type { Destination } from './hub';

type Attempt = (error: HTMLElement, action: () => Promise<unknown>) => Promise<boolean>;

interface Row {
  element: HTMLLIElement;
  update: (destination: Destination) => void;
}

export class Destinations {
  readonly element: HTMLElement;
  private readonly list = el('ul', { class: 'destinations' });
  private readonly rows = new Map<string, Row>();

  constructor(private readonly stream: string, private readonly attempt: Attempt) {
    this.element = el('div', {}, this.list, this.addition());
  }

  update(destinations: Destination[]): void {
    const ids = new Set(destinations.map(({ id }) => id));
    for (const [id, row] of this.rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    for (const destination of destinations) {
      let row = this.rows.get(destination.id);
      if (!row) {
        row = this.row(destination);
        this.rows.set(destination.id, row);
        this.list.append(row.element);
      }
      row.update(destination);
    }
  }

  private addition(): HTMLElement {
    const url = el('input', { name: 'url', placeholder: 'udp://192.168.1.20:5000', 'aria-label': 'address of a further destination', autocomplete: 'off', spellcheck: 'false' });
    const error = el('p', { class: 'error', role: 'alert', hidden: true });
    const form = el('form', { class: 'row add-destination' }, url, el('button', {}, 'Add'));
    form.onsubmit = (event) => {
      event.preventDefault();
      if (url.value.trim() === '') return url.focus();
      void this.attempt(error, () => hub.route(this.stream, url.value.trim())).then((done) => {
        if (done) url.value = '';
      });
    };
    return el('div', {}, form, error);
  }

  private row({ id }: Destination): Row {
    const url = el('input', { name: 'url', 'aria-label': `address of ${id}`, autocomplete: 'off', spellcheck: 'false' });
    const state = el('p', { class: 'why' });
    const error = el('p', { class: 'error', role: 'alert', hidden: true });
    const move = el('button', { class: 'move', hidden: true }, 'Re-route');
    const remove = el('button', { class: 'quiet remove-destination', type: 'button', 'aria-label': `remove ${id}`, title: 'Remove' }, '×');
    const form = el('form', { class: 'row' }, el('span', { class: 'dot' }), url, move, remove);
    const element = el('li', { 'data-destination': id }, form, state, error);
    let current = '';
    const look = () => (move.hidden = url.value.trim() === current || url.value.trim() === '');
    const putBack = () => {
      url.value = current;
      look();
    };
    url.oninput = look;
    url.onkeydown = (event) => {
      if (event.key === 'Escape') putBack();
    };
    form.onsubmit = (event) => {
      event.preventDefault();
      if (!move.hidden) void this.attempt(error, () => this.reroute(id, url.value.trim()));
    };
    remove.onclick = () => void this.attempt(error, () => hub.unroute(this.stream, id));
    const update = (destination: Destination) => {
      const edited = url.value !== current;
      current = destination.url;
      if (!edited) url.value = current;
      look();
      element.dataset['state'] = destination.state;
      setText(state, stateOf(destination));
    };
    return { element, update };
  }

  // The new way first: where it is refused, the old one stays.
  private async reroute(id: string, url: string): Promise<void> {
    await hub.route(this.stream, url);
    await hub.unroute(this.stream, id);
  }
}

function stateOf({ state, why, receivers }: Destination): string {
  if (state === 'flowing') return receivers === 1 ? '1 receiver' : `${receivers} receivers`;
  return why === '' ? state : `${state}: ${why}`;
}
