/** Integrals by the trapezoidal rule, and derivatives by differences, of functions given at points. */
import { checkNumber, checkNumbers, checkTensor, wrongValue } from "../engine/checks.ts";
import { isFloat } from "../dtype.ts";
import { inFloat32, widened } from "../engine/upcast.ts";
import { tidy } from "../memory/scope.ts";
import { checkOption, checkOptions } from "../options.ts";
import { normalizeDim, normalizeDims, showShape } from "../shape.ts";
import { isTensor } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { cat } from "./join.ts";

/** Along which dimension a function is integrated, and the distance of its points. */
export interface TrapezoidOptions {
  /** The distance of one point to the next where no coordinates are given, by default 1. */
  readonly dx?: number;
  /** The dimension, by default the last. */
  readonly dim?: number;
}

/** Twice the area of each trapezoid, and the dimension. */
function areas(operation: string, y: Tensor, x: Tensor | undefined, options: TrapezoidOptions): [Tensor, number] {
  checkOptions(operation, options, ["dim", "dx"]);
  const { dx = 1, dim = -1 } = options;
  checkNumber(operation, "dx", dx);
  if (x !== undefined && options.dx !== undefined) {
    throw new TypeError(`${operation}: give coordinates or dx, not both`);
  }
  if (y.dtype === "bool") throw new TypeError(`${operation}: not defined on bool; cast with .to("float32")`);
  if (y.ndim === 0) {
    throw new RangeError(`${operation}: a 0-dimensional tensor has no dims to work along; reshape(1) gives it one`);
  }
  const d = normalizeDim(operation, dim, y.ndim);
  const count = Math.max(y.shape[d]! - 1, 0);
  const pairs = y.narrow(d, Math.min(1, y.shape[d]!), count).add(y.narrow(d, 0, count));
  if (x === undefined) return [pairs.mul(dx), d];
  checkTensor(operation, x, "x");
  if (x.ndim === 0 || (x.ndim === 1 && x.shape[0] !== y.shape[d])) {
    throw new RangeError(
      `${operation}: ${x.numel} coordinates for ${y.shape[d]} values along dim ${dim} of shape ${showShape(y.shape)}`,
    );
  }
  const shape = x.ndim === 1
    ? y.shape.map((_, i) => i === d ? x.numel : 1)
    : [...Array<number>(Math.max(y.ndim - x.ndim, 0)).fill(1), ...x.shape];
  const places = x.reshape(shape);
  return [pairs.mul(places.diff(1, places.ndim - y.ndim + d)), d];
}

export function trapezoid(y: Tensor, x?: Tensor, options: TrapezoidOptions = {}): Tensor {
  return inFloat32([y, x], (y, x) => {
    const [doubled, dim] = areas("trapezoid", y, x, options);
    return doubled.sum(dim - y.ndim).div(2);
  });
}

export function cumulativeTrapezoid(y: Tensor, x?: Tensor, options: TrapezoidOptions = {}): Tensor {
  return inFloat32([y, x], (y, x) => {
    const [doubled, dim] = areas("cumulativeTrapezoid", y, x, options);
    return doubled.cumsum(dim - y.ndim).div(2);
  });
}

/** Where the points of {@link gradient} lie, and how it treats the ends. */
export interface GradientOptions {
  /** The distance of the points in all dimensions or in each, or their coordinates in each; by default 1. */
  readonly spacing?: number | readonly (number | Tensor)[];
  /** The dimensions, by default all. */
  readonly dim?: number | readonly number[];
  /** The order of the error at the two ends, by default 1. */
  readonly edgeOrder?: 1 | 2;
}

