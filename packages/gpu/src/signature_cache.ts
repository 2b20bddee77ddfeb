/** A cache keyed by sequences of numbers. Every launch looks up its bind group here. */
import { isKey, NumberKey } from "@heddle/tensor/backend";

interface Entry<P> {
  readonly signature: Float64Array;
  readonly prepared: P;
}

/** Builds a key part by part; {@link getOrCreate} looks it up and starts the next one. */
export class SignatureCache<P> extends NumberKey {
  private readonly most: number;
  private readonly entries: Map<number, Entry<P>[]> = new Map();
  private kept = 0;

  /** @param most number of entries beyond which all are dropped, as most of them are not used again. */
  constructor(most: number) {
    super();
    this.most = most;
  }

  /** The entry of the current key, created with `make` if it is missing. */
  getOrCreate(make: () => P): P {
    const { words, length, hash } = this;
    this.length = this.hash = 0;
    const alike = this.entries.get(hash);
    if (alike !== undefined) {
      for (const { signature, prepared } of alike) if (isKey(signature, words, length)) return prepared;
    }
    const entry = { signature: words.slice(0, length), prepared: make() };
    if (this.kept >= this.most) {
      this.entries.clear();
      this.kept = 0;
    }
    const others = this.entries.get(hash);
    if (others === undefined) this.entries.set(hash, [entry]);
    else others.push(entry);
    this.kept++;
    return entry.prepared;
  }
}
