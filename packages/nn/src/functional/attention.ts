/** Attention: for each query the mean of the values, weighted by how well their keys match it. */
import { type Generator, isFloat, type Tensor } from "@heddle/tensor";
import { checkOptions, composite, inFloat32, isHalf, maskedSoftmax } from "@heddle/tensor/engine";
import { showSizes } from "../sizes.ts";
import { attendInBlocks, type Attending } from "./attention_blocks.ts";
import { checkProbability, dropout } from "./dropout.ts";

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /** Broadcasts to `[…, queries, keys]`: bool, true where a key takes part, or numbers that are added to the scores. */
  readonly attnMask?: Tensor | null;
  /** Probability at which a weight is dropped; 0 by default. */
  readonly dropoutP?: number;
  /** Whether query i attends to keys up to i only. It can be combined with a mask, which PyTorch refuses. */
  readonly isCausal?: boolean;
  /** With `isCausal`, query i attends to keys up to i + `causalOffset`, the number of keys before the first query; 0 by default. */
  readonly causalOffset?: number;
  /** Factor of the scores; 1/√d by default. */
  readonly scale?: number | null;
  /** Whether there may be fewer heads of keys and values than of queries, each shared by several adjacent query heads. */
  readonly enableGqa?: boolean;
  /** Where dropout is drawn from, by default the generator that `manualSeed` seeds. */
  readonly generator?: Generator | undefined;
}

/**
 * softmax(q kᵀ · scale + mask) v: Vaswani et al., "Attention is all you need" (2017). Queries `[…, queries, d]`, keys `[…, keys, d]` and
 * values `[…, keys, e]` give `[…, queries, e]`; dimensions in front broadcast. A query that may attend to no key gives zeros. PyTorch:
 * `torch.nn.functional.scaled_dot_product_attention`.
 *
 * @throws RangeError when shapes do not fit, naming them; for a probability outside 0 to 1; for heads that cannot be shared evenly.
 * TypeError for dtypes that differ.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const [q, k, v] = [randn([2, 4, 10, 8]), randn([2, 4, 12, 8]), randn([2, 4, 12, 16])];
 * F.scaledDotProductAttention(q, k, v).shape; // [2, 4, 10, 16]
 * F.scaledDotProductAttention(q, q, q, { isCausal: true }).shape; // [2, 4, 10, 8]
 * ```
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor {
  checkOptions("scaledDotProductAttention", options, [
    "attnMask",
    "causalOffset",
    "dropoutP",
    "enableGqa",
    "generator",
    "isCausal",
    "scale",
  ]);
  const { attnMask = null, dropoutP = 0, isCausal = false, causalOffset = 0, enableGqa = false, generator } = options;
  checkOperands(query, key, value);
  checkProbability("scaledDotProductAttention", dropoutP);
  const scale = options.scale ?? 1 / Math.sqrt(Math.max(query.shape.at(-1)!, 1));
  const how: Attending = { causalOffset: isCausal ? causalOffset : null, scale, dropoutP, generator };
  if (!enableGqa || query.shape.at(-3) === key.shape.at(-3)) {
    const batch = broadcast(query, key, value);
    if (attnMask === null) return attend(query, key, value, [], how);
    checkMask(attnMask, query.dtype, [...batch, query.shape.at(-2)!, key.shape.at(-2)!]);
    return attend(query, key, value, [attnMask], how);
  }
  const [heads, shared] = [query.shape.at(-3), key.shape.at(-3)];
  if (heads === undefined || shared === undefined || shared === 0 || heads % shared !== 0) {
    throw new RangeError(
      `scaledDotProductAttention: ${heads ?? "no"} heads of queries (shape ${showSizes(query.shape)}) cannot share ${
        shared ?? "no"
      } heads of keys (shape ${showSizes(key.shape)}); the third dimension from the end must be a multiple`,
    );
  }
  // A dimension for the query heads that share a key; keys and values broadcast over it.
  const apart = (x: Tensor): Tensor => x.unflatten(-3, [shared, heads / shared]);
  const [k, v, q] = [key.unsqueeze(-3), value.unsqueeze(-3), apart(query)];
  const shape = [...broadcast(q, k, v), q.shape.at(-2)!, k.shape.at(-2)!];
  let masks: Tensor[] = [];
  if (attnMask !== null) {
    const mask = attnMask.ndim < 3 ? attnMask : attnMask.shape.at(-3) === 1 ? attnMask.unsqueeze(-3) : apart(attnMask);
    checkMask(mask, query.dtype, shape);
    masks = [mask];
  }
  return attend(q, k, v, masks, how).flatten(-4, -3);
}

function checkOperands(query: Tensor, key: Tensor, value: Tensor): void {
  const operation = "scaledDotProductAttention";
  const shapes = `queries ${showSizes(query.shape)}, keys ${showSizes(key.shape)} and values ${showSizes(value.shape)}`;
  if (query.ndim < 2 || key.ndim < 2 || value.ndim < 2) {
    throw new RangeError(`${operation}: ${shapes}: each needs two dimensions or more, [positions, features] last`);
  }
  if (query.shape.at(-1) !== key.shape.at(-1)) {
    throw new RangeError(`${operation}: ${shapes}: queries and keys must have the same last dimension`);
  }
  if (key.shape.at(-2) !== value.shape.at(-2)) {
    throw new RangeError(`${operation}: ${shapes}: there must be one value for each key`);
  }
  if (query.dtype !== key.dtype || query.dtype !== value.dtype || !isFloat(query.dtype)) {
    throw new TypeError(
      `${operation}: queries are ${query.dtype}, keys ${key.dtype}, values ${value.dtype}; give all three one floating-point dtype`,
    );
  }
}

/** The dimensions before the last two, broadcast. */
function broadcast(...operands: readonly Tensor[]): number[] {
  const shapes = operands.map(({ shape }) => shape.slice(0, -2));
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, d) => {
    const sizes = shapes.map((shape) => shape[d - rank + shape.length] ?? 1).filter((size) => size !== 1);
    if (sizes.some((size) => size !== sizes[0])) {
      throw new RangeError(
        `scaledDotProductAttention: the dimensions before the last two of ${
          operands.map(({ shape }) => showSizes(shape)).join(", ")
        } do not broadcast; heads that share keys need { enableGqa: true }`,
      );
    }
    return sizes[0] ?? 1;
  });
}

