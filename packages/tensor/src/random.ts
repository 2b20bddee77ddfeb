/** The random stream: generators whose state can be saved, and draws from them. */
import { markClass } from "./brand.ts";
import { runRoutine } from "./engine/launch.ts";
import { elementsPerBlock, philox } from "./philox.ts";
import type { RandomAttrs } from "./prims/attrs.ts";
import type { Tensor } from "./tensor/tensor.ts";

/** A generator's place in its stream; plain data, safe to write as JSON. */
export interface GeneratorState {
  /** The name of the algorithm. */
  readonly algorithm: "philox4x32-10";
  /** The seed of the stream. */
  readonly seed: number;
  /** How far the stream has been read. */
  readonly counter: number;
}

/**
 * A stream of random numbers, the same on every device and runtime for the same seed (`docs/devices.md` says to which digit). Each draw takes the next blocks of the
 * counter-based Philox generator, so that a state is two numbers.
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

  /** Starts the stream of a seed from its beginning. */
  manualSeed(seed: number): this {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`manualSeed: ${seed} is not a non-negative integer below 2^53`);
    }
    this.seedValue = seed;
    this.counter = 0;
    return this;
  }

  /** Starts from a seed that nobody chose, and gives it. */
  seed(): number {
    const words = crypto.getRandomValues(new Uint32Array(2));
    const seed = (words[0]! & 0x1fffff) * 2 ** 32 + words[1]!;
    this.manualSeed(seed);
    return seed;
  }

  /** The seed of the stream. */
  initialSeed(): number {
    return this.seedValue;
  }

  /** The place in the stream. */
  getState(): GeneratorState {
    return { algorithm: "philox4x32-10", seed: this.seedValue, counter: this.counter };
  }

  /** Goes to a place that {@link getState} gave. @throws TypeError for anything else. */
  setState(state: GeneratorState): void {
    const place = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
    if (state?.algorithm !== "philox4x32-10" || !place(state.counter) || !place(state.seed)) {
      throw new TypeError(`setState: ${JSON.stringify(state)} is not a state that getState() gave`);
    }
    this.manualSeed(state.seed);
    this.counter = state.counter;
  }

  /** A generator is its state in JSON. */
  toJSON(): GeneratorState {
    return this.getState();
  }

  /** The key of the stream, as backends take it. */
  get key(): readonly [number, number] {
    return [this.seedValue >>> 0, Math.floor(this.seedValue / 2 ** 32)];
  }

  /** Takes a number of blocks of four words; gives the first one's counter. */
  take(blocks: number): number {
    const first = this.counter;
    this.counter += blocks;
    return first;
  }

  /** `count` numbers in [0, 1) with 53 bits each, on the host. */
  uniforms(count: number): Float64Array {
    const result = new Float64Array(count);
    const draw = this.draws(count);
    for (let i = 0; i < count; i++) result[i] = draw();
    return result;
  }

  /** The numbers of {@link uniforms} one by one: a function to be called `count` times. They are taken from the stream at once. */
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

/** The generator used where none is given. */
export const defaultGenerator: Generator = new Generator();

/**
 * Seeds the default generator: what is drawn afterwards is the same in every run.
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

/** Fills a tensor from the stream, below the tape. */
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
