/** Keys that are sequences of numbers: comparing them takes a fraction of the time of building a string. */

/** Builds a key part by part. Caches extend it with their look-up. */
export class NumberKey {
  /** The numbers of the key, and after them those of earlier keys. */
  protected words: Float64Array = new Float64Array(64);
  /** The number of numbers in the key. */
  protected length = 0;
  /** A hash of the key. */
  protected hash = 0;
  /** The numbers that stand for strings. */
  protected readonly texts: Map<string, number> = new Map();

  /** Adds a number to the key. */
  addNumber(value: number): void {
    if (this.length === this.words.length) {
      const longer = new Float64Array(2 * this.length);
      longer.set(this.words);
      this.words = longer;
    }
    this.words[this.length++] = value;
    this.hash = Math.imul(this.hash ^ value, 0x01000193) + 1 | 0;
  }

  /** Adds a list of numbers to the key. */
  addNumbers(values: readonly number[]): void {
    this.addNumber(values.length);
    for (let i = 0; i < values.length; i++) this.addNumber(values[i]!);
  }

  /** Adds a string to the key. There should be few different ones, since they are kept. */
  addText(value: string): void {
    let id = this.texts.get(value);
    if (id === undefined) this.texts.set(value, id = this.texts.size);
    this.addNumber(id);
  }
}

/** Whether the first `length` of `words` are these numbers. */
export function isKey(numbers: Float64Array, words: Float64Array, length: number): boolean {
  if (numbers.length !== length) return false;
  for (let i = 0; i < length; i++) if (numbers[i] !== words[i]) return false;
  return true;
}
