// Dialogs: the token, a further stream, the keys.
import { byId, setText } from './dom';
import { hub, HubError } from './hub';

function dialog(id: string): { dialog: HTMLDialogElement; form: HTMLFormElement } {
  const found = byId<HTMLDialogElement>(id);
  const form = found.querySelector('form');
  if (!form) throw new Error(`#${id} has no form`);
  form.querySelector<HTMLButtonElement>('.cancel')?.addEventListener('click', () => found.close());
  return { dialog: found, form };
}

const fieldOf = (form: HTMLFormElement, name: string) => form.elements.namedItem(name) as HTMLInputElement;

/** The server turns `?token=` into a cookie that no script reads. */
export function askToken(): void {
  const { dialog: box, form } = dialog('token-dialog');
  if (box.open) return;
  form.onsubmit = (event) => {
    event.preventDefault();
    location.assign(`/?token=${encodeURIComponent(fieldOf(form, 'token').value)}${location.hash}`);
  };
  box.showModal();
}

export function askStream(added: (name: string) => void, refused: () => void): void {
  const { dialog: box, form } = dialog('add-dialog');
  const error = form.querySelector<HTMLElement>('.error')!;
  form.reset();
  error.hidden = true;
  form.onsubmit = async (event) => {
    event.preventDefault();
    const name = fieldOf(form, 'name').value.trim();
    try {
      await hub.add(name, fieldOf(form, 'source').value.trim());
      box.close();
      added(name);
    } catch (refusal) {
      if (!(refusal instanceof HubError)) throw refusal;
      if (refusal.status === 403) refused();
      setText(error, refusal.message);
      error.hidden = false;
    }
  };
  box.showModal();
}

export function showKeys(): void {
  const { dialog: box } = dialog('help-dialog');
  box.showModal();
}
