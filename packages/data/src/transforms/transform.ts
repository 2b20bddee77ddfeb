import type { Generator, Tensor } from "@heddle/tensor";
import type { Pictures } from "./pictures.ts";

/**
 * A function of a sample's tensor. Transforms have no mutable state, and can be shared between data sets.
 *
 * A random transform draws from the generator passed to it, or from tensor's default generator.
 */
export interface Transform {
  /**
   * Whether `apply` takes a batch (one more dimension in front) as well as a sample, and treats each of its samples as
   * if it were alone. Data sets then transform whole batches at once.
   */
  readonly batched: boolean;
  /** The transformed tensor; the input is left as it is. */
  apply(input: Tensor, generator?: Generator): Tensor;
  /**
   * The same for pictures in the host's memory, which it may overwrite. Optional: transforms with this method pass
   * pictures on without creating tensors in between.
   */
  applyToPictures?(pictures: Pictures, generator: Generator): Pictures;
}

/** A transform that works on the host. */
export type HostTransform = Transform & Required<Pick<Transform, "applyToPictures">>;

/** Whether a transform can work on the host. */
export function worksOnHost(transform: Transform): transform is HostTransform {
  return transform.applyToPictures !== undefined;
}

/** @throws naming the transform unless the tensor has at least `least` dimensions */
export function checkDims(where: string, input: Tensor, least: number, layout: string): void {
  if (input.ndim >= least) return;
  throw new Error(`${where}: expected a tensor of shape ${layout}, got shape [${input.shape.join(", ")}].`);
}
