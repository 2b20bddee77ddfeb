import { checkNames, checkOptions } from "@heddle/tensor/engine";
import { checkArguments } from "../arguments.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { inWords, notSaved } from "./saved_state.ts";

/** The tokens that a model needs besides those of the text, by role. */
export interface SpecialTokens {
  /** Fills the end of short rows. */
  readonly pad?: string;
  /** Replaces unknown tokens. */
  readonly unk?: string;
  /** Begins a sentence. */
  readonly bos?: string;
  /** Ends a sentence. */
  readonly eos?: string;
  /** Others, such as a separator or a language. */
  readonly others?: readonly string[];
}

/** Options of {@link Vocabulary.build}. */
export interface VocabularyOptions {
  /** How often a token must occur to be included (default 1). */
  minCount?: number;
  /** The largest number of tokens, including special ones; the most frequent are kept (default no limit). */
  maxSize?: number;
  /** Default `{ pad: "<pad>", unk: "<unk>", bos: "<bos>", eos: "<eos>" }`; a token that is left out does not exist. */
  specials?: SpecialTokens;
}

/** A vocabulary as plain data, for `JSON.stringify`. */
export interface VocabularyState {
  /** Version of this layout. */
  readonly version: 1;
  readonly tokens: readonly string[];
  readonly specials: SpecialTokens;
  readonly fingerprint: string;
}

const DEFAULT_SPECIALS: SpecialTokens = { pad: "<pad>", unk: "<unk>", bos: "<bos>", eos: "<eos>" };
const ROLES = ["pad", "unk", "bos", "eos"] as const;
type Role = typeof ROLES[number];

/**
 * Tokens and their ids (torchtext's `Vocab`). Special tokens have the first ids, in the order pad, unk, bos, eos,
 * others. The tokens of the text follow, the most frequent first and equally frequent ones in the order of their
 * character codes, so that the same text always gives the same ids.
 *
 * In `build` and `encode`, a token that is spelt like a special one is the special one.
 *
 * @example
 * ```ts
 * import { Vocabulary, words } from "@heddle/data";
 *
 * const vocabulary = Vocabulary.build(["the cat", "the dog"].map((line) => words(line)));
 * const ids = vocabulary.encode(words("the bird"), { eos: true });
 * console.log(ids, vocabulary.decode(ids)); // [ 4, 1, 3 ] [ "the", "<unk>" ]
 * ```
 */
export class Vocabulary {
  /** All tokens; a token's number is its index. */
  readonly tokens: readonly string[];
  /** The special tokens. */
  readonly specials: SpecialTokens;
  /** 16 digits that identify this vocabulary: save them with a model, and compare with {@link Vocabulary.check}. */
  readonly fingerprint: string;
  private readonly idOf: ReadonlyMap<string, number>;
  // What decode leaves out: all special tokens except the unknown one, which replaces a token.
  private readonly silent: ReadonlySet<number>;

  /**
   * @param tokens every token once, special ones included
   * @throws when a token is there twice or empty, or a special token is missing among them
   */
  constructor(tokens: readonly string[], specials: SpecialTokens = {}) {
    if (typeof specials !== "object" || specials === null || Array.isArray(specials)) {
      throw new Error(`Vocabulary: specials must be an object such as { pad: "<pad>" }, got ${inWords(specials)}.`);
    }
    checkNames("Vocabulary, specials", specials, [...ROLES, "others"]);
    const { others = [] } = specials;
    if (!Array.isArray(others)) throw new Error(`Vocabulary: specials.others must be a list, got ${inWords(others)}.`);
    const idOf = new Map<string, number>();
    tokens.forEach((token, id) => {
      if (typeof token !== "string" || token === "") {
        throw new Error(`Vocabulary: token ${id} is ${inWords(token)}; tokens are strings, not empty.`);
      }
      const first = idOf.get(token);
      if (first !== undefined) {
        throw new Error(`Vocabulary: ${JSON.stringify(token)} is there twice, as tokens ${first} and ${id}.`);
      }
      idOf.set(token, id);
    });
    const named = specialList(specials);
    const missing = named.find((token) => !idOf.has(token));
    if (missing !== undefined) {
      throw new Error(`Vocabulary: the special token ${inWords(missing)} is not among the tokens.`);
    }
    this.tokens = [...tokens];
    this.specials = { ...specials, ...(specials.others && { others: [...others] }) };
    this.idOf = idOf;
    this.silent = new Set(named.filter((token) => token !== specials.unk).map((token) => idOf.get(token)!));
    const roles = ROLES.map((role) => specials[role] ?? null);
    this.fingerprint = fingerprintOf(JSON.stringify([this.tokens, roles, ...(others.length > 0 ? [others] : [])]));
  }

