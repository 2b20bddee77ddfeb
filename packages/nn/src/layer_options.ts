/** What every layer with parameters can be told. */
import type { Device, DType, Generator } from "@heddle/tensor";

/** Options that all layers with parameters share. */
export interface LayerOptions {
  /** Element type of the parameters, by default float32. */
  readonly dtype?: DType;
  /** Where the parameters live, by default the default device. */
  readonly device?: Device | string;
  /** Where the initial values are drawn from, by default the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}
