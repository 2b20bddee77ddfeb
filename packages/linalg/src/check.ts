/** Checks of what users pass. Each names the operation, the shapes and the remedy. */
import { isFloat, promoteTypes, type Tensor } from "@heddle/tensor";
import { checkTensor } from "@heddle/tensor/engine";

/** @throws TypeError for what is no tensor, integers and bool. */
export function checkFloat(operation: string, x: Tensor): void {
  checkTensor(operation, x);
  if (!isFloat(x.dtype)) {
    throw new TypeError(`${operation}: needs a floating-point tensor, got ${x.dtype}; cast with .to("float64")`);
  }
}

/** @throws RangeError for fewer than two dimensions, TypeError for integers and bool. */
export function checkMatrix(operation: string, a: Tensor): void {
  checkTensor(operation, a);
  if (a.ndim < 2) {
    throw new RangeError(
      `${operation}: expected a matrix or a batch of them, [..., m, n], got shape [${
        a.shape.join(", ")
      }]; unsqueeze adds a dimension`,
    );
  }
  checkFloat(operation, a);
}

/** @throws RangeError unless the last two dimensions are equal, TypeError for integers and bool. */
export function checkSquare(operation: string, a: Tensor, remedy = ""): void {
  checkMatrix(operation, a);
  if (a.shape.at(-1) !== a.shape.at(-2)) {
    throw new RangeError(
      `${operation}: expected square matrices, [..., n, n], got shape [${a.shape.join(", ")}]${
        remedy === "" ? "" : `; ${remedy}`
      }`,
    );
  }
}

/** @throws Error for NaN and infinities, with which iterative decompositions do not terminate. */
export function checkFinite(operation: string, values: Float64Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at !== -1) {
    throw new Error(
      `${operation}: the input has ${
        values[at]
      } among its elements (at ${at} in row-major order), and no decomposition; ` +
        `look for where it comes from with isfinite()`,
    );
  }
}

/** The index in a batch, for messages; empty for a single matrix. */
export function inBatch(index: number, count: number): string {
  return count > 1 ? ` ${index} of the batch` : "";
}

/** @throws TypeError or Error unless both have the same dtype and device. */
export function checkAlike(operation: string, a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype) {
    const wider = promoteTypes(a.dtype, b.dtype);
    throw new TypeError(`${operation}: dtypes ${a.dtype} and ${b.dtype} differ; cast both with .to("${wider}")`);
  }
  if (a.device !== b.device) {
    throw new Error(
      `${operation}: tensors live on "${a.device.name}" and "${b.device.name}"; move one with .to("${a.device.name}")`,
    );
  }
}
