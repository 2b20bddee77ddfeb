/** What is known of a value before it exists. */
import type { DType } from "../dtype.ts";
import type { Shape } from "../shape.ts";

/** dtype and shape of a value that does not exist yet. */
export interface Meta {
  readonly dtype: DType;
  readonly shape: Shape;
}
