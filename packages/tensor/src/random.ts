/** Random number generators with a state that can be saved, and draws from them. */
import { markClass } from "./brand.ts";
import { activeCapture } from "./engine/capture/hooks.ts";
import { runRoutine } from "./engine/execute/routine.ts";
import { elementsPerBlock, philox } from "./philox.ts";
import type { RandomAttrs } from "./prims/attrs.ts";
import type { Tensor } from "./tensor/tensor.ts";

/** The position of a generator in its stream: plain data that can be written as JSON. */
export interface GeneratorState {
  /** The name of the algorithm. */
  readonly algorithm: "philox4x32-10";
  /** The seed. */
  readonly seed: number;
  /** How far the stream has been read. */
  readonly counter: number;
}

/**
 * A stream of random numbers. The same seed gives the same numbers on every device and runtime (to the precision described in
 * `docs/devices.md`). Each draw takes the next blocks of the counter-based Philox generator, so that its state is two numbers.
 *
 * @example
 * ```ts
 * import { Generator, rand } from "@heddle/tensor";
 * const generator = new Generator(7);
 * const state = generator.getState();
 * const a = rand([3], { generator });
 * generator.setState(state);
 * a.equal(rand([3], { generator })); // true
 * ```
 */
export class Generator {
  private seedValue: number;
  private counter: number;

  /**
   * A generator at the beginning of the stream of a seed.
   *
   * @throws RangeError for a seed that is not a non-negative safe integer.
   */
  constructor(seed = 0) {
    this.seedValue = 0;
    this.counter = 0;
    this.manualSeed(seed);
  }

  /** Sets the seed, and starts its stream from the beginning. */
  manualSeed(seed: number): this {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`manualSeed: ${seed} is not a non-negative integer below 2^53`);
    }
    this.seedValue = seed;
    this.counter = 0;
    return this;
  }

  /** Sets a random seed and returns it. */
  seed(): number {
    const words = crypto.getRandomValues(new Uint32Array(2));
    const seed = (words[0]! & 0x1fffff) * 2 ** 32 + words[1]!;
    this.manualSeed(seed);
    return seed;
  }

  /** The seed. */
  initialSeed(): number {
    return this.seedValue;
  }

  /** The position in the stream, for {@link setState}. */
  getState(): GeneratorState {
    return { algorithm: "philox4x32-10", seed: this.seedValue, counter: this.counter };
  }

  /** Goes to a position that {@link getState} returned. @throws TypeError for anything else. */
  setState(state: GeneratorState): void {
    const place = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
    if (state?.algorithm !== "philox4x32-10" || !place(state.counter) || !place(state.seed)) {
      throw new TypeError(`setState: ${JSON.stringify(state)} is not a state that getState() returned`);
    }
    this.manualSeed(state.seed);
    this.counter = state.counter;
  }

  /** JSON has the generator's state. */
  toJSON(): GeneratorState {
    return this.getState();
  }

  /** The Philox key of the stream, for backends. */
  get key(): readonly [number, number] {
    return [this.seedValue >>> 0, Math.floor(this.seedValue / 2 ** 32)];
  }

  /** Takes `blocks` blocks of four words from the stream, and returns the counter of the first. */
  take(blocks: number): number {
    const first = this.counter;
    this.counter += blocks;
    activeCapture()?.drew(this, first, blocks);
    return first;
  }

  /** Goes to a block of the stream, where {@link take} has been before. */
  rewind(counter: number): void {
    this.counter = counter;
  }

  /** `count` numbers in [0, 1) with 53 bits each, computed on the host. */
  uniforms(count: number): Float64Array {
    const result = new Float64Array(count);
    const draw = this.draws(count);
    for (let i = 0; i < count; i++) result[i] = draw();
    return result;
  }

  /**
   * A function that returns the numbers of {@link uniforms} one at a time, for `count` calls. All of them are taken from the
   * stream immediately.
   */
  draws(count: number): () => number {
    const words = new Uint32Array(4);
    const first = this.take(Math.ceil(count / 2));
    const [low, high] = this.key;
    let i = 0;
    return () => {
      if (i % 2 === 0) philox(first + i / 2, low, high, words);
      const at = i++ % 2 * 2;
      return (words[at]! * 2 ** 21 + (words[at + 1]! >>> 11)) * 2 ** -53;
    };
  }
}

markClass(Generator, "@heddle/tensor");

/** The generator that is used unless another is given. */
export const defaultGenerator: Generator = new Generator();

/**
 * Seeds the default generator, so that every run draws the same numbers.
 *
 * @example
 * ```ts
 * import { manualSeed, randn } from "@heddle/tensor";
 * manualSeed(0);
 * const a = randn([2, 2]);
 * manualSeed(0);
 * a.equal(randn([2, 2])); // true
 * ```
 */
export function manualSeed(seed: number): Generator {
  return defaultGenerator.manualSeed(seed);
}

/** Fills a tensor from the stream. The tape does not record it. */
export function drawInto(
  x: Tensor,
  distribution: RandomAttrs["distribution"],
  generator: Generator = defaultGenerator,
): void {
  const counter = generator.take(Math.ceil(x.numel / elementsPerBlock(x.dtype)));
  runRoutine("random", x.device, [], [x], {
    distribution,
    shape: x.shape,
    dtype: x.dtype,
    key: generator.key,
    counter,
  });
  x.storage.version++;
}
