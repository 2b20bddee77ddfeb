/** The precision of matrix products of float32. */
import type { DType } from "./dtype.ts";
import { checkOption } from "./options.ts";
import type { MatmulAttrs, RoutinePrim } from "./prims/attrs.ts";

/** How precise products of float32 matrices are; see {@link setMatmulPrecision}. */
export type MatmulPrecision = "highest" | "high" | "medium";

const precisions: readonly MatmulPrecision[] = ["highest", "high", "medium"];

let current: MatmulPrecision = "highest";

/**
 * Sets how precise matrix products of float32 are, on all devices, from now on. PyTorch: `torch.set_float32_matmul_precision`.
 *
 * - `"highest"`, the default, multiplies as the elements are.
 * - `"high"` does the same.
 * - `"medium"` rounds the elements of both operands to bfloat16, as `to("bfloat16")` does, and sums the products in float32. A processor
 *   with AMX then multiplies several times as fast, with `@heddle/native`.
 *
 * It applies to `matmul` and what is computed with it: products of matrices and vectors, `einsum`, linear and recurrent layers,
 * attention, and their gradients, which use the setting of the moment when they are computed. Convolutions and other dtypes are not
 * affected.
 *
 * @throws TypeError for another word.
 *
 * @example
 * ```ts
 * import { setMatmulPrecision, tensor } from "@heddle/tensor";
 * const x = tensor([1 + 2 ** -9]);
 * setMatmulPrecision("medium");
 * x.dot(x).item(); // 1
 * setMatmulPrecision("highest");
 * x.dot(x).item(); // 1.0039100646972656
 * ```
 */
export function setMatmulPrecision(precision: MatmulPrecision): void {
  checkOption("setMatmulPrecision", "precision", precision, precisions);
  current = precision;
}

/**
 * The precision that {@link setMatmulPrecision} has set. PyTorch: `torch.get_float32_matmul_precision`.
 *
 * @example
 * ```ts
 * import { getMatmulPrecision } from "@heddle/tensor";
 * getMatmulPrecision(); // "highest"
 * ```
 */
export function getMatmulPrecision(): MatmulPrecision {
  return current;
}

/** The attributes of a routine under the present setting. */
export function withPrecision<Attributes extends object>(
  prim: RoutinePrim,
  inputs: readonly { readonly dtype: DType }[],
  attrs: Attributes,
): Attributes & Pick<MatmulAttrs, "rounded"> {
  const rounds = current === "medium" && prim === "matmul" && inputs[0]!.dtype === "float32";
  return rounds ? { ...attrs, rounded: true } : attrs;
}
