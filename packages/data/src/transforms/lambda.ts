import { type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions, checkSynchronous } from "@heddle/tensor/engine";
import type { Transform } from "./transform.ts";

/**
 * A function as a transform (torchvision's `Lambda`).
 *
 * @example
 * ```ts
 * import { Lambda } from "@heddle/data";
 * import { zeros } from "@heddle/tensor";
 *
 * const flat = new Lambda((x) => x.flatten()); // for samples: of a batch it would make one long vector
 * const inverted = new Lambda((x) => x.neg().add(1), { batched: true });
 * console.log(flat.apply(zeros([1, 28, 28])).shape, inverted.apply(zeros([2])).toArray()); // [ 784 ] [ 1, 1 ]
 * ```
 */
export class Lambda implements Transform {
  readonly batched: boolean;
  private readonly fn: (input: Tensor, generator?: Generator) => Tensor;

  /**
   * @param fn gets the tensor, and the generator where the caller has one
   * @param options `batched`: whether the function also takes a batch (default false)
   */
  constructor(fn: (input: Tensor, generator?: Generator) => Tensor, options: { batched?: boolean } = {}) {
    checkOptions("Lambda", options, ["batched"]);
    if (typeof fn !== "function") throw new Error(`Lambda: expected a function, got ${typeof fn}.`);
    this.fn = fn;
    this.batched = options.batched ?? false;
  }

  /** Calls the function. */
  apply(input: Tensor, generator?: Generator): Tensor {
    const output = this.fn(input, generator);
    checkSynchronous("Lambda", output, "do what has to be awaited in the data set's get, which may be");
    return output;
  }
}
