// Little-endian reading and writing with every bound checked. What breaks the format is a Refusal, and nothing else is ever thrown.

/** The bytes break the format: drop and count them. */
export class Refusal extends Error {
  override name = 'Refusal';
}

/** Reads forward through bytes that it borrows; what it takes are views. */
export class ByteReader {
  private readonly view: DataView;
  private at = 0;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  private step(count: number): number {
    if (count > this.left) throw new Refusal(`${count} bytes are wanted, ${this.left} are left`);
    const from = this.at;
    this.at += count;
    return from;
  }

  u8(): number {
    return this.view.getUint8(this.step(1));
  }
  u16(): number {
    return this.view.getUint16(this.step(2), true);
  }
  u32(): number {
    return this.view.getUint32(this.step(4), true);
  }
  u64(): bigint {
    return this.view.getBigUint64(this.step(8), true);
  }
  /** Times in microseconds; a double holds those of 285 years. */
  i64(): number {
    return Number(this.view.getBigInt64(this.step(8), true));
  }
  take(count: number): Uint8Array {
    const from = this.step(count);
    return this.bytes.subarray(from, from + count);
  }
  rest(): Uint8Array {
    return this.take(this.left);
  }
}

/** Writes into memory of a given size. */
export class ByteWriter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  private readonly view: DataView;
  private at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  get written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.at);
  }

  private step(count: number): number {
    const from = this.at;
    this.at += count;
    return from;
  }

  u8(value: number): this {
    this.view.setUint8(this.step(1), value);
    return this;
  }
  u16(value: number): this {
    this.view.setUint16(this.step(2), value, true);
    return this;
  }
  u32(value: number): this {
    this.view.setUint32(this.step(4), value, true);
    return this;
  }
  u64(value: bigint): this {
    this.view.setBigUint64(this.step(8), value, true);
    return this;
  }
  i64(value: number): this {
    this.view.setBigInt64(this.step(8), BigInt(Math.round(value)), true);
    return this;
  }
  put(value: Uint8Array): this {
    this.bytes.set(value, this.step(value.length));
    return this;
  }
}
