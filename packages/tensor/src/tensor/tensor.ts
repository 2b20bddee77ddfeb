/** The class of tensors: its state is in core.ts, its methods by family in the files beside this one. */
import { markClass } from "../brand.ts";
import { TensorFilling } from "./filling.ts";

/**
 * A multi-dimensional array with PyTorch's semantics: storage, dtype, shape, strides and offset. Views share storage; a method whose
 * name ends in `_` writes in place, seen through every view.
 *
 * @example
 * ```ts
 * import { tensor } from "@heddle/tensor";
 * const x = tensor([[1, 2], [3, 4]]);
 * console.log(String(x.matmul(x.t()))); // tensor([[ 5., 11.],
 * //        [11., 25.]])
 * ```
 */
export class Tensor extends TensorFilling {}

markClass(Tensor, "@heddle/tensor");
