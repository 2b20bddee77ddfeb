import { checkOptions } from "@heddle/tensor/engine";
import { Tokenizer } from "@huggingface/tokenizers";
import { checkArguments } from "../arguments.ts";
import { trainBytePairs } from "./byte_pair_training.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { notSaved } from "./saved_state.ts";
import { readTokenizerJson, type TokenizerJson } from "./tokenizer_json.ts";
import { type SpecialTokens, Vocabulary } from "./vocabulary.ts";

/** Options of {@link BytePairEncoding.train}. */
export interface BytePairOptions {
  /** Number of tokens, including the 256 bytes and the special tokens; fewer if the text has no more pairs to join. */
  vocabularySize: number;
  /** How often a pair must occur to be joined (default 2). */
  minCount?: number;
  /** Default `{ pad: "<pad>", bos: "<bos>", eos: "<eos>" }`; `{}` for none. As every byte is a token, nothing is unknown. */
  specials?: SpecialTokens;
}

/** A byte-pair encoding as plain data, for `JSON.stringify`. */
export interface BytePairState {
  /** Version of this layout. */
  readonly version: 2;
  readonly specials: SpecialTokens;
  readonly fingerprint: string;
  readonly tokenizer: TokenizerJson;
}

const DEFAULT_SPECIALS: SpecialTokens = { pad: "<pad>", bos: "<bos>", eos: "<eos>" };
const BYTE_LEVEL = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
// Pairs of token ids are distinct below this many; no vocabulary comes near.
const MOST_TOKENS = 2 ** 24;
// GPT-2 writes bytes as characters: printable ones of Latin-1 as themselves, the others from U+0100 on.
const BYTES = [[33, 126], [161, 172], [174, 255], [256, 323]].flatMap(([from, to]) =>
  Array.from({ length: to! - from! + 1 }, (_, i) => String.fromCodePoint(from! + i))
);

/**
 * Byte-pair encoding (Sennrich et al. 2016) on bytes, as in GPT-2 (Radford et al. 2019): frequent words are one token,
 * rare ones several, and since each byte is a token, every well-formed text can be encoded and decodes to exactly
 * itself. A string with a lone surrogate has no bytes in UTF-8 and is refused; `text.toWellFormed()` replaces it by
 * U+FFFD. Trained here, applied by Hugging Face's `tokenizers`.
 *
 * @example
 * ```ts
 * import { BytePairEncoding } from "@heddle/data/bpe";
 *
 * const bpe = BytePairEncoding.train(["low lower lowest", "new newer newest"], { vocabularySize: 267 });
 * const ids = bpe.encode("newest, lowest!", { eos: true });
 * console.log(bpe.tokens("lowest"), bpe.decode(ids)); // [ "lo", "west" ] newest, lowest!
 * ```
 */
export class BytePairEncoding {
  /** The tokens as the library spells them ("Ġ" for a space), and numbers, special ones and fingerprint. */
  readonly vocabulary: Vocabulary;
  /** Hugging Face's `tokenizer.json`, for other programs. */
  readonly tokenizerJson: TokenizerJson;
  private readonly tokenizer: Tokenizer;

  /** 16 digits that identify this encoding by its tokens and pairs: save them with a model, see {@link BytePairEncoding.check}. */
  readonly fingerprint: string;

  private constructor(json: TokenizerJson, specials: SpecialTokens) {
    const { tokens, merges, cutting, joining, wholeWords } = readTokenizerJson(json);
    this.tokenizerJson = json;
    this.vocabulary = new Vocabulary(tokens, specials);
    this.fingerprint = fingerprintOf(
      JSON.stringify([this.vocabulary.fingerprint, merges, cutting, joining, wholeWords]),
    );
    // The library would find special tokens in user text, and end a sentence at a written "<eos>". Here text is only
    // text.
    const rules = jsonOf(tokens, merges, []);
    this.tokenizer = tokenizerOf({
      ...rules,
      pre_tokenizer: { ...BYTE_LEVEL, ...cutting },
      decoder: { ...BYTE_LEVEL, ...joining },
      model: { ...rules.model, ...{ ignore_merges: wholeWords } },
    });
  }

  /**
   * Learns which pairs to join.
   *
   * @param texts read once
   * @throws when `vocabularySize` leaves no room for the bytes and the special tokens, `minCount` is no positive integer, there is no text, or
   *   a text has a lone surrogate
   */
  static train(texts: Iterable<string>, options: BytePairOptions): BytePairEncoding {
    checkOptions("BytePairEncoding.train", options, ["vocabularySize", "minCount", "specials"]);
    const { vocabularySize, minCount = 2, specials = DEFAULT_SPECIALS } = options;
    const { pad, unk, bos, eos, others = [] } = specials;
    const reserved = [...new Set([pad, unk, bos, eos, ...others].filter((token) => token !== undefined))];
    const byte = reserved.find((token) => BYTES.includes(token));
    if (byte !== undefined) {
      throw new Error(
        `BytePairEncoding.train: the special token ${
          JSON.stringify(byte)
        } is also the token of a byte; take a longer one, such as "<eos>".`,
      );
    }
    const least = BYTES.length + reserved.length;
    if (!Number.isInteger(vocabularySize) || vocabularySize < least) {
      throw new RangeError(
        `BytePairEncoding.train: vocabularySize must be an integer from ${least} (256 bytes and ${reserved.length} special tokens), ` +
          `got ${vocabularySize}.`,
      );
    }
    if (vocabularySize > MOST_TOKENS) {
      throw new RangeError(
        `BytePairEncoding.train: vocabularySize must be at most ${MOST_TOKENS}, got ${vocabularySize}.`,
      );
    }
    if (!Number.isInteger(minCount) || minCount < 1) {
      throw new RangeError(`BytePairEncoding.train: minCount must be a positive integer, got ${minCount}.`);
    }
    const counts = countWords(typeof texts === "string" ? [texts] : texts);
    if (counts.size === 0) throw new Error("BytePairEncoding.train: there is no text to learn from.");
    const { tokens, merges } = trainBytePairs(counts, { size: vocabularySize, minCount, reserved, alphabet: BYTES });
    return new BytePairEncoding(jsonOf(tokens, merges, reserved), specials);
  }

