/** Distances between points, and the cross product. */
import { checkNumber, checkTensor } from "../engine/checks.ts";
import { inFloat32 } from "../engine/upcast.ts";
import { isFloat, promoteTypes } from "../dtype.ts";
import { broadcastShapes, normalizeDim, showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { zeros } from "./creation.ts";
import { checkFloat } from "./reduction.ts";

export function dist(x: Tensor, other: Tensor, p = 2): Tensor {
  checkTensor("dist", other);
  checkNumber("dist", "p", p);
  if (!isFloat(other.dtype)) checkFloat("dist", x);
  return inFloat32([x, other], (x, other) => x.sub(other).norm(p));
}

export function cdist(x: Tensor, other: Tensor, p = 2): Tensor {
  checkTensor("cdist", other);
  checkNumber("cdist", "p", p);
  checkFloat("cdist", x);
  checkFloat("cdist", other);
  if (x.ndim < 2 || other.ndim < 2 || x.shape.at(-1) !== other.shape.at(-1)) {
    throw new RangeError(
      `cdist: shapes ${showShape(x.shape)} and ${showShape(other.shape)} do not fit; expected […, n, k] and […, m, k]`,
    );
  }
  if (!(p >= 0)) throw new RangeError(`cdist: p is ${p}; it must be at least 0`);
  if (x.shape.at(-1) === 0) {
    const batch = broadcastShapes("cdist", x.shape.slice(0, -2), other.shape.slice(0, -2));
    const options = { dtype: promoteTypes(x.dtype, other.dtype), device: x.device };
    return zeros([...batch, x.shape.at(-2)!, other.shape.at(-2)!], options);
  }
  return inFloat32([x, other], (x, other) => x.unsqueeze(-2).sub(other.unsqueeze(-3)).norm(p, -1));
}

export function cross(x: Tensor, other: Tensor, dim?: number): Tensor {
  checkTensor("cross", other);
  if (x.ndim !== other.ndim) {
    throw new RangeError(
      `cross: shapes ${showShape(x.shape)} and ${showShape(other.shape)} must have as many dimensions each`,
    );
  }
  const found = dim === undefined ? x.shape.indexOf(3) : normalizeDim("cross", dim, x.ndim);
  if (found < 0 || x.shape[found] !== 3 || other.shape[found] !== 3) {
    throw new RangeError(
      `cross: dim ${dim ?? found} of shapes ${showShape(x.shape)} and ${
        showShape(other.shape)
      } does not have size 3; name one that has`,
    );
  }
  return inFloat32([x, other], (x, other) => {
    const next = (v: Tensor) => v.roll(-1, found);
    const last = (v: Tensor) => v.roll(1, found);
    return next(x).mul(last(other)).sub(last(x).mul(next(other)));
  });
}
