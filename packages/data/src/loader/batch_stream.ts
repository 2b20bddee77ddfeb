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
 * The generator for the transforms of a batch, or of the sample at a position in it. It does not depend on who loads
 * the batch or when, so results are the same with workers, and after resuming in the middle of an epoch.
 */
export function generatorOf({ seed, batch }: BatchStream, place: number = 0): Generator {
  return at(seed, (batch % MOST_BATCHES) * BATCH_BLOCKS + place * SAMPLE_BLOCKS);
}

/** A generator for part `k` of another one's work, which leaves that one unchanged. */
export function branch(generator: Generator | undefined, k: number): Generator | undefined {
  if (generator === undefined || k === 0) return generator;
  const { seed, counter } = generator.getState();
  return at(seed, counter + k * SAMPLE_BLOCKS);
}

/**
 * The seed of an epoch, derived from the seed of the loader's generator, its state when the epoch began, and the
 * epoch's number. The generator itself is not advanced.
 */
export function epochSeed(seed: number, start: GeneratorState | null, epoch: number): number {
  const drawn = (from: number, counter: number): number => Math.floor(at(from, counter).uniforms(1)[0]! * 2 ** 53);
  return drawn(drawn(start?.seed ?? seed, epoch), start?.counter ?? 0);
}

/** The seed of a worker in an epoch, of whose seed it is derived. */
export function workerSeed(seed: number, worker: number): number {
  return epochSeed(seed, null, worker);
}

function at(seed: number, counter: number): Generator {
  const generator = new Generator(seed);
  generator.setState({ ...generator.getState(), counter });
  return generator;
}