  /** Number of tokens. */
  get size(): number {
    return this.vocabulary.size;
  }

  /**
   * The pieces of a text as the library spells them: bytes as characters, "Ġ" for a space.
   *
   * @throws when the text has a lone surrogate
   */
  tokens(text: string): string[] {
    checkWellFormed("BytePairEncoding", text);
    return this.tokenizer.tokenize(text);
  }

  /**
   * The token ids of a text. A special token's name in it is ordinary text.
   *
   * @param options `bos` and `eos` put the tokens that begin and end a sentence around them (default false)
   * @throws when the text has a lone surrogate
   */
  encode(text: string, options: { bos?: boolean; eos?: boolean } = {}): number[] {
    return this.vocabulary.encode(this.tokens(text), options);
  }

  /**
   * The text of token ids; special tokens are left out. Bytes that are not a whole character, say at a cut end, become
   * "\ufffd".
   *
   * @throws RangeError for a number that no token has
   */
  decode(ids: Iterable<number>): string {
    const known = this.vocabulary.decode(ids).map((token) => this.vocabulary.id(token));
    // The library takes no empty list.
    return known.length === 0 ? "" : this.tokenizer.decode(known);
  }

  /**
   * Checks that a model was trained with this encoding.
   *
   * @param fingerprint the one saved with the model
   * @param what how errors call the model
   * @throws when it is that of another encoding
   */
  check(fingerprint: string, what: string = "the model"): void {
    if (fingerprint === this.fingerprint) return;
    throw new Error(
      `BytePairEncoding.check: ${what} was made with another encoding (fingerprint ${fingerprint}) than this one of ${this.size} ` +
        `tokens (${this.fingerprint}), so its token ids mean other pieces. Load the encoding that was saved with it.`,
    );
  }

  /** Plain data for `JSON.stringify`. */
  toJSON(): BytePairState {
    const { vocabulary: { specials }, fingerprint } = this;
    return { version: 2, specials, fingerprint, tokenizer: this.tokenizerJson };
  }

  /** Restores what `toJSON` returned. @throws when the data is damaged or something else */
  static fromJSON(state: BytePairState): BytePairEncoding {
    checkArguments("BytePairEncoding.fromJSON", arguments, 1);
    if (typeof state !== "object" || state === null || state.version !== 2 || state.tokenizer === undefined) {
      throw new Error(
        `${notSaved("BytePairEncoding.fromJSON", 2, state).message} A tokenizer.json is for fromTokenizerJson.`,
      );
    }
    const bpe = BytePairEncoding.fromTokenizerJson(state.tokenizer, state.specials);
    if (bpe.fingerprint === state.fingerprint) return bpe;
    throw new Error(
      `BytePairEncoding.fromJSON: the tokens were altered, or the pairs: their fingerprint is ${bpe.fingerprint}, the data says ` +
        `${state.fingerprint}.`,
    );
  }

  /**
   * The encoding of another byte-level model such as GPT-2, from its `tokenizer.json`.
   *
   * @param specials what its special tokens are for
   * @throws when it is no byte-level byte-pair encoding, has an unsupported part such as a normalizer, or its ids and
   *   pairs are inconsistent
   */
  static fromTokenizerJson(json: TokenizerJson, specials: SpecialTokens = {}): BytePairEncoding {
    return new BytePairEncoding(json, specials);
  }
}

/** @throws for a lone surrogate, which has no bytes in UTF-8: the library would encode "\ufffd" */
function checkWellFormed(where: string, text: string): void {
  const at = text.search(/\p{Surrogate}/u);
  if (at < 0) return;
  throw new Error(
    `${where}: character ${at} of the text is a lone surrogate (\\u${
      text.charCodeAt(at).toString(16)
    }), which has no bytes in UTF-8. ` +
      "Split texts between whole characters, as Array.from(text) does, or pass text.toWellFormed().",
  );
}

function tokenizerOf(json: TokenizerJson): Tokenizer {
  return new Tokenizer(json, { clean_up_tokenization_spaces: false });
}

/** How often each word occurs, in the library's spelling, split as the library does when it encodes. */
function countWords(texts: Iterable<string>): Map<string, number> {
  const cut = tokenizerOf({ ...jsonOf(BYTES, [], []), added_tokens: [] }).pre_tokenizer!;
  const counts = new Map<string, number>();
  for (const text of texts) {
    checkWellFormed("BytePairEncoding.train", text);
    for (const word of cut.pre_tokenize_text(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

function jsonOf(
  tokens: readonly string[],
  merges: readonly (readonly [string, string])[],
  reserved: readonly string[],
): TokenizerJson {
  return {
    version: "1.0",
    added_tokens: reserved.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: BYTE_LEVEL,
    post_processor: null,
    decoder: BYTE_LEVEL,
    model: {
      type: "BPE",
      ...{ dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
      ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false },
      vocab: vocabularyOf(tokens),
      merges,
    },
  };
}

function vocabularyOf(tokens: readonly string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}
