/** Special functions: of Bessel, zeta, and what is related to the gamma function. */
import { apply, applyInPlace, overwrite } from "../engine/apply.ts";
import { isFloat } from "../dtype.ts";
import { inFloat32 } from "../engine/upcast.ts";
import type { Operand } from "../tensor/core.ts";
import { checkHostSize } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { stack } from "./join.ts";

const none = {};

export function i0(x: Tensor): Tensor {
  return apply("i0", [x], none);
}

export function i0_(x: Tensor): Tensor {
  return applyInPlace(x, "i0", [x], none);
}

export function i1(x: Tensor): Tensor {
  return apply("i1", [x], none);
}

export function zeta(x: Tensor, other: Operand): Tensor {
  return apply("zeta", [x, other], none);
}

export function igamma(x: Tensor, other: Operand): Tensor {
  return apply("igamma", [x, other], none);
}

export function igamma_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "igamma", [x, other], none);
}

export function igammac(x: Tensor, other: Operand): Tensor {
  return apply("igammac", [x, other], none);
}

export function igammac_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "igammac", [x, other], none);
}

/** n!, which is infinite beyond 170. */
function factorial(n: number): number {
  let product = 1;
  for (let k = 2; k <= n && product < Infinity; k++) product *= k;
  return product;
}

export function polygamma(x: Tensor, n: number): Tensor {
  if (!Number.isInteger(n) || n < 0) {
    throw new RangeError(`polygamma: the order is ${n}; it must be a whole number of at least 0`);
  }
  if (n === 0) return x.digamma();
  if (!isFloat(x.dtype)) return x.to("float32").polygamma(n);
  return inFloat32([x], (x) => apply("zeta", [n + 1, x], none, "polygamma").mul((n % 2 === 0 ? -1 : 1) * factorial(n)));
}

export function polygamma_(x: Tensor, n: number): Tensor {
  return overwrite("polygamma_", x, [], (x) => x.polygamma(n));
}

export function mvlgamma(x: Tensor, p: number): Tensor {
  if (!Number.isInteger(p) || p < 1) {
    throw new RangeError(`mvlgamma: p is ${p}; it must be a whole number of at least 1`);
  }
  checkHostSize("mvlgamma", [p], 2 ** 16); // as many terms
  if (!isFloat(x.dtype)) return x.to("float32").mvlgamma(p);
  return inFloat32([x], (x) => {
    const terms = Array.from({ length: p }, (_, i) => x.sub(i / 2).lgamma());
    return stack(terms).sum(0).add(p * (p - 1) / 4 * Math.log(Math.PI));
  });
}

export function mvlgamma_(x: Tensor, p: number): Tensor {
  return overwrite("mvlgamma_", x, [], (x) => x.mvlgamma(p));
}
