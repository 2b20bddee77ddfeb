import { Generator, type GeneratorState } from "@heddle/tensor";

/** Where the random numbers of a batch come from: the epoch's seed, and which batch of it this is. */
export interface BatchStream {
  readonly seed: number;
  readonly batch: number;
}

// A batch has 2^32 blocks of the epoch's stream to itself, a sample of it 2^20; a block is four words.
const BATCH_BLOCKS = 2 ** 32;
const SAMPLE_BLOCKS = 2 ** 20;
const MOST_BATCHES = 2 ** 21;

/**
 * What the transforms of a batch draw from, or those of the sample at a place in it. Whoever loads the batch, whenever, makes
 * the same generator: this is why workers change nothing, and why an epoch taken up in the middle goes on as it would have.
 */
export function generatorOf({ seed, batch }: BatchStream, place: number = 0): Generator {
  return at(seed, (batch % MOST_BATCHES) * BATCH_BLOCKS + place * SAMPLE_BLOCKS);
}

/** A generator for part `k` of what another one was meant for, taking nothing from it. */
export function branch(generator: Generator | undefined, k: number): Generator | undefined {
  if (generator === undefined || k === 0) return generator;
  const { seed, counter } = generator.getState();
  return at(seed, counter + k * SAMPLE_BLOCKS);
}

/**
 * The seed of an epoch, made of the seed of the loader's generator, its place when the epoch began, and the epoch's number.
 * The generator itself is left where it is.
 */
export function epochSeed(seed: number, start: GeneratorState | null, epoch: number): number {
  const drawn = (from: number, counter: number): number => Math.floor(at(from, counter).uniforms(1)[0]! * 2 ** 53);
  return drawn(drawn(start?.seed ?? seed, epoch), start?.counter ?? 0);
}

function at(seed: number, counter: number): Generator {
  const generator = new Generator(seed);
  generator.setState({ ...generator.getState(), counter });
  return generator;
}
