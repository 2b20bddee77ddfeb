import type { SpecialTokens, Vocabulary } from "@heddle/data";
import { BytePairEncoding, type BytePairState } from "@heddle/data/bpe";
import type { WordPair } from "./pairs.ts";

/** Words as numbers: the interface of `Vocabulary` and {@link WordPieces}. */
export interface WordCoder
  extends Pick<Vocabulary, "size" | "pad" | "bos" | "eos" | "fingerprint" | "check" | "token"> {
  readonly specials: SpecialTokens;
  encode(words: Iterable<string>, options?: { eos?: boolean }): number[];
  decode(ids: Iterable<number>): string[];
  toJSON(): unknown;
}

/**
 * Words as byte pairs: one number for a frequent word, several for a rare one, so that none is unknown (Sennrich et al.
 * 2016, arXiv:1508.07909). It takes and returns whole words.
 */
export class WordPieces implements WordCoder {
  private readonly encoding: BytePairEncoding;

  constructor(encoding: BytePairEncoding) {
    this.encoding = encoding;
  }

  /** Learns at most `size` pieces from both sides of sentence pairs. */
  static learn(pairs: readonly WordPair[], size: number): WordPieces {
    const sentences = pairs.flatMap((pair) => pair.map(spaced));
    return new WordPieces(BytePairEncoding.train(sentences, { vocabularySize: size }));
  }

  /** Restores what `toJSON` returned. */
  static fromJSON(state: BytePairState): WordPieces {
    return new WordPieces(BytePairEncoding.fromJSON(state));
  }

  get size(): number {
    return this.encoding.size;
  }

  get pad(): number {
    return this.encoding.vocabulary.pad;
  }

  get bos(): number {
    return this.encoding.vocabulary.bos;
  }

  get eos(): number {
    return this.encoding.vocabulary.eos;
  }

  get specials(): SpecialTokens {
    return this.encoding.vocabulary.specials;
  }

  get fingerprint(): string {
    return this.encoding.fingerprint;
  }

  check(fingerprint: string, what?: string): void {
    this.encoding.check(fingerprint, what);
  }

  /** A piece for people: one that continues a word begins with "·". */
  token(id: number): string {
    const text = this.encoding.decode([id]);
    return text.startsWith(" ") ? text.slice(1) : `·${text}`;
  }

  encode(words: Iterable<string>, options: { eos?: boolean } = {}): number[] {
    return this.encoding.encode(spaced(words), options);
  }

  decode(ids: Iterable<number>): string[] {
    return this.encoding.decode(ids).split(" ").filter((word) => word !== "");
  }

  toJSON(): BytePairState {
    return this.encoding.toJSON();
  }
}

/** A space before every word, including the first, so that a word's pieces are the same everywhere. */
function spaced(words: Iterable<string>): string {
  return [...words].map((word) => ` ${word}`).join("");
}
