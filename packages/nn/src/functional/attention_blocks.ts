/**
 * Attention that never holds all scores of a long sequence. On devices that have it, a fused routine runs; elsewhere blocks of queries
 * do, and each is computed again for the gradients.
 */
import { customFunction, isGradEnabled } from "@heddle/autograd";
import {
  cat,
  defaultGenerator,
  empty,
  Generator,
  type GeneratorState,
  itemSize,
  pad,
  rand,
  type Tensor,
  tidy,
} from "@heddle/tensor";
import {
  apply,
  attention,
  type AttentionAttrs,
  attentionGradient,
  maskedSoftmax,
  matmulInto,
  sizeOf,
} from "@heddle/tensor/engine";
import { drop } from "./dropout.ts";
import { lyingAs } from "./memory_layout.ts";

/** How queries attend. */
export interface Attending {
  readonly scale: number;
  /** Query i attends to keys up to i + this number; null for all keys. */
  readonly causalOffset: number | null;
  readonly dropoutP: number;
  readonly generator?: Generator | undefined;
}

/** A block of queries, and the keys, from the first on, that it attends to. */
interface Block {
  readonly start: number;
  readonly queries: number;
  readonly keys: number;
}

/** Up to this many queries form a single block, which keeps its weights for the gradients: nothing is computed twice. */
const shortest = 256;
/** Queries in a block of a longer sequence: products are still large, and its weights fit into a second-level cache. */
const blockQueries = 128;

/** The blocks of the queries. The scores of a block fit a buffer of the device; a block of one query may need more. */
function blocksOf(q: Tensor, k: Tensor, causalOffset: number | null): Block[] {
  const [queries, keys] = [q.shape.at(-2)!, k.shape.at(-2)!];
  const most = Math.floor((q.device.backend.largestBuffer ?? Infinity) / scoreBytes(q, k));
  const size = Math.max(Math.min(queries <= shortest ? queries : blockQueries, most), 1);
  return Array.from({ length: Math.ceil(queries / size) }, (_, i) => {
    const [start, end] = [i * size, Math.min((i + 1) * size, queries)];
    const seen = causalOffset === null ? keys : Math.min(Math.max(end + causalOffset, 0), keys);
    return { start, queries: end - start, keys: seen };
  });
}

/** Bytes of the scores of one query in every batch. */
function scoreBytes(q: Tensor, k: Tensor): number {
  return itemSize(q.dtype) * sizeOf(broadcastBatch(q, k)) * k.shape.at(-2)!;
}

/** Throws if a device has no buffer for the scores of one query. */
function checkScores(q: Tensor, k: Tensor): void {
  const most = q.device.backend.largestBuffer ?? Infinity;
  const bytes = scoreBytes(q, k);
  if (bytes <= most) return;
  throw new RangeError(
    `scaledDotProductAttention: the scores of one query with ${k.shape.at(-2)} keys take ${bytes} bytes in ` +
      `${
        sizeOf(broadcastBatch(q, k))
      } batches and heads, but the device "${q.device.name}" has buffers of at most ${most}; ` +
      `use a smaller batch`,
  );
}

/** The part of a mask for a block. */
function maskOf(mask: Tensor, { start, queries, keys }: Block): Tensor {
  const rows = mask.ndim < 2 || mask.shape.at(-2) === 1 ? mask : mask.narrow(-2, start, queries);
  return mask.ndim === 0 || mask.shape.at(-1) === 1 ? rows : rows.narrow(-1, 0, keys);
}

const transposed = (x: Tensor): Tensor => x.transpose(-2, -1);

function broadcastBatch(...tensors: readonly Tensor[]): number[] {
  const rank = Math.max(...tensors.map(({ ndim }) => ndim)) - 2;
  return Array.from({ length: rank }, (_, d) =>
    tensors.reduce((size, { shape, ndim }) => {
      const own = shape[d - rank + ndim - 2] ?? 1;
      return own === 1 ? size : own;
    }, 1));
}

/** For each block a function that drops the same elements at every call; null without dropout. */
function dropper({ dropoutP }: Attending, generator: Generator): ((like: Tensor) => (x: Tensor) => Tensor) | null {
  if (dropoutP === 0) return null;
  // All is dropped: 0 · ∞ would not be 0.
  const factor = dropoutP === 1 ? 0 : 1 / (1 - dropoutP);
  return ({ shape, device }) => {
    const draws = rand(shape, { generator, device });
    return (x) => drop([x, draws, dropoutP, factor]);
  };
}

