// What is known of the blocks of one frame, its parity rows, and the symbols that they give back.
// Memory: of a block never more rows than it lacks.
import { addProduct, coefficient, solveErased } from '../wire/erasure_code.js';
import { blockSymbols, kMaxBlockSymbols, symbolOf, usedBlocks } from '../wire/packet.js';
import type { DataHeader, ParityPacket } from '../wire/packet.js';

export class Block {
  k = 0; // data symbols; 0 while not known
  m = 0; // rows that the sender plans
  data = 0; // symbols that came or were given back
  top = 0; // one past the highest of them
  spoiled = false; // its rows give what cannot be
  rowBytes = 0;
  readonly have = new Uint8Array(kMaxBlockSymbols);
  rows = new Map<number, Uint8Array>();

  get symbols(): number {
    return this.data + this.rows.size;
  }
  get isSolvable(): boolean {
    return this.k > 0 && this.data < this.k && this.symbols >= this.k && !this.spoiled;
  }
}

export type Outcome = 'added' | 'repeated' | 'refused' | 'unneeded';

export class FecDecoder {
  private readonly blocks: Block[] = [];

  private atMost = Infinity; // symbols of the frame
  heldBytes = 0;

  constructor(private readonly interleave: number, private readonly symbolBytes: number) {}

  private use(block: number): Block {
    while (this.blocks.length <= block) this.blocks.push(new Block());
    return this.blocks[block]!;
  }

  agrees(data: DataHeader): boolean {
    const b = this.blocks[data.block];
    return !b || b.k === 0 || (data.index < b.k && (data.k === 0 || data.k === b.k));
  }

  noteData(data: DataHeader): void {
    const b = this.use(data.block);
    this.noteK(b, data.block, data.k);
    b.m = Math.max(b.m, data.m);
    b.have[data.index] = 1;
    b.data++;
    b.top = Math.max(b.top, data.index + 1);
    if (b.data === b.k) this.dropRows(b);
  }

  add(packet: ParityPacket): Outcome {
    if (packet.symbol.length > this.symbolBytes) return 'refused';
    const b = this.use(packet.block);
    const agrees =
      (b.k === 0 || b.k === packet.k) && packet.k >= b.top && (b.rowBytes === 0 || b.rowBytes === packet.symbol.length);
    if (!agrees) return 'refused';
    this.noteK(b, packet.block, packet.k);
    b.m = Math.max(b.m, packet.m);
    if (b.spoiled || b.symbols >= b.k) return 'unneeded';
    if (b.rows.has(packet.row)) return 'repeated';
    b.rowBytes = packet.symbol.length;
    b.rows.set(packet.row, packet.symbol.slice());
    this.heldBytes += b.rowBytes;
    return 'added';
  }

  private dropRows(b: Block): void {
    this.heldBytes -= b.rows.size * b.rowBytes;
    b.rows = new Map();
  }

  // A block's k narrows down how many symbols the frame has.
  private noteK(b: Block, block: number, k: number): void {
    if (k === 0 || b.k === k) return;
    b.k = k;
    const last = symbolOf(block, k - 1, this.interleave);
    if (k < kMaxBlockSymbols) this.atMost = Math.min(this.atMost, last + this.interleave);
  }

  /**
   * Where a block is solvable: `data` gives each symbol that came, `erased` gets each that did not, filled up with zeros, and says
   * whether it can be true. Where it cannot the rows are dropped.
   */
  solve(block: number, data: (index: number) => Uint8Array, erased: (index: number, symbol: Uint8Array) => boolean): void {
    const b = this.use(block);
    if (!b.isSolvable) return;
    const lacking = Array.from({ length: b.k }, (_, index) => index).filter((index) => !b.have[index]);
    const rows = [...b.rows.keys()].slice(0, lacking.length);
    const sums = rows.map((row) => b.rows.get(row)!);
    for (let index = 0; index < b.k; index++) {
      if (!b.have[index]) continue;
      const symbol = data(index);
      rows.forEach((row, i) => addProduct(sums[i]!, symbol, coefficient(row, index)));
    }
    solveErased(lacking, rows, sums);
    for (let i = 0; i < lacking.length && !b.spoiled; i++) b.spoiled = !erased(lacking[i]!, sums[i]!);
    this.dropRows(b);
  }

  /** The frame ends with symbol `total - 1`. */
  setTotal(total: number): void {
    this.atMost = total;
  }
  get blocksSeen(): number {
    return this.blocks.length;
  }
  /** As far as it is known; one more where that is not certain. */
  get blocksExpected(): number {
    const known = this.atMost === Infinity ? 0 : usedBlocks(this.atMost, this.interleave);
    return Math.max(known, this.blocks.length);
  }
  block(i: number): Block | undefined {
    return this.blocks[i];
  }
  /** Data symbols of a block, the most that there may be; 0 where it is not known. */
  kOf(block: number): number {
    const k = this.blocks[block]?.k ?? 0;
    if (k > 0) return k;
    return this.atMost === Infinity ? 0 : blockSymbols(this.atMost, block, this.interleave);
  }
}
