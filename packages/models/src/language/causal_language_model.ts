/** What all decoder-only language models share: generation with a key–value cache. */
import { noGrad } from "@heddle/autograd";
import { CacheStack, type Decoded, KeyValueCache } from "@heddle/nn";
import { type Device, fromTypedArray, keep, type Tensor, tidy } from "@heddle/tensor";
import { decode, type GenerateOptions, newTokens } from "./generation.ts";
import { GenerativeModel } from "./generative_model.ts";

/** Options of `forward` of the decoder-only models. */
export interface CausalOptions {
  /** `[batch, keys]`, true (or not 0) where a token is one, and false where it is padding; cached keys included. */
  readonly attentionMask?: Tensor | null;
  /** `[batch, positions]` or `[positions]`, int32; by default they count from the cache's length. For models with learned positions. */
  readonly positionIds?: Tensor | null;
  /** The keys and values of earlier tokens, as `newCaches` makes them; those of `ids` are appended. Use them inside `noGrad`. */
  readonly caches?: CacheStack<KeyValueCache> | null;
}

interface State {
  readonly caches: CacheStack<KeyValueCache>;
  /** `[batch, all positions]` bool, false where a prompt is padded; null without padding. */
  readonly mask: Tensor | null;
  /** `[batch, 1]` int32: the number of padded positions of each row. */
  readonly pads: Tensor | null;
}

/**
 * Base of the decoder-only models. `generate` continues each prompt with cached keys and values. Prompts of different lengths are padded on
 * the left and masked.
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
export abstract class CausalLanguageModel extends GenerativeModel {
  /** Token ids `[B, T]` → logits of the next token at each position, `[B, T, vocabulary]`. */
  abstract forward(ids: Tensor, options?: CausalOptions): Tensor;

  /** The longest sequence; Infinity where positions have no table. */
  abstract get maxPositions(): number;

  protected abstract get layerCount(): number;

  /** Empty caches for sequences of up to `maxLength` tokens. */
  newCaches(maxLength: number): CacheStack<KeyValueCache> {
    return new CacheStack(Array.from({ length: this.layerCount }, () => new KeyValueCache(maxLength)));
  }

  protected override async write(
    operation: string,
    rows: readonly (readonly number[])[],
    options: GenerateOptions,
  ): Promise<Decoded> {
    const longest = Math.max(...rows.map(({ length }) => length));
    const fresh = newTokens(operation, options);
    const total = longest + fresh;
    if (total > this.maxPositions) {
      throw new RangeError(
        `${operation}: a prompt of ${longest} tokens and ${fresh} new ones are ${total}, but the model has ${this.maxPositions} ` +
          `positions; shorten the prompt, or lower maxNewTokens`,
      );
    }
    const state = this.begin(rows, longest, total);
    try {
      this.readPrompts(rows, longest, state);
      const step = (tokens: Tensor, state: State): { logits: Tensor; state: State } => ({
        logits: this.read(tokens.unsqueeze(1), state).select(1, -1),
        state,
      });
      return await decode(operation, { step, reorder }, state, rows.map((row) => row.at(-1)!), options);
    } finally {
      state.caches.dispose();
      state.mask?.dispose();
      state.pads?.dispose();
    }
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
