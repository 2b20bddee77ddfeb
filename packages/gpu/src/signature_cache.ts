/**
 * A cache keyed by sequences of numbers. Every launch looks up its program here: comparing numbers takes a fraction of
 * the time of building a string.
 */

interface Entry<P> {
  readonly signature: Float64Array;
  readonly prepared: P;
}

/** Builds a key part by part; {@link getOrCreate} looks it up and starts the next one. */
export class SignatureCache<P> {
  private readonly most: number;
  private readonly entries: Map<number, Entry<P>[]> = new Map();
  private readonly texts: Map<string, number> = new Map();
  private objects: WeakMap<object, number> = new WeakMap();
  private words: Float64Array = new Float64Array(64);
  private length = 0;
  private hash = 0;
  private kept = 0;

  /**
   * @param most number of entries beyond which all are dropped, so that programs whose shapes never repeat do not grow.
   */
  constructor(most: number) {
    this.most = most;
  }

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

  /** Adds a string to the key. There should be few different ones. */
  addText(value: string): void {
    let id = this.texts.get(value);
    if (id === undefined) this.texts.set(value, id = this.texts.size);
    this.addNumber(id);
  }

  /** Adds an object to the key that is usually the same. `text` describes it: objects with the same text are equal. */
  addObject(value: object, text: () => string): void {
    let id = this.objects.get(value);
    if (id === undefined) {
      const shown = text();
      id = this.texts.get(shown);
      if (id === undefined) this.texts.set(shown, id = this.texts.size);
      this.objects.set(value, id);
    }
    this.addNumber(id);
  }

  /** The entry of the current key, created with `make` if it is missing. */
  getOrCreate(make: () => P): P {
    const { words, length, hash } = this;
    this.length = this.hash = 0;
    const alike = this.entries.get(hash);
    if (alike !== undefined) {
      for (const { signature, prepared } of alike) if (same(signature, words, length)) return prepared;
    }
    const entry = { signature: words.slice(0, length), prepared: make() };
    if (this.kept >= this.most) this.forget();
    const others = this.entries.get(hash);
    if (others === undefined) this.entries.set(hash, [entry]);
    else others.push(entry);
    this.kept++;
    return entry.prepared;
  }

  private forget(): void {
    this.entries.clear();
    this.kept = 0;
    if (this.texts.size > this.most) {
      this.texts.clear();
      this.objects = new WeakMap();
    }
  }
}

function same(signature: Float64Array, words: Float64Array, length: number): boolean {
  if (signature.length !== length) return false;
  for (let i = 0; i < length; i++) if (signature[i] !== words[i]) return false;
  return true;
}
