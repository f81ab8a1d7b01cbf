// Painter: the newest decoded picture onto the canvas, at the screen's next turn; boxes over it.
import { parseBoxes } from '../../../js/src/live';
import type { Box, Unit } from '../../../js/src/live';
import type { Picture } from './decoder';

export class Painter {
  private readonly context: OffscreenCanvasRenderingContext2D;
  private newest: { unit: Unit; picture: Picture; boxes: Box[] } | undefined;
  private asked = false;

  constructor(
    private readonly canvas: OffscreenCanvas,
    private showsBoxes: boolean,
    private readonly painted: (unit: Unit) => void,
    private readonly replaced: (unit: Unit) => void,
  ) {
    const context = canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('no canvas to paint on');
    this.context = context;
  }

  show(unit: Unit, picture: Picture): void {
    const before = this.newest;
    before?.picture.close();
    this.newest = { unit, picture, boxes: parseBoxes(unit.metadata) };
    if (this.asked) return before && this.replaced(before.unit);
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      if (!this.newest) return;
      this.draw();
      this.painted(this.newest.unit);
    });
  }

  boxes(shown: boolean): void {
    this.showsBoxes = shown;
    this.draw();
  }

  close(): void {
    this.newest?.picture.close();
    this.newest = undefined;
  }

  private draw(): void {
    if (!this.newest) return;
    const { unit, picture, boxes } = this.newest;
    const { width, height } = unit;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    // What the picture has beyond the descriptor's sides is padding.
    this.context.drawImage(picture, 0, 0, Math.min(width, sizeOf(picture).width), Math.min(height, sizeOf(picture).height), 0, 0, width, height);
    if (this.showsBoxes) for (const box of boxes) this.drawBox(box);
  }

  private drawBox({ x, y, width, height, label, score }: Box): void {
    const context = this.context;
    const line = Math.max(2, Math.round(this.canvas.width / 400));
    const text = score < 1 ? `${label} ${Math.round(score * 100)} %` : label;
    context.lineWidth = line;
    context.strokeStyle = context.fillStyle = '#5ee6b5';
    context.strokeRect(x, y, width, height);
    if (text === '') return;
    context.font = `600 ${line * 7}px system-ui, sans-serif`;
    const high = line * 10;
    const top = y >= high ? y - high : y;
    context.fillRect(x - line / 2, top, context.measureText(text).width + line * 6, high);
    context.fillStyle = '#06251a';
    context.textBaseline = 'middle';
    context.fillText(text, x + line * 2.5, top + high / 2);
  }
}

const sizeOf = (picture: Picture) =>
  'displayWidth' in picture ? { width: picture.displayWidth, height: picture.displayHeight } : picture;
