import { inWords } from "./saved_state.ts";

/** The parts of Hugging Face's `tokenizer.json` that a byte-level encoding has. */
export interface TokenizerJson {
  readonly version: string;
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special?: boolean }[];
  readonly normalizer: unknown;
  readonly pre_tokenizer: { readonly type: string } | null;
  readonly post_processor: unknown;
  readonly decoder: { readonly type: string } | null;
  readonly model: {
    readonly type: string;
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (string | readonly [string, string])[];
  };
}

/** Everything that determines how a byte-level encoding encodes a text. */
export interface EncodingRules {
  /** Every token, in order of ids. */
  readonly tokens: readonly string[];
  /** The pairs that are joined, the first one first. */
  readonly merges: readonly (readonly [string, string])[];
  /** The options for splitting and rejoining a text. */
  readonly cutting: Readonly<Record<string, boolean>>;
  readonly joining: Readonly<Record<string, boolean>>;
  /** Whether a word that is a token becomes that token, whatever the pairs say. */
  readonly wholeWords: boolean;
}

const WHERE = "BytePairEncoding.fromTokenizerJson";
const CUTTING: Readonly<Record<string, boolean>> = { add_prefix_space: true, trim_offsets: true, use_regex: true };

/**
 * Reads a `tokenizer.json`, and checks its ids and pairs against each other first.
 *
 * @throws when it is no byte-level byte-pair encoding, has an unsupported part such as a normalizer, or is
 *   inconsistent: ids do not run from 0 without gaps or duplicates, or pairs are not of tokens
 */
export function readTokenizerJson(json: TokenizerJson): EncodingRules {
  const { model, pre_tokenizer, decoder, normalizer, added_tokens } = record(json, "the file");
  const types = [model, pre_tokenizer, decoder].map((part) => (part as { type?: unknown } | null | undefined)?.type);
  if (types[0] !== "BPE" || types[1] !== "ByteLevel" || types[2] !== "ByteLevel" || normalizer !== null) {
    const [first, second, third] = types.map((type) => inWords(type));
    throw new Error(
      `${WHERE}: expected a byte-level byte-pair encoding without normalizer, got model ${first}, pre_tokenizer ${second}, ` +
        `decoder ${third}, normalizer ${inWords(normalizer)}.`,
    );
  }
  const { vocab, merges, dropout, continuing_subword_prefix, end_of_word_suffix, ignore_merges } = model as Record<
    string,
    unknown
  >;
  for (const [name, value] of Object.entries({ dropout, continuing_subword_prefix, end_of_word_suffix })) {
    // Empty ones change nothing; a byte-level encoding has no others.
    if (value !== undefined && value !== null && value !== "" && value !== 0) {
      throw new Error(`${WHERE}: the model has ${name} ${inWords(value)}, which is not supported.`);
    }
  }
  if (ignore_merges !== undefined && typeof ignore_merges !== "boolean") {
    throw new Error(`${WHERE}: ignore_merges must be true or false, got ${inWords(ignore_merges)}.`);
  }
  const tokens = tokensOf(record(vocab, "model.vocab"), list(added_tokens, "added_tokens"));
  return {
    tokens,
    merges: mergesOf(list(merges, "model.merges"), new Set(tokens)),
    cutting: switches(pre_tokenizer, "pre_tokenizer"),
    joining: switches(decoder, "decoder"),
    wholeWords: ignore_merges === true,
  };
}

/** The tokens in order of their ids, which run from 0. */
function tokensOf(vocab: Record<string, unknown>, added: readonly unknown[]): string[] {
  const numbered = [
    ...Object.entries(vocab),
    ...added.map((each, i) => {
      const { content, id } = record(each, `added_tokens[${i}]`);
      if (typeof content !== "string") throw new Error(`${WHERE}: added_tokens[${i}] has no content.`);
      return [content, id] as const;
    }),
  ];
  const numbers = new Map<string, number>();
  for (const [token, id] of numbered) {
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= numbered.length) {
      throw new Error(
        `${WHERE}: the token ${show(token)} has the number ${
          inWords(id)
        }; ${numbered.length} tokens have integers from 0 to ` +
          `${numbered.length - 1}.`,
      );
    }
    const known = numbers.get(token);
    // An added token may stand in the model's own table, too.
    if (known !== undefined && known !== id) {
      throw new Error(`${WHERE}: the token ${show(token)} has two numbers, ${known} and ${id}.`);
    }
    numbers.set(token, id as number);
  }
  const tokens: (string | undefined)[] = new Array(numbers.size).fill(undefined);
  for (const [token, id] of numbers) {
    if (id >= tokens.length || tokens[id] !== undefined) {
      throw new Error(
        `${WHERE}: the numbers of ${tokens.length} tokens are not those from 0 to ${tokens.length - 1}, each once: ` +
          `${show(token)} has ${id}${tokens[id] === undefined ? "" : `, and so has ${show(tokens[id])}`}.`,
      );
    }
    tokens[id] = token;
  }
  return tokens as string[];
}

function mergesOf(merges: readonly unknown[], tokens: ReadonlySet<string>): [string, string][] {
  const seen = new Set<string>();
  return merges.map((merge, i) => {
    const parts: unknown[] = typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
    const [left, right] = parts;
    if (parts.length !== 2 || typeof left !== "string" || typeof right !== "string") {
      throw new Error(`${WHERE}: merge ${i} is not a pair of tokens but ${inWords(merge)}.`);
    }
    const missing = [left, right, left + right].find((token) => !tokens.has(token));
    if (missing !== undefined) {
      throw new Error(`${WHERE}: merge ${i} has ${show(missing)}, which is not a token.`);
    }
    // No token has a space: bytes are written as other characters.
    const pair = `${left} ${right}`;
    if (seen.has(pair)) throw new Error(`${WHERE}: merge ${i}, ${show(pair)}, is there twice.`);
    seen.add(pair);
    return [left, right];
  });
}

/** The switches of the part that splits or joins, with defaults for missing ones. */
function switches(part: unknown, name: string): Record<string, boolean> {
  return Object.fromEntries(
    Object.entries(CUTTING).map(([key, usual]) => {
      const value = (part as Record<string, unknown>)[key] ?? usual;
      if (typeof value === "boolean") return [key, value];
      throw new Error(`${WHERE}: ${name}.${key} must be true or false, got ${inWords(value)}.`);
    }),
  );
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${WHERE}: expected ${name} to be an object, got ${inWords(value)}.`);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${WHERE}: expected ${name} to be a list, got ${inWords(value)}.`);
}

function show(token: string): string {
  return JSON.stringify(token.length > 40 ? `${token.slice(0, 40)}…` : token);
}
