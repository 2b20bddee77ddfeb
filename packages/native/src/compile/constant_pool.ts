/** The constants of a module, behind its code. */

/** Every constant is stored once, at a multiple of its size. */
export class ConstantPool {
  private words = new Int32Array(256);
  private length = 0;
  private readonly offsets = new Map<string, number>();
  /** The offsets of two words that are repeated, by the words. */
  private readonly repetitions = new Map<number, Map<number, number>>();

  /** The offset of some words in bytes. */
  offset(...words: readonly number[]): number {
    const key = words.join();
    const known = this.offsets.get(key);
    if (known !== undefined) return known;
    const start = Math.ceil(this.length / words.length) * words.length;
    const end = start + words.length;
    if (end > this.words.length) {
      const grown = new Int32Array(2 * end);
      grown.set(this.words);
      this.words = grown;
    }
    this.words.set(words, start);
    this.length = end;
    this.offsets.set(key, 4 * start);
    return 4 * start;
  }

  /** The offset of two words, repeated a number of times from 1 to 8. */
  repeated(low: number, high: number, times: number): number {
    let known = this.repetitions.get(low);
    if (known === undefined) this.repetitions.set(low, known = new Map());
    const key = 8 * high + times - 1;
    let offset = known.get(key);
    if (offset === undefined) {
      const words: number[] = [];
      for (let i = 0; i < times; i++) words.push(low, high);
      known.set(key, offset = this.offset(...words));
    }
    return offset;
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.words.buffer, 0, 4 * this.length);
  }
}
