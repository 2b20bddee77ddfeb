/** Distances between points, lengths, and the cross product. */
import { apply, overwrite } from "../engine/apply.ts";
import { checkNumber, checkTensor } from "../engine/checks.ts";
import { inFloat32 } from "../engine/upcast.ts";
import { isFloat } from "../dtype.ts";
import { broadcastShapes, normalizeDim, showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkOption, checkOptions } from "../options.ts";
import { onesLike } from "./creation.ts";
import { cat } from "./join.ts";
import { triuIndices } from "./triangle_indices.ts";
import { checkFloat, checkNormOrder } from "./reduction.ts";

export function dist(x: Tensor, other: Tensor, p = 2): Tensor {
  checkTensor("dist", other);
  checkNormOrder("dist", p);
  if (!isFloat(other.dtype)) checkFloat("dist", x);
  return inFloat32([x, other], (x, other) => x.sub(other).norm(p));
}

/** How `cdist` computes Euclidean distances. */
export interface CdistOptions {
  /**
   * "products" takes them from matrix products, |a|² + |b|² − 2·a·b, which is faster and less exact where points are close to each
   * other; "differences" does not; "auto", the default, uses products if there are more than 25 points on a side.
   */
  readonly computeMode?: "auto" | "products" | "differences";
}

/** Euclidean distances by one product of matrices: of [−2a, |a|², 1] and [b, 1, |b|²]. */
function byProducts(x: Tensor, other: Tensor): Tensor {
  const [a, b] = [x, other].map((points) => points.square().sum(-1, { keepdim: true })) as [Tensor, Tensor];
  const left = cat([x.mul(-2), a, onesLike(a)], -1);
  const right = cat([other, onesLike(b), b], -1);
  return left.matmul(right.transpose(-2, -1)).clamp({ min: 1e-30 }).sqrt();
}

/** The norms of rows. Without elements they are 0, and their gradients have none. */
function lengths(x: Tensor, p: number): Tensor {
  return x.shape.at(-1) === 0 ? x.sum(-1) : x.norm(p, -1);
}

export function cdist(x: Tensor, other: Tensor, p = 2, options: CdistOptions = {}): Tensor {
  checkOptions("cdist", options, ["computeMode"]);
  const { computeMode = "auto" } = options;
  checkOption("cdist", "computeMode", computeMode, ["auto", "products", "differences"]);
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
  broadcastShapes("cdist", x.shape.slice(0, -2), other.shape.slice(0, -2));
  const products = computeMode === "products" ||
    (computeMode === "auto" && (x.shape.at(-2)! > 25 || other.shape.at(-2)! > 25));
  return inFloat32(
    [x, other],
    (x, other) =>
      p === 2 && products && x.shape.at(-1) !== 0
        ? byProducts(x, other)
        : lengths(x.unsqueeze(-2).sub(other.unsqueeze(-3)), p),
  );
}

export function pdist(x: Tensor, p = 2): Tensor {
  checkNumber("pdist", "p", p);
  checkFloat("pdist", x);
  if (x.ndim !== 2) throw new RangeError(`pdist: expected points [n, k], got shape ${showShape(x.shape)}`);
  if (!(p >= 0)) throw new RangeError(`pdist: p is ${p}; it must be at least 0`);
  const n = x.shape[0]!;
  const pairs = triuIndices(n, n, 1, { device: x.device });
  const side = (x: Tensor, i: number) => x.indexSelect(0, pairs.select(0, i));
  return inFloat32([x], (x) => lengths(side(x, 0).sub(side(x, 1)), p));
}

export function renorm(x: Tensor, p: number, dim: number, maxnorm: number): Tensor {
  checkNumber("renorm", "p", p);
  checkNumber("renorm", "maxnorm", maxnorm);
  checkFloat("renorm", x);
  const d = normalizeDim("renorm", dim, x.ndim);
  if (x.ndim < 2) throw new RangeError(`renorm: needs at least 2 dimensions, got shape ${showShape(x.shape)}`);
  if (!(p > 0)) throw new RangeError(`renorm: p is ${p}; it must be above 0`);
  if (!(maxnorm >= 0)) throw new RangeError(`renorm: maxnorm is ${maxnorm}; it must be at least 0`);
  if (x.numel === 0) return x.clone();
  return inFloat32([x], (x) => {
    const length = x.norm(p, x.shape.map((_, i) => i).filter((i) => i !== d), { keepdim: true });
    const shrunk = apply("div", [maxnorm, length.add(1e-7)], {}, "renorm");
    return x.mul(apply("where", [length.gt(maxnorm), shrunk, 1], {}, "renorm"));
  });
}

export function renorm_(x: Tensor, p: number, dim: number, maxnorm: number): Tensor {
  return overwrite("renorm_", x, [], (x) => x.renorm(p, dim, maxnorm));
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
