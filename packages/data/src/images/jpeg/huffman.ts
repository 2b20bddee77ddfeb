// Codes up to this length are looked up at once.
const QUICK = 9;

/** A Huffman table (ITU-T T.81, annex C). */
export class HuffmanTable {
  /** By the next bits: length × 256 + symbol; 0 where the code is longer or none. */
  readonly quick: Uint16Array = new Uint16Array(1 << QUICK);
  /** The last code of each length, -1 where there is none, and what to add to a code for its symbol's place. */
  readonly last: Int32Array = new Int32Array(17).fill(-1);
  readonly shift: Int32Array = new Int32Array(17);
  readonly symbols: Uint8Array;

  /**
   * @param counts how many codes have 1, 2, … 16 bits
   * @throws when there are more codes of a length than that length has
   */
  constructor(counts: Uint8Array, symbols: Uint8Array) {
    this.symbols = symbols;
    for (let length = 1, code = 0, place = 0; length <= 16; length++, code <<= 1) {
      const count = counts[length - 1]!;
      if (code + count > 1 << length) throw new Error("a Huffman table has too many codes");
      if (count === 0) continue;
      this.shift[length] = place - code;
      for (let i = 0; i < count; i++, code++, place++) {
        if (length > QUICK) continue;
        const first = code << (QUICK - length);
        this.quick.fill(length * 256 + symbols[place]!, first, first + (1 << (QUICK - length)));
      }
      this.last[length] = code - 1;
    }
  }
}

/** Reads bits of a scan up to the next marker; in the data a byte ff is followed by 00. */
export class BitReader {
  private readonly bytes: Uint8Array;
  /** Of the next byte that was not taken yet. */
  private at: number;
  private bits = 0;
  private count = 0;
  /** Zeros in place of bits beyond the end. */
  private missing = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** Whether bits beyond the end were read. Checked once per block, since zeros do no harm before. */
  get overrun(): boolean {
    return this.count < this.missing;
  }

  /** The next `length` bits as a number, 0 to 16 of them. */
  read(length: number): number {
    if (length === 0) return 0;
    if (this.count < length) this.fill();
    this.count -= length;
    return this.bits >>> this.count & (1 << length) - 1;
  }

  /** The next `length` bits as a signed number (T.81, figure F.12). */
  readSigned(length: number): number {
    if (length === 0) return 0;
    const value = this.read(length);
    return value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
  }

  /** The next symbol. @throws for bits that are no code */
  symbol(table: HuffmanTable): number {
    if (this.count < 16) this.fill();
    const found = table.quick[this.bits >>> (this.count - QUICK) & (1 << QUICK) - 1]!;
    if (found !== 0) {
      this.count -= found >> 8;
      return found & 255;
    }
    for (let length = QUICK + 1; length <= 16; length++) {
      const code = this.bits >>> (this.count - length) & (1 << length) - 1;
      if (code > table.last[length]!) continue;
      this.count -= length;
      return table.symbols[code + table.shift[length]!]!;
    }
    throw new Error("its data has bits that are not a code");
  }

  /**
   * Skips the restart marker that belongs here.
   *
   * @param number 0 to 7
   * @throws if another marker or more data follow
   */
  restart(number: number): void {
    this.at = this.end;
    if (this.bytes[this.at] !== 0xff || this.bytes[this.at + 1] !== 0xd0 + number) {
      throw new Error("a restart marker is missing");
    }
    this.at += 2;
    this.bits = this.count = this.missing = 0;
  }

  /** Position of the marker that ends the data. */
  get end(): number {
    const { bytes } = this;
    let at = this.at;
    while (at < bytes.length && !(bytes[at] === 0xff && bytes[at + 1] !== 0 && bytes[at + 1] !== 0xff)) at++;
    return at;
  }

  private fill(): void {
    while (this.count <= 24) {
      let byte = this.bytes[this.at];
      if (byte === undefined || (byte === 0xff && this.bytes[this.at + 1] !== 0)) {
        byte = 0;
        this.missing += 8;
      } else this.at += byte === 0xff ? 2 : 1;
      this.bits = this.bits << 8 | byte;
      this.count += 8;
    }
  }
}