/** The same stream, from a given position. */
function replay(state: GeneratorState): Generator {
  const generator = new Generator();
  generator.setState(state);
  return generator;
}

/** The weights of a block's keys. */
function weightsOf(q: Tensor, k: Tensor, masks: readonly Tensor[], block: Block, attending: Attending): Tensor {
  const { scale, causalOffset } = attending;
  const scores = q.narrow(-2, block.start, block.queries).matmul(transposed(k.narrow(-2, 0, block.keys)));
  return maskedSoftmax(scores, {
    scale,
    causalOffset: causalOffset === null ? null : causalOffset + block.start,
    masks: masks.map((mask) => maskOf(mask, block)),
  });
}

/** Fewer queries, as in generation, leave most of a tile of the fused routine unused. */
const fewestFused = 8;

/** How the fused routine attends, or null where the device has none. Takes the draws of all blocks from the stream. */
function fusedAttrs(
  q: Tensor,
  k: Tensor,
  { scale, causalOffset, dropoutP }: Attending,
  blocks: readonly Block[],
  generator: Generator,
): AttentionAttrs | null {
  if (q.shape.at(-2)! < fewestFused || !q.device.backend.hasRoutine("attention")) return null;
  const attrs = { scale, causalOffset, dropoutP };
  if (dropoutP === 0) return attrs;
  const batch = sizeOf(broadcastBatch(q, k));
  const draws = blocks.map(({ queries, keys }) => Math.ceil(batch * queries * keys / 4));
  const counter = generator.take(draws.reduce((a, b) => a + b, 0));
  return { ...attrs, key: generator.key, counter, blockQueries: blocks[0]!.queries };
}

/** What the backward pass needs of the forward pass. */
interface Kept {
  readonly attending: Attending;
  readonly blocks: readonly Block[];
  /** The generator before the first block. */
  readonly state: GeneratorState;
  readonly fused: AttentionAttrs | null;
}

/** Attention of valid queries, keys, values and masks; no mask needs a gradient. */
export const attendInBlocks: (
  attending: Attending,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  ...masks: Tensor[]
) => Tensor = customFunction({
  name: "scaledDotProductAttention",
  forward(context, attending: Attending, q: Tensor, k: Tensor, v: Tensor, ...masks: Tensor[]) {
    const { causalOffset, generator = defaultGenerator } = attending;
    const state = generator.getState();
    const blocks = blocksOf(q, k, causalOffset);
    const fused = fusedAttrs(q, k, attending, blocks, generator);
    if (fused === null) checkScores(q, k);
    const [out, ...made] = tidy(() => {
      const rows = [...broadcastBatch(q, k, v), q.shape.at(-2)!];
      const out = lyingAs(q, [...rows, v.shape.at(-1)!]);
      if (fused !== null) {
        const sums = empty([...rows, 2], { device: q.device });
        attention(out, sums, [q, k, v, ...masks], fused);
        return [out, out, sums];
      }
      const drawn = dropper(attending, generator);
      let kept: Tensor | null = null;
      for (const block of blocks) {
        const rows = out.narrow(-2, block.start, block.queries);
        if (block.keys === 0) {
          rows.zero_();
          continue;
        }
        const weights = tidy(() => {
          const weights = weightsOf(q, k, masks, block, attending);
          matmulInto(rows, drawn === null ? weights : drawn(weights)(weights), v.narrow(-2, 0, block.keys));
          return blocks.length === 1 ? weights : null;
        });
        kept = weights;
      }
      return kept === null ? [out] : [out, kept];
    }) as [Tensor, ...Tensor[]];
    context.kept = { attending, blocks, state, fused } satisfies Kept;
    context.saveForBackward(q, k, v, ...masks, ...made);
    context.maskCount = masks.length;
    return out;
  },
  backward(context, g) {
    const { kept: { attending, blocks, state, fused }, maskCount } = context as unknown as {
      kept: Kept;
      maskCount: number;
    };
    const [q, k, v] = context.savedTensors as [Tensor, Tensor, Tensor];
    const masks = context.savedTensors.slice(3, 3 + maskCount);
    const none = masks.map(() => null);
    const { needsInputGrad: wanted } = context;
    if (fused !== null && !isGradEnabled()) {
      const [out, sums] = context.savedTensors.slice(3 + maskCount) as [Tensor, Tensor];
      const gradients = gradientsLike([q, k, v], wanted);
      attentionGradient(gradients, [g, out, sums], [q, k, v, ...masks], fused);
      return [...gradients, ...none];
    }
    const weights = fused === null ? context.savedTensors[3 + maskCount] ?? null : null;
    const given: Given = { g, q, k, v, masks, weights };
    const gradients = isGradEnabled() ? differentiable : inPlace;
    return [...gradients(given, attending, blocks, dropper(attending, replay(state)), wanted), ...none];
  },
});

