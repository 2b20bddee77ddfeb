/** Caches for decoding: each new token costs one query instead of the whole sequence. */
import { isGradEnabled, noGrad } from "@heddle/autograd";
import { empty, keep, type Tensor, tidy } from "@heddle/tensor";
import { checkSize, showSizes } from "../sizes.ts";

/** Refuses keys that need a gradient, which would be lost. */
function checkNoGradient(cache: string, keys: Tensor): void {
  if (isGradEnabled() && keys.requiresGrad) {
    throw new Error(
      `${cache}: keys that need a gradient would lose it in a cache; decode inside noGrad(() => …), and train on whole sequences, ` +
        `without a cache`,
    );
  }
}

/** What caches have in common. */
export interface Cache {
  /** Number of positions in the cache. */
  readonly length: number;
  /** Selects rows, each as often as its index occurs: `[m]` int32. Beam search uses it. */
  reorder(rows: Tensor): this;
  /** Empties the cache and frees its memory. */
  dispose(): void;
}

/**
 * The keys and values of one self-attention, for sequences that grow: memory for `maxLength` positions is allocated once, and new
 * positions are appended. Pass it to the `forward` of the attention or layer, inside `noGrad`.
 *
 * @example
 * ```ts
 * import { noGrad } from "@heddle/autograd";
 * import { KeyValueCache, MultiheadAttention } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const attention = new MultiheadAttention(16, 4, { batchFirst: true }).eval();
 * const cache = new KeyValueCache(100);
 * noGrad(() => {
 *   const first = randn([2, 5, 16]);
 *   attention.forward(first, first, first, { isCausal: true, cache });
 *   const next = randn([2, 1, 16]);
 *   attention.forward(next, next, next, { isCausal: true, cache }); // attends to all six
 * });
 * cache.length; // 6
 * ```
 */
export class KeyValueCache implements Cache {
  readonly maxLength: number;
  private held: number;
  private keys: Tensor | null;
  private values: Tensor | null;

  /** @throws RangeError unless `maxLength` is a positive integer. */
  constructor(maxLength: number) {
    this.maxLength = checkSize("KeyValueCache", "maxLength", maxLength);
    this.held = 0;
    this.keys = null;
    this.values = null;
  }

  get length(): number {
    return this.held;
  }

  /**
   * Appends keys and values `[batch, heads, positions, d]`.
   *
   * @returns all keys and values, as views of the cache's memory; use them before the next call.
   * @throws RangeError when there is no room for them, or their shape differs from the earlier ones. Error for keys that need a gradient.
   */
  append(keys: Tensor, values: Tensor): [keys: Tensor, values: Tensor] {
    checkNoGradient("KeyValueCache", keys);
    const [start, end] = [this.held, this.held + keys.shape[2]!];
    if (end > this.maxLength) {
      throw new RangeError(
        `KeyValueCache: ${start} positions are held and ${
          keys.shape[2]
        } come, but there is room for ${this.maxLength}; ` +
          `make it with a larger maxLength, or empty it with dispose()`,
      );
    }
    return noGrad(() => [
      this.write(this.keys ??= this.memoryFor(keys), keys, start, end),
      this.write(this.values ??= this.memoryFor(values), values, start, end),
    ]) as [Tensor, Tensor];
  }

  private memoryFor({ shape: [batch, heads, , size], dtype, device }: Tensor): Tensor {
    return tidy(() => keep(empty([batch!, heads!, this.maxLength, size!], { dtype, device })));
  }

  private write(memory: Tensor, x: Tensor, start: number, end: number): Tensor {
    const [batch, heads, , size] = memory.shape;
    if (x.shape[0] !== batch || x.shape[1] !== heads || x.shape[3] !== size) {
      throw new RangeError(
        `KeyValueCache: holds ${showSizes([batch!, heads!, this.held, size!])}, and cannot go on with ${
          showSizes(x.shape)
        }; use one cache for each attention and batch, and reorder(rows) to change the rows`,
      );
    }
    memory.narrow(2, start, end - start).copy_(x);
    this.held = end;
    return memory.narrow(2, 0, end);
  }

  reorder(rows: Tensor): this {
    this.keys = this.chosen(this.keys, rows);
    this.values = this.chosen(this.values, rows);
    return this;
  }

  private chosen(memory: Tensor | null, rows: Tensor): Tensor | null {
    if (memory === null) return null;
    return noGrad(() =>
      tidy(() => {
        const used = memory.narrow(2, 0, this.held).indexSelect(0, rows);
        const next = this.memoryFor(used);
        next.narrow(2, 0, this.held).copy_(used);
        memory.dispose();
        return next;
      })
    );
  }

  dispose(): void {
    this.keys?.dispose();
    this.values?.dispose();
    this.keys = this.values = null;
    this.held = 0;
  }
}

/**
 * The keys and values of an encoder's output: projected at the first step and reused at all others. Later steps ignore the output passed
 * to `forward`.
 */
export class MemoryCache implements Cache {
  private held: [keys: Tensor, values: Tensor] | null;

  constructor() {
    this.held = null;
  }

  get length(): number {
    return this.held?.[0].shape[2] ?? 0;
  }

  /** The cached keys and values, or those that `project` computes now. @throws Error for keys that need a gradient. */
  keysAndValues(project: () => [keys: Tensor, values: Tensor]): [keys: Tensor, values: Tensor] {
    return this.held ??= tidy(() => {
      const [keys, values] = project();
      checkNoGradient("MemoryCache", keys);
      return [keep(keys.contiguous()), keep(values.contiguous())];
    });
  }

  reorder(rows: Tensor): this {
    if (this.held === null) return this;
    const before = this.held;
    this.held = noGrad(() => tidy(() => before.map((x) => keep(x.indexSelect(0, rows))))) as [Tensor, Tensor];
    for (const x of before) x.dispose();
    return this;
  }

  dispose(): void {
    this.held?.forEach((x) => x.dispose());
    this.held = null;
  }
}

/** The caches of a decoder layer, for self-attention and for attention to the encoder's output. */
export class DecoderLayerCache implements Cache {
  readonly self: KeyValueCache;
  readonly memory: MemoryCache;

  constructor(maxLength: number) {
    this.self = new KeyValueCache(maxLength);
    this.memory = new MemoryCache();
  }

  get length(): number {
    return this.self.length;
  }

  reorder(rows: Tensor): this {
    this.self.reorder(rows);
    this.memory.reorder(rows);
    return this;
  }

  dispose(): void {
    this.self.dispose();
    this.memory.dispose();
  }
}

/** The caches of a stack of layers, as `newCache(maxLength)` of `TransformerEncoder` and `TransformerDecoder` makes them. */
export class CacheStack<C extends Cache = Cache> implements Cache {
  readonly layers: readonly C[];

  constructor(layers: readonly C[]) {
    this.layers = layers;
  }

  /** Positions held. */
  get length(): number {
    return this.layers[0]?.length ?? 0;
  }

  reorder(rows: Tensor): this {
    for (const layer of this.layers) layer.reorder(rows);
    return this;
  }

  dispose(): void {
    for (const layer of this.layers) layer.dispose();
  }
}
