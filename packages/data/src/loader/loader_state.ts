import { Generator, type GeneratorState } from "@heddle/tensor";

/** The position of a loader, as plain data for `JSON.stringify`. */
export interface LoaderState {
  /** Version of this layout. */
  readonly version: 1;
  /** Epochs started before the current one. */
  readonly epoch: number;
  /** Batches of the current epoch that were returned. */
  readonly batch: number;
  /** Batches in an epoch; null where that is not known. */
  readonly batches: number | null;
  /** The sampler's generator, if it has one. */
  readonly generator: {
    /** Its state when the current epoch was drawn; null between epochs. */
    readonly epochStart: GeneratorState | null;
    /** Its state when this state was saved. */
    readonly now: GeneratorState;
  } | null;
}

/** @throws unless the state can be that of a loader of `batches` batches with or without a generator */
export function checkState(state: LoaderState, batches: number | null, hasGenerator: boolean): void {
  const fail = (what: string): never => {
    throw new Error(`DataLoader.loadStateDict: ${what}`);
  };
  if (typeof state !== "object" || state === null || state.version !== 1) {
    fail(`expected what stateDict() returned (version 1), got ${JSON.stringify(state)?.slice(0, 100)}.`);
  }
  if (!Number.isInteger(state.batch) || state.batch < 0 || !Number.isInteger(state.epoch) || state.epoch < 0) {
    fail(`epoch ${state.epoch} and batch ${state.batch} must be integers from 0.`);
  }
  if (state.batches !== batches) {
    fail(
      `the state is of a loader with ${state.batches ?? "an unknown number of"} batches an epoch, this one has ` +
        `${batches ?? "an unknown number"}. Use the same data set, batchSize and dropLast.`,
    );
  }
  if (batches !== null && state.batch > batches) fail(`batch ${state.batch} is beyond the ${batches} of an epoch.`);
  if (state.generator === undefined) fail("the state has no generator, not even null; was it cut off?");
  if ((state.generator !== null) !== hasGenerator) {
    fail(
      `the state is of a loader ${hasGenerator ? "without" : "with"} a random sampler, this one is ` +
        `${hasGenerator ? "with" : "without"} one. Use the same shuffle and sampler.`,
    );
  }
  if (state.generator !== null) {
    const { epochStart, now } = state.generator;
    for (const place of epochStart === null ? [now] : [epochStart, now]) {
      try {
        new Generator().setState(place);
      } catch {
        fail(`${JSON.stringify(place)} is no state of a generator.`);
      }
    }
  }
}
