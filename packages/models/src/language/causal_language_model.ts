/** What all decoder-only language models share: generation with a key–value cache. */
import { noGrad } from "@heddle/autograd";
import { CacheStack, type Decoded, KeyValueCache } from "@heddle/nn";
import { type Device, fromTypedArray, keep, type Tensor, tidy } from "@heddle/tensor";
import { checkTensor } from "@heddle/tensor/engine";
import {
  decode,
  type GenerateOptions,
  type GenerationConfig,
  generationOptions,
  newTokens,
  streamed,
} from "./generation.ts";
import { textInstead } from "./heads.ts";
import { HubModule } from "./hub_module.ts";

/** Options of `forward` of the decoder-only models. */
export interface CausalOptions {
  /** `[batch, keys]`, true (or not 0) where a token is one, and false where it is padding; cached keys included. */
  readonly attentionMask?: Tensor | null;
  /** `[batch, positions]` or `[positions]`, int32; by default they count from the cache's length. For models with learned positions. */
  readonly positionIds?: Tensor | null;
  /** The keys and values of earlier tokens, as `newCaches` makes them; those of `ids` are appended. Use them inside `noGrad`. */
  readonly caches?: CacheStack<KeyValueCache> | null;
}

/** Token ids for `generate`: rows of any lengths, or a tensor `[batch, positions]`. */
export type Prompt = readonly (readonly number[])[] | Tensor;

interface State {
  readonly caches: CacheStack<KeyValueCache>;
  /** `[batch, all positions]` bool, false where a prompt is padded; null without padding. */
  readonly mask: Tensor | null;
  /** `[batch, 1]` int32: the number of padded positions of each row. */
  readonly pads: Tensor | null;
}

/** Base of the decoder-only models. */
export abstract class CausalLanguageModel extends HubModule {
  /** Defaults of {@link generate}, with the keys of `generation_config.json`. */
  generationConfig: GenerationConfig = {};

  /** Token ids `[B, T]` → logits of the next token at each position, `[B, T, vocabulary]`. */
  abstract forward(ids: Tensor, options?: CausalOptions): Tensor;

  /** The longest sequence; Infinity where positions have no table. */
  abstract get maxPositions(): number;

  protected abstract get layerCount(): number;

  /** Empty caches for sequences of up to `maxLength` tokens. */
  newCaches(maxLength: number): CacheStack<KeyValueCache> {
    return new CacheStack(Array.from({ length: this.layerCount }, () => new KeyValueCache(maxLength)));
  }

  /**
   * Continues each prompt, token by token, with cached keys and values. Rows of different lengths are padded on the left and masked, so
   * that a row's result does not depend on the others. The model is in evaluation mode meanwhile.
   *
   * @returns the new tokens of each row, without the prompt and the end token, and their log-probabilities.
   * @throws RangeError for an empty prompt, one too long for the model, and options out of range.
   *
   * @example
   * ```ts
   * import { LlamaForCausalLM } from "@heddle/models";
   * const sizes = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 2, num_attention_heads: 4 };
   * const model = new LlamaForCausalLM({ vocab_size: 50, ...sizes, num_key_value_heads: 2 });
   * const options = { maxNewTokens: 5, doSample: true, temperature: 0.8, topK: 10, seed: 1 };
   * const { tokens } = await model.generate([[1, 2, 3], [4]], options);
   * tokens.map((row) => row.length); // [5, 5]
   * ```
   */
  async generate(prompt: Prompt, options: GenerateOptions = {}): Promise<Decoded> {
    const operation = `${this.constructor.name}.generate`;
    const chosen = generationOptions(operation, options, this.generationConfig);
    const rows = await promptRows(operation, prompt);
    const longest = Math.max(...rows.map(({ length }) => length));
    const fresh = newTokens(operation, chosen);
    const total = longest + fresh;
    if (total > this.maxPositions) {
      throw new RangeError(
        `${operation}: a prompt of ${longest} tokens and ${fresh} new ones are ${total}, but the model has ${this.maxPositions} ` +
          `positions; shorten the prompt, or lower maxNewTokens`,
      );
    }
    const wasTraining = this.training;
    this.eval();
    const state = this.begin(rows, longest, total);
    try {
      this.readPrompts(rows, longest, state);
      const step = (tokens: Tensor, state: State): { logits: Tensor; state: State } => ({
        logits: this.read(tokens.unsqueeze(1), state).select(1, -1),
        state,
      });
      return await decode(operation, { step, reorder }, state, rows.map((row) => row.at(-1)!), chosen);
    } finally {
      state.caches.dispose();
      state.mask?.dispose();
      state.pads?.dispose();
      this.train(wasTraining);
    }
  }