/** The weights of the values, `[…, queries, keys]`. */
export function attentionWeights(query: Tensor, key: Tensor, masks: readonly Tensor[], how: Attending): Tensor {
  const { scale, causalOffset } = how;
  return maskedSoftmax(query.matmul(key.transpose(-2, -1)), { scale, causalOffset, masks });
}

/** {@link scaledDotProductAttention} of valid operands. */
export function attend(q: Tensor, k: Tensor, v: Tensor, masks: readonly Tensor[], how: Attending): Tensor {
  const { scale, causalOffset, dropoutP } = how;
  return composite("scaledDotProductAttention", [q, k, v, ...masks], { scale, causalOffset, dropoutP }, () => [
    attended(q, k, v, masks, how),
  ])[0]!;
}

function attended(q: Tensor, k: Tensor, v: Tensor, masks: readonly Tensor[], how: Attending): Tensor {
  if (isHalf(q)) return inFloat32([q, k, v, ...masks], (q, k, v, ...masks) => attended(q, k, v, masks, how));
  if (masks.every(({ requiresGrad }) => !requiresGrad)) return attendInBlocks(how, q, k, v, ...masks);
  // A learned mask needs the whole scores anyway.
  return dropout(attentionWeights(q, k, masks, how), how.dropoutP, { generator: how.generator }).matmul(v);
}

/** @throws TypeError or RangeError for a mask that is neither bool nor of the scores' dtype, or that does not broadcast to them. */
function checkMask(mask: Tensor, dtype: string, shape: readonly number[]): void {
  if (mask.dtype !== "bool" && mask.dtype !== dtype) {
    throw new TypeError(
      `scaledDotProductAttention: a mask of ${mask.dtype} for ${dtype} inputs; give bool (true: takes part), or ${dtype} to be added`,
    );
  }
  const lead = shape.length - mask.ndim;
  if (lead < 0 || mask.shape.some((size, d) => size !== 1 && size !== shape[lead + d])) {
    throw new RangeError(
      `scaledDotProductAttention: a mask of shape ${showSizes(mask.shape)} does not broadcast to the scores' ${
        showSizes(shape)
      }, which are […, queries, keys]`,
    );
  }
}
