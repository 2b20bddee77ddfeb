/** The description of matrix products, the argument of `gemm`. */
import type { Activation } from "../../../../prims/attrs.ts";
import type { ElementKind } from "../element.ts";
import type { PlanSource } from "../plan.ts";

/** `out[m, n] = left[m, k] · right[k, n] + bias[n]`, once for each entry of `products`. Strides are in bytes. */
export interface GemmWork {
  readonly kind: ElementKind;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly leftM: number;
  readonly leftK: number;
  readonly rightK: number;
  readonly rightN: number;
  /** The bytes between rows of the result. Its columns are adjacent. */
  readonly outStride: number;
  /** Whether elements of the operands, float32, are rounded to bfloat16 before they are multiplied. */
  readonly rounded?: boolean;
  /** Whether to add to the present values, without bias or activation. */
  readonly adds?: boolean;
  /** The address of `n` adjacent elements. Those of the next product are `biasStep` bytes later. */
  readonly bias?: number;
  readonly biasStep?: number;
  readonly activation?: Activation;
  /** The memory of the left and of the right operand if what is packed from it is to be kept. For single products. */
  readonly leftSource?: PlanSource | undefined;
  readonly rightSource?: PlanSource | undefined;
  /** The addresses of left, right and result for each product. */
  readonly products: readonly number[];
}