  /**
   * The tokens of {@link generate} as they come: after each step that of each row, or null where the row has ended. Leaving the loop
   * stops the generation.
   *
   * @example
   * ```ts
   * import { GPT2LMHeadModel } from "@heddle/models";
   * const model = new GPT2LMHeadModel({ vocab_size: 50, n_positions: 16, n_embd: 8, n_layer: 2, n_head: 2 });
   * const written: number[] = [];
   * for await (const [token] of model.stream([[1, 2, 3]], { maxNewTokens: 4 })) written.push(token!);
   * written.length; // 4
   * ```
   */
  stream(
    prompt: Prompt,
    options: Omit<GenerateOptions, "onTokens"> = {},
  ): AsyncGenerator<readonly (number | null)[], void, undefined> {
    return streamed((onTokens) => this.generate(prompt, { ...options, onTokens }));
  }

  private begin(rows: readonly (readonly number[])[], longest: number, total: number): State {
    const device = this.parameters()[0]!.device;
    const pads = rows.map((row) => longest - row.length);
    const caches = this.newCaches(total);
    if (pads.every((count) => count === 0)) return { caches, mask: null, pads: null };
    return tidy(() => ({
      caches,
      mask: keep(startMask(pads, total, device)),
      pads: keep(fromTypedArray(Int32Array.from(pads), [rows.length, 1], { device })),
    }));
  }

  /** Reads all tokens of the prompts but the last of each. */
  private readPrompts(rows: readonly (readonly number[])[], longest: number, state: State): void {
    if (longest === 1) return;
    const ids = rows.flatMap((row) => [...Array<number>(longest - row.length).fill(0), ...row.slice(0, -1)]);
    const { device } = this.parameters()[0]!;
    noGrad(() =>
      tidy(() => void this.read(fromTypedArray(Int32Array.from(ids), [rows.length, longest - 1], { device }), state))
    );
  }

  private read(ids: Tensor, { caches, mask, pads }: State): Tensor {
    const [past, length] = [caches.length, ids.shape[1]!];
    if (mask === null || pads === null) return this.forward(ids, { caches });
    const places = fromTypedArray(Int32Array.from({ length }, (_, i) => past + i), [length], { device: ids.device });
    return this.forward(ids, {
      caches,
      attentionMask: mask.narrow(1, 0, past + length),
      positionIds: places.sub(pads).clamp({ min: 0 }),
    });
  }
}

function reorder({ caches, mask, pads }: State, rows: Tensor): State {
  return {
    caches: caches.reorder(rows),
    mask: mask && mask.indexSelect(0, rows),
    pads: pads && pads.indexSelect(0, rows),
  };
}

function startMask(pads: readonly number[], total: number, device: Device): Tensor {
  const values = Uint8Array.from(
    { length: pads.length * total },
    (_, i) => i % total < pads[Math.floor(i / total)]! ? 0 : 1,
  );
  return fromTypedArray(values, [pads.length, total], { device }).ne(0);
}

/** The ids of each row. @throws RangeError for none, or an empty row; TypeError for numbers that are no ids. */
export async function promptRows(operation: string, prompt: Prompt): Promise<(readonly number[])[]> {
  let rows: readonly (readonly number[])[];
  const given: unknown = prompt;
  const text: unknown = Array.isArray(given) ? given.find((row) => typeof row === "string") : given;
  if (typeof text === "string") {
    throw new TypeError(`${operation}: expected rows of token ids, [ids], got ${textInstead(text)}`);
  }
  if (Array.isArray(prompt)) rows = prompt;
  else {
    checkTensor(operation, given, "rows of token ids");
    const { shape } = given;
    if (shape.length !== 2) {
      throw new RangeError(`${operation}: expected token ids [batch, positions], got shape [${shape.join(", ")}]`);
    }
    const [count, length] = shape as readonly [number, number];
    const ids = Array.from(await given.data("int32"), Number);
    rows = Array.from({ length: count }, (_, i) => ids.slice(i * length, (i + 1) * length));
  }
  if (rows.length === 0) throw new RangeError(`${operation}: there is no prompt; give one row of token ids or more`);
  rows.forEach((row, i) => {
    if (!Array.isArray(row) || row.length === 0) {
      throw new RangeError(
        `${operation}: row ${i} of the prompt is ${
          Array.isArray(row) ? "empty" : String(row)
        }; give an array of token ids, at least one ` +
          `(a model's start token where there is no text)`,
      );
    }
    const wrong = row.find((id) => !(Number.isInteger(id) && id >= 0));
    if (wrong !== undefined) {
      throw new TypeError(`${operation}: row ${i} of the prompt has ${wrong}, which is no token id`);
    }
  });
  return [...rows];
}
