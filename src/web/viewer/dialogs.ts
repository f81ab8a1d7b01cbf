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

const kToken = 'token';

/** Whether the address showed a token; it is taken out of it, so that no bookmark, history or link that is passed on has it. */
export function hideToken(): boolean {
  const address = new URL(location.href);
  if (!address.searchParams.has(kToken)) return false;
  address.searchParams.delete(kToken);
  history.replaceState(null, '', address);
  return true;
}

/** The page is opened anew with the token in its address, which the hub turns into a cookie that no script reads. */
export function askToken(wrong: boolean): void {
  const { dialog: box, form } = dialog('token-dialog');
  if (box.open) return;
  form.querySelector<HTMLElement>('.error')!.hidden = !wrong;
  form.onsubmit = (event) => {
    event.preventDefault();
    location.assign(`/?${kToken}=${encodeURIComponent(fieldOf(form, 'token').value.trim())}${location.hash}`);
  };
  box.showModal();
}

/** A token was shown elsewhere, in another tab. */
export function closeTokenDialog(): void {
  dialog('token-dialog').dialog.close();
}

export function askStream(added: (name: string) => void): void {
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
