// Graph: the latency of the newest pictures, one column a picture; its scale is the least round number that holds them.
const kPictures = 120;
const kScalesMs = [10, 20, 50, 100, 200, 500, 1000, 5000, 60_000];

export class Graph {
  private readonly values: number[] = [];

  constructor(private readonly canvas: HTMLCanvasElement) {}

  add(latencyMs: number): void {
    this.values.push(latencyMs);
    if (this.values.length > kPictures) this.values.shift();
  }

  draw(): void {
    const context = this.canvas.getContext('2d');
    const { clientWidth, clientHeight } = this.canvas;
    if (!context || clientWidth === 0) return;
    const scale = devicePixelRatio;
    Object.assign(this.canvas, { width: clientWidth * scale, height: clientHeight * scale });
    context.scale(scale, scale);
    if (this.values.length < 2) return;
    const most = Math.max(...this.values);
    const top = kScalesMs.find((ms) => ms >= most) ?? most;
    const step = clientWidth / (kPictures - 1);
    const left = clientWidth - (this.values.length - 1) * step;
    context.beginPath();
    this.values.forEach((ms, i) => context.lineTo(left + i * step, clientHeight - 1 - (Math.max(0, ms) / top) * (clientHeight - 2)));
    context.strokeStyle = getComputedStyle(this.canvas).color;
    context.lineWidth = 1.25;
    context.lineJoin = 'round';
    context.stroke();
    context.lineTo(clientWidth, clientHeight);
    context.lineTo(left, clientHeight);
    context.globalAlpha = 0.12;
    context.fillStyle = context.strokeStyle;
    context.fill();
    this.canvas.setAttribute('aria-label', `latency of the last ${this.values.length} pictures, ${Math.round(most)} ms at most`);
  }
}
