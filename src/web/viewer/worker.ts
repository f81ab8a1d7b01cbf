// The worker: all viewers of the page, away from its main thread.
import type { FromWorker, ToWorker } from './messages';
import { Viewer } from './viewer';

const viewers = new Map<number, Viewer>();
const tell = (message: FromWorker) => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.kind) {
    case 'open':
      viewers.set(data.id, new Viewer(data.id, data.name, data.canvas, data.boxes, tell));
      break;
    case 'close':
      viewers.get(data.id)?.close();
      viewers.delete(data.id);
      break;
    case 'watch':
      viewers.get(data.id)?.watch(data.watched);
      break;
    case 'boxes':
      for (const viewer of viewers.values()) viewer.boxes(data.shown);
  }
};
