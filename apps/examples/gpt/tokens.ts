/** Text as token numbers and back: by characters, or by byte-pair encoding. */
import { Vocabulary } from "@heddle/data";
import { BytePairEncoding } from "@heddle/data/bpe";

/** The tokenisations of the example. */
export const TOKEN_KINDS = ["characters", "bpe"] as const;
/** One of {@link TOKEN_KINDS}. */
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** Text as token numbers and back. */
export interface Tokens {
  readonly kind: TokenKind;
  /** Vocabulary size. */
  readonly size: number;
  /** Identifies the vocabulary. */
  readonly fingerprint: string;
  /** The characters of a text that it cannot encode, each once. */
  unknown(text: string): string[];
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /** Plain data that {@link readTokens} takes. */
  toJSON(): unknown;
}

/**
 * The tokens of a text: all characters of it and of the held-out text, so that none is unknown; or `size` byte pairs
 * learned from the training text.
 */
export function learnTokens(kind: TokenKind, text: { train: string; heldOut: string }, size: number): Tokens {
  if (kind === "bpe") return pieces(BytePairEncoding.train([text.train], { vocabularySize: size, specials: {} }));
  const known = new Set(text.train + text.heldOut);
  return characters(Vocabulary.build([[...known].sort()], { specials: {} }));
}

/** Restores tokens from what `toJSON` returned. */
export function readTokens(saved: unknown): Tokens {
  const { kind, state } = saved as { kind: TokenKind; state: never };
  return kind === "characters" ? characters(Vocabulary.fromJSON(state)) : pieces(BytePairEncoding.fromJSON(state));
}

function characters(vocabulary: Vocabulary): Tokens {
  return {
    kind: "characters",
    size: vocabulary.size,
    fingerprint: vocabulary.fingerprint,
    unknown: (text) => [...new Set(text)].filter((character) => !vocabulary.has(character)),
    encode: (text) => vocabulary.encode(text),
    decode: (ids) => vocabulary.decode(ids).join(""),
    toJSON: () => ({ kind: "characters", state: vocabulary }),
  };
}

function pieces(encoding: BytePairEncoding): Tokens {
  return {
    kind: "bpe",
    size: encoding.size,
    fingerprint: encoding.fingerprint,
    unknown: () => [],
    encode: (text) => encoding.encode(text),
    decode: (ids) => encoding.decode(ids),
    toJSON: () => ({ kind: "bpe", state: encoding.toJSON() }),
  };
}