interface Given {
  readonly g: Tensor;
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly masks: readonly Tensor[];
  readonly weights: Tensor | null;
}

type Drawn = ReturnType<typeof dropper>;

/** The gradient of `softmax(scale · x)`, from its output. */
function softmaxGradient(g: Tensor, y: Tensor, scale: number): Tensor {
  return apply("softmaxGrad", [g, y], { dim: y.ndim - 1, scale });
}

/**
 * Memory for the gradients that are wanted, before broadcast dimensions are summed.
 *
 * @param filled whether those of keys and values are zeros.
 */
function gradientsLike(
  operands: readonly [q: Tensor, k: Tensor, v: Tensor],
  wanted: readonly boolean[],
  filled = false,
): readonly [Tensor | null, Tensor | null, Tensor | null] {
  const batch = broadcastBatch(...operands);
  const like = (i: 0 | 1 | 2): Tensor | null => {
    const x = operands[i];
    return wanted[i] ? lyingAs(x, [...batch, ...x.shape.slice(-2)], filled && i > 0) : null;
  };
  return [like(0), like(1), like(2)];
}

/** Gradients of queries, keys and values, block by block. */
function inPlace(
  { g, q, k, v, masks, weights: kept }: Given,
  attending: Attending,
  blocks: readonly Block[],
  drawn: Drawn,
  wanted: readonly boolean[],
): readonly (Tensor | null)[] {
  const whole = blocks.length === 1 && blocks[0]!.keys === k.shape.at(-2)!;
  const [dq, dk, dv] = gradientsLike([q, k, v], wanted, !whole);
  /** Adds to the first keys of a gradient that several blocks contribute to. */
  const addTo = (gradient: Tensor | null, keys: number, a: Tensor, b: Tensor): void => {
    if (gradient === null) return;
    if (whole) matmulInto(gradient, a, b);
    else gradient.narrow(-2, 0, keys).add_(a.matmul(b));
  };
  for (const block of blocks) {
    tidy(() => {
      const { start, queries, keys } = block;
      if (keys === 0) return void dq?.narrow(-2, start, queries).zero_();
      const [rows, those] = [g.narrow(-2, start, queries), v.narrow(-2, 0, keys)];
      const weights = kept ?? weightsOf(q, k, masks, block, attending);
      const dropped = drawn === null ? (x: Tensor) => x : drawn(weights);
      addTo(dv, keys, transposed(dropped(weights)), rows);
      if (dq === null && dk === null) return;
      const incoming = dropped(rows.matmul(transposed(those)));
      const scores = softmaxGradient(incoming, weights, attending.scale);
      if (dq !== null) matmulInto(dq.narrow(-2, start, queries), scores, k.narrow(-2, 0, keys));
      addTo(dk, keys, transposed(scores), q.narrow(-2, start, queries));
    });
  }
  return [dq, dk, dv];
}

/** The same in recorded operations, for gradients of gradients, in a single block, since these are never taken of long sequences. */
function differentiable(
  { g, q, k, v, masks }: Given,
  attending: Attending,
  blocks: readonly Block[],
  drawn: Drawn,
): readonly (Tensor | null)[] {
  const parts = blocks.map((block) => {
    const { start, queries, keys } = block;
    const [rows, query] = [g.narrow(-2, start, queries), q.narrow(-2, start, queries)];
    const [key, value] = [k.narrow(-2, 0, keys), v.narrow(-2, 0, keys)];
    const weights = weightsOf(q, k, masks, block, attending);
    const dropped = drawn === null ? (x: Tensor) => x : drawn(weights);
    const incoming = dropped(rows.matmul(transposed(value)));
    const scores = weights.mul(incoming.sub(incoming.mul(weights).sum(-1, { keepdim: true }))).mul(attending.scale);
    const spread = (x: Tensor): Tensor => pad(x, [0, 0, 0, k.shape.at(-2)! - keys]);
    return [
      scores.matmul(key),
      spread(transposed(scores).matmul(query)),
      spread(transposed(dropped(weights)).matmul(rows)),
    ] as const;
  });
  const sum = (i: 1 | 2): Tensor => parts.map((part) => part[i]).reduce((a, b) => a.add(b));
  return [cat(parts.map(([dq]) => dq), -2), sum(1), sum(2)];
}
