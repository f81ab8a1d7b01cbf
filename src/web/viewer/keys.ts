// Keys: what the keyboard does where no field, button or dialog wants it.
export interface KeyActions {
  move: (columns: number, rows: number) => void;
  back: () => void;
  fullScreen: () => void;
  snapshot: () => void;
  boxes: () => void;
  help: () => void;
}

export function listenToKeys(actions: KeyActions): void {
  const of: Record<string, () => void> = {
    ArrowLeft: () => actions.move(-1, 0),
    ArrowRight: () => actions.move(1, 0),
    ArrowUp: () => actions.move(0, -1),
    ArrowDown: () => actions.move(0, 1),
    Escape: actions.back,
    f: actions.fullScreen,
    s: actions.snapshot,
    b: actions.boxes,
    '?': actions.help,
  };
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    const field = (event.target as Element).closest('input, select, textarea');
    if (field) {
      if (event.key === 'Escape') (field as HTMLElement).blur();
      return;
    }
    const action = of[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
