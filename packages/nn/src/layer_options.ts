/** Options of every layer with parameters. */
import type { Device, DType, Generator } from "@heddle/tensor";

/** Options that all layers with parameters share. */
export interface LayerOptions {
  /** Element type of the parameters, by default float32. */
  readonly dtype?: DType;
  /** Where the parameters live, by default the default device. */
  readonly device?: Device | string;
  /** Source of the initial values; by default the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}
