/** Products added to a tensor: `beta · x + alpha · product`. */
import { apply, overwrite } from "../engine/apply.ts";
import { checkOperands, checkTensor } from "../engine/checks.ts";
import { isFloat, isInteger, resultType, type Scalar } from "../dtype.ts";
import { inDType, inFloat32 } from "../engine/upcast.ts";
import { constant } from "../engine/fill.ts";
import { checkOptions } from "../options.ts";
import { elementValue } from "../scalar.ts";
import { broadcastShapes, sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Factors of an operation that adds a product to a tensor. */
export interface AddedProductOptions {
  /** The factor of the product, by default 1. */
  readonly alpha?: Scalar;
  /** The factor of the tensor, by default 1. With 0 the tensor's values have no effect, not even NaN. */
  readonly beta?: Scalar;
}

/** The factor of the product or quotient of two tensors. */
export interface ValueOptions {
  /** The factor, by default 1. */
  readonly value?: Scalar;
}

type Product = (a: Tensor, b: Tensor) => Tensor;

/** A factor in the dtype of the operands: of integers it is truncated, as in PyTorch. */
function factorOf(operation: string, factor: Scalar, operands: readonly Tensor[]): Scalar {
  checkOperands(operation, [factor]);
  const dtype = resultType(operands);
  if (dtype === "bool") return Number(factor) !== 0;
  return isInteger(dtype) ? elementValue(factor, dtype) : factor;
}

function checkAdded(operation: string, a: Tensor, b: Tensor, options: AddedProductOptions): void {
  checkOptions(operation, options, ["alpha", "beta"]);
  checkTensor(operation, a);
  checkTensor(operation, b);
}

function checkValued(operation: string, a: Tensor, b: Tensor, options: ValueOptions): void {
  checkOptions(operation, options, ["value"]);
  checkTensor(operation, a);
  checkTensor(operation, b);
}

const scaled = (x: Tensor, factor: Scalar): Tensor => Number(factor) === 1 ? x : x.mul(factor);

function addedProduct(
  operation: string,
  x: Tensor,
  a: Tensor,
  b: Tensor,
  options: AddedProductOptions,
  product: Product,
): Tensor {
  checkAdded(operation, a, b, options);
  const alpha = factorOf(operation, options.alpha ?? 1, [x, a, b]);
  const beta = factorOf(operation, options.beta ?? 1, [x, a, b]);
  return inFloat32([x, a, b], (x, a, b) => {
    const term = scaled(product(a, b), alpha);
    if (x.dtype !== a.dtype && operation !== "addr") {
      throw new TypeError(
        `${operation}: the tensor is ${x.dtype}, the factors ${a.dtype}; cast one with .to("${a.dtype}")`,
      );
    }
    if (!sameShape(broadcastShapes(operation, x.shape, term.shape), term.shape)) {
      throw new RangeError(
        `${operation}: a tensor of shape ${showShape(x.shape)} does not broadcast to the product's ${
          showShape(term.shape)
        }`,
      );
    }
    if (Number(beta) !== 0) return scaled(x, beta).add(term);
    // Chooses nothing of the tensor, so that its gradient is 0.
    return apply("where", [constant(operation, false, "bool", x.device), x, term], {}, operation);
  });
}

function addedProduct_(
  operation: "addmm" | "addmv" | "addr" | "addbmm" | "baddbmm",
  x: Tensor,
  a: Tensor,
  b: Tensor,
  options: AddedProductOptions,
): Tensor {
  checkAdded(`${operation}_`, a, b, options);
  return overwrite(`${operation}_`, x, [a, b], (x) => x[operation](a, b, options));
}

export function addmm(x: Tensor, a: Tensor, b: Tensor, options: AddedProductOptions = {}): Tensor {
  return addedProduct("addmm", x, a, b, options, (a, b) => a.mm(b));
}

export function addmm_(x: Tensor, a: Tensor, b: Tensor, options: AddedProductOptions = {}): Tensor {
  return addedProduct_("addmm", x, a, b, options);
}

export function addmv(x: Tensor, matrix: Tensor, vector: Tensor, options: AddedProductOptions = {}): Tensor {
  return addedProduct("addmv", x, matrix, vector, options, (a, b) => a.mv(b));
}

export function addmv_(x: Tensor, matrix: Tensor, vector: Tensor, options: AddedProductOptions = {}): Tensor {
  return addedProduct_("addmv", x, matrix, vector, options);
}

export function addr(x: Tensor, a: Tensor, b: Tensor, options: AddedProductOptions = {}): Tensor {
  return addedProduct("addr", x, a, b, options, (a, b) => a.outer(b));
}

export function addr_(x: Tensor, a: Tensor, b: Tensor, options: AddedProductOptions = {}): Tensor {
  return addedProduct_("addr", x, a, b, options);
}

export function addbmm(x: Tensor, a: Tensor, b: Tensor, options: AddedProductOptions = {}): Tensor {
  // The products of a batch are summed in their own dtype: integers wrap.
  return addedProduct("addbmm", x, a, b, options, (a, b) => a.bmm(b).sum(0, { dtype: a.dtype }));
}

export function addbmm_(x: Tensor, a: Tensor, b: Tensor, options: AddedProductOptions = {}): Tensor {
  return addedProduct_("addbmm", x, a, b, options);
}

export function baddbmm(x: Tensor, a: Tensor, b: Tensor, options: AddedProductOptions = {}): Tensor {
  return addedProduct("baddbmm", x, a, b, options, (a, b) => a.bmm(b));
}

export function baddbmm_(x: Tensor, a: Tensor, b: Tensor, options: AddedProductOptions = {}): Tensor {
  return addedProduct_("baddbmm", x, a, b, options);
}

function withValue(
  operation: string,
  x: Tensor,
  a: Tensor,
  b: Tensor,
  options: ValueOptions,
  prim: "mul" | "div",
): Tensor {
  checkValued(operation, a, b, options);
  const value = factorOf(operation, options.value ?? 1, [x, a, b]);
  const first = inDType(a, resultType([x, a, b]));
  return inFloat32([x, first, b], (x, a, b) => x.add(apply(prim, [scaled(a, value), b], {}, operation)));
}

export function addcmul(x: Tensor, a: Tensor, b: Tensor, options: ValueOptions = {}): Tensor {
  return withValue("addcmul", x, a, b, options, "mul");
}

export function addcmul_(x: Tensor, a: Tensor, b: Tensor, options: ValueOptions = {}): Tensor {
  checkValued("addcmul_", a, b, options);
  return overwrite("addcmul_", x, [a, b], (x) => x.addcmul(a, b, options));
}

export function addcdiv(x: Tensor, a: Tensor, b: Tensor, options: ValueOptions = {}): Tensor {
  checkValued("addcdiv", a, b, options);
  if (!isFloat(a.dtype) && !isFloat(b.dtype)) {
    throw new TypeError(`addcdiv: divides floats, got ${a.dtype} and ${b.dtype}; cast one with .to("float32")`);
  }
  return withValue("addcdiv", x, a, b, options, "div");
}

export function addcdiv_(x: Tensor, a: Tensor, b: Tensor, options: ValueOptions = {}): Tensor {
  checkValued("addcdiv_", a, b, options);
  return overwrite("addcdiv_", x, [a, b], (x) => x.addcdiv(a, b, options));
}