  /**
   * The vocabulary of a text that was cut into tokens.
   *
   * @param texts each an iterable of tokens
   * @throws when a bound is no positive integer, `maxSize` leaves room for special tokens only, or the text has no token
   */
  static build(texts: Iterable<Iterable<string>>, options: VocabularyOptions = {}): Vocabulary {
    checkOptions("Vocabulary.build", options, ["minCount", "maxSize", "specials"]);
    const { minCount = 1, maxSize = Infinity, specials = DEFAULT_SPECIALS } = options;
    const first = specialList(specials);
    if (!Number.isInteger(minCount) || minCount < 1) {
      throw new RangeError(`Vocabulary.build: minCount must be a positive integer, got ${minCount}.`);
    }
    if (maxSize !== Infinity && (!Number.isInteger(maxSize) || maxSize <= first.length)) {
      throw new RangeError(
        `Vocabulary.build: maxSize must be an integer above ${first.length}, the number of special tokens, got ${maxSize}.`,
      );
    }
    const counts = new Map<string, number>();
    for (const text of texts) {
      if (typeof text === "string") {
        throw new TypeError(
          `Vocabulary.build: expected lists of tokens, got the string ${JSON.stringify(text.slice(0, 40))}; ` +
            "split it first, with words(text) or characters(text).",
        );
      }
      for (const token of text) counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    if (counts.size === 0) throw new Error("Vocabulary.build: the text has no tokens, there is nothing to number.");
    const known = [...counts].filter(([token, count]) => count >= minCount && !first.includes(token));
    known.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return new Vocabulary([...first, ...known.map(([token]) => token)].slice(0, maxSize), specials);
  }

  /** Number of tokens, special ones included. */
  get size(): number {
    return this.tokens.length;
  }

  /** Number of the padding token. @throws where there is none */
  get pad(): number {
    return this.special("pad");
  }

  /** Number of the unknown token. @throws where there is none */
  get unk(): number {
    return this.special("unk");
  }

  /** Number of the token that begins a sentence. @throws where there is none */
  get bos(): number {
    return this.special("bos");
  }

  /** Number of the token that ends a sentence. @throws where there is none */
  get eos(): number {
    return this.special("eos");
  }

  /** Whether the token is known. */
  has(token: string): boolean {
    return this.idOf.has(token);
  }

  /** Number of a token, that of the unknown token if it is not known. @throws when there is no unknown token either */
  id(token: string): number {
    const id = this.idOf.get(token);
    if (id !== undefined) return id;
    if (this.specials.unk !== undefined) return this.idOf.get(this.specials.unk)!;
    throw new Error(
      `Vocabulary: ${
        JSON.stringify(token)
      } is not among the ${this.size} tokens, and there is none for unknown ones; leave it out ` +
        "(has(token) tells), or build the vocabulary with specials that include unk.",
    );
  }

  /** The token of a number. @throws RangeError for a number that no token has */
  token(id: number): string {
    const token = this.tokens[id];
    if (token !== undefined) return token;
    throw new RangeError(
      `Vocabulary: ${id} is not a token id of this vocabulary; its ${this.size} tokens have 0 to ${
        this.size - 1
      }. Is the text encoded with ` +
        "the vocabulary of another model?",
    );
  }

  /**
   * Numbers of tokens.
   *
   * @param options `bos` and `eos` put the tokens that begin and end a sentence around them (default false)
   * @throws for an unknown token where there is no token for those
   */
  encode(tokens: Iterable<string>, options: { bos?: boolean; eos?: boolean } = {}): number[] {
    checkOptions("Vocabulary.encode", options, ["bos", "eos"]);
    const ids = options.bos ? [this.bos] : [];
    for (const token of tokens) ids.push(this.id(token));
    if (options.eos) ids.push(this.eos);
    return ids;
  }

  /**
   * Tokens of numbers. Special tokens are left out, except the one for unknown tokens.
   *
   * @param options `specials` leaves them in (default false)
   * @throws RangeError for a number that no token has
   */
  decode(ids: Iterable<number>, options: { specials?: boolean } = {}): string[] {
    checkOptions("Vocabulary.decode", options, ["specials"]);
    const tokens: string[] = [];
    for (const id of ids) {
      const token = this.token(id);
      if (options.specials || !this.silent.has(id)) tokens.push(token);
    }
    return tokens;
  }

  /**
   * Checks that a model was trained with this vocabulary.
   *
   * @param fingerprint the one saved with the model
   * @param what how errors call the model
   * @throws when it is that of another vocabulary
   *
   * @example
   * ```ts
   * import { Vocabulary } from "@heddle/data";
   *
   * const letters = Vocabulary.build(["abc"].map((text) => [...text]));
   * const saved = letters.fingerprint;
   * Vocabulary.fromJSON(JSON.parse(JSON.stringify(letters))).check(saved, "the checkpoint");
   * ```
   */
  check(fingerprint: string, what: string = "the model"): void {
    if (fingerprint === this.fingerprint) return;
    throw new Error(
      `Vocabulary.check: ${what} was made with another vocabulary (fingerprint ${fingerprint}) than this one of ${this.size} tokens ` +
        `(${this.fingerprint}), so its token ids mean other tokens. Load the vocabulary that was saved with it.`,
    );
  }

  /** Plain data for `JSON.stringify`. */
  toJSON(): VocabularyState {
    return { version: 1, tokens: this.tokens, specials: this.specials, fingerprint: this.fingerprint };
  }

  /** Restores what `toJSON` returned. @throws when the data is damaged or something else */
  static fromJSON(state: VocabularyState): Vocabulary {
    checkArguments("Vocabulary.fromJSON", arguments, 1);
    if (typeof state !== "object" || state === null || state.version !== 1 || !Array.isArray(state.tokens)) {
      throw notSaved("Vocabulary.fromJSON", 1, state);
    }
    const vocabulary = new Vocabulary(state.tokens, state.specials);
    if (vocabulary.fingerprint === state.fingerprint) return vocabulary;
    throw new Error(
      `Vocabulary.fromJSON: the tokens were altered: their fingerprint is ${vocabulary.fingerprint}, the data says ${state.fingerprint}.`,
    );
  }

  private special(role: Role): number {
    const token = this.specials[role];
    if (token !== undefined) return this.idOf.get(token)!;
    throw new Error(
      `Vocabulary: there is no ${role} token among its special tokens; build it with specials: { ${role}: "<${role}>", … }.`,
    );
  }
}

function specialList(specials: SpecialTokens): string[] {
  const named = ROLES.map((role) => specials[role]).filter((token) => token !== undefined);
  return [...new Set([...named, ...(specials.others ?? [])])];
}
