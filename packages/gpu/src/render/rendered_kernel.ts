/** A kernel that is rendered but not compiled. */
import type { ScalarSlot } from "./expression.ts";

/** A shader and the words of its params. A launch fills in the offsets and the scalars. */
export interface RenderedKernel {
  /** Identifies the source. */
  readonly key: string;
  readonly source: () => string;
  readonly words: Uint32Array;
  /** Index in `words` of the first offset. */
  readonly offsetsAt: number;
  /** Index in `words` of the first scalar. */
  readonly scalarsAt: number;
  readonly scalars: readonly ScalarSlot[];
  readonly workgroups: number;
}

/** The properties of an adapter that kernels depend on. */
export interface AdapterTraits {
  /** Whether it runs on the CPU. */
  readonly software: boolean;
  /** The smallest number of adjacent threads that exchange values by subgroup operations; 1 without these. */
  readonly subgroup: number;
}