/** The derivative along a dimension: three points' parabola inside, two or three points at the ends. */
function derivative(x: Tensor, d: number, spacing: number | Tensor, edgeOrder: 1 | 2): Tensor {
  const size = x.shape[d]!;
  const column = x.shape.map((_, i) => i === d ? -1 : 1);
  const steps = isTensor(spacing) ? spacing.to(x.dtype).diff().reshape(column) : null;
  const part = (x: Tensor, from: number, count: number) => x.narrow(d, from < 0 ? x.shape[d]! + from : from, count);
  const uniform = Number(steps === null ? spacing : 1);
  const inside = (): Tensor => {
    const [before, here, after] = [part(x, 0, size - 2), part(x, 1, size - 2), part(x, 2, size - 2)];
    if (steps === null) return after.sub(before).div(2 * uniform);
    const [left, right] = [part(steps, 0, size - 2), part(steps, 1, size - 2)];
    const both = left.add(right);
    return before.mul(right.neg().div(left.mul(both)))
      .add(here.mul(right.sub(left).div(left.mul(right))))
      .add(after.mul(left.div(right.mul(both))));
  };
  /** At the end: the derivative from the outermost values inwards, with the steps between them. */
  const end = (sign: 1 | -1): Tensor => {
    const at = (i: number) => part(x, sign > 0 ? i : -1 - i, 1);
    const step = (i: number): Tensor | number => steps === null ? uniform : part(steps, sign > 0 ? i : -1 - i, 1);
    const [first, second] = [step(0), step(edgeOrder - 1)];
    const forward = at(1).sub(at(0)).div(first);
    if (edgeOrder === 1) return forward.mul(sign);
    const next = at(2).sub(at(1)).div(second);
    const width = isTensor(first) ? first.add(second) : first + Number(second);
    return forward.add(forward.sub(next).mul(first).div(width)).mul(sign);
  };
  return cat([end(1), ...(size > 2 ? [inside()] : []), end(-1)], d);
}

/**
 * The derivatives of a function given at the points of a grid, along each dimension (PyTorch's `torch.gradient`): central
 * differences inside, one-sided ones at both ends. Integers give float32.
 *
 * @returns one tensor of the input's shape for each dimension.
 * @throws RangeError for a dimension with no more than `edgeOrder` points, and for spacings or coordinates that do not fit.
 * @throws TypeError for bool.
 *
 * @example
 * ```ts
 * import { gradient, tensor } from "@heddle/tensor";
 * gradient(tensor([1, 4, 9, 16]))[0]!.toArray(); // [3, 4, 6, 7]
 * gradient(tensor([1, 4, 9, 16]), { spacing: 0.5 })[0]!.toArray(); // [6, 8, 12, 14]
 * ```
 */
export function gradient(x: Tensor, options: GradientOptions = {}): Tensor[] {
  checkOptions("gradient", options, ["dim", "edgeOrder", "spacing"]);
  checkTensor("gradient", x);
  const { spacing = 1, edgeOrder = 1 } = options;
  checkOption("gradient", "edgeOrder", String(edgeOrder), ["1", "2"]);
  if (x.dtype === "bool") throw new TypeError('gradient: not defined on bool; cast with .to("float32")');
  const dims = normalizeDims("gradient", options.dim, x.ndim);
  const given = typeof spacing === "number" ? dims.map(() => spacing) : spacing;
  if (!Array.isArray(given)) throw wrongValue("gradient", "spacing to be a number or an array", given);
  if (given.length !== dims.length) {
    throw new RangeError(
      `gradient: ${given.length} spacings for ${dims.length} dims; give one for each, or one number`,
    );
  }
  dims.forEach((d, i) => {
    const along = given[i]!;
    if (x.shape[d]! <= edgeOrder) {
      throw new RangeError(
        `gradient: dim ${d} of shape ${showShape(x.shape)} needs at least ${
          edgeOrder + 1
        } points for edgeOrder ${edgeOrder}`,
      );
    }
    if (!isTensor(along)) return checkNumbers("gradient", "a spacing", along);
    checkTensor("gradient", along, "a spacing");
    if (along.ndim !== 1 || along.numel !== x.shape[d]) {
      throw new RangeError(
        `gradient: coordinates of shape ${showShape(along.shape)} for the ${
          x.shape[d]
        } points of dim ${d}; give a vector`,
      );
    }
  });
  return tidy(() => {
    // Widened once, so that the gradients of several dims add up in float32.
    const wide = isFloat(x.dtype) ? widened(x) : x.to("float32");
    return dims.map((d, i) => derivative(wide, d, given[i]!, edgeOrder).to(isFloat(x.dtype) ? x.dtype : wide.dtype));
  });
}
