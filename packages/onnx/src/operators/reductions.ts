/** Reductions, positions of extremes, running sums, order. */
import { isFloat, type Tensor, where } from "@heddle/tensor";
import type { Call } from "./call.ts";
import { int, ints, type Operator, type Operators, type Versions } from "./operator.ts";
import { Outputs } from "./value.ts";

type Reduce = (x: Tensor, axes: number[], keepdim: boolean) => Tensor;

/** Sums stay in the dtype of what is summed. */
const sum: Reduce = (x, axes, keepdim) => x.sum(axes, { keepdim, dtype: x.dtype });

function reduced(c: Call, run: Reduce, axes: readonly number[] | undefined, noop: boolean): Tensor {
  const x = c.tensor(0);
  const keepdim = c.num("keepdims") === 1;
  if (axes === undefined || axes.length === 0) {
    if (noop) return run(x.unsqueeze(-1), [x.ndim], false);
    return run(x, x.shape.map((_, d) => d), keepdim);
  }
  return run(x, axes.map((axis) => c.axis(axis, x.ndim)), keepdim);
}

/** A reduction; its axes are an attribute first, and an input since a later operator set. */
function reduction(run: Reduce, inputSince: number): Versions {
  const byAttribute: Operator = {
    inputs: [1, 1],
    attributes: { axes: ints(), keepdims: int(1) },
    run: (c) => reduced(c, run, c.list("axes"), false),
  };
  const byInput: Operator = {
    inputs: [1, 2],
    attributes: { keepdims: int(1), noop_with_empty_axes: int(0) },
    numbers: [1],
    run: (c) => reduced(c, run, c.maybeNumbers(1), c.num("noop_with_empty_axes") === 1),
  };
  return { 1: byAttribute, [inputSince]: byInput };
}

const logSumExp: Reduce = (x, axes, keepdim) => x.ndim === 0 ? x : x.logsumexp(axes, { keepdim });

/** Of bool, the logical operations; of others, the largest or smallest element. */
const extreme = (greatest: boolean): Reduce => (x, axes, keepdim) => {
  if (x.dtype === "bool") return greatest ? x.any(axes, { keepdim }) : x.all(axes, { keepdim });
  const empty = axes.some((axis) => x.shape[axis] === 0);
  if (empty) { // the neutral element
    const shape = x.shape.map((size, d) => axes.includes(d) ? 1 : size);
    const filled = x.sum(axes, { keepdim: true, dtype: x.dtype }).add(greatest ? -Infinity : Infinity);
    return keepdim ? filled.reshape(shape) : filled.squeeze(axes);
  }
  return greatest ? x.amax(axes, { keepdim }) : x.amin(axes, { keepdim });
};

/** The position of the largest or smallest element, of equal ones the first or the last. */
function position(greatest: boolean): Versions {
  const run = (c: Call, last: boolean): Tensor => {
    const x = c.tensor(0);
    const axis = c.axis(c.num("axis"), x.ndim);
    const keepdim = c.num("keepdims") === 1;
    const from = last ? x.flip(axis) : x;
    const found = greatest ? from.argmax(axis, { keepdim }) : from.argmin(axis, { keepdim });
    return (last ? found.rsub(x.shape[axis]! - 1) : found).to(c.dtypeHere("int64"));
  };
  const attributes = { axis: int(0), keepdims: int(1) };
  return {
    1: { inputs: [1, 1], attributes, run: (c) => run(c, false) },
    12: {
      inputs: [1, 1],
      attributes: { ...attributes, select_last_index: int(0) },
      run: (c) => run(c, c.num("select_last_index") === 1),
    },
  };
}

/** Running sums, which may leave out the element itself, or start from the end. */
function cumulativeSum(c: Call): Tensor {
  const x = c.tensor(0);
  const axis = c.axis(c.number(1), x.ndim);
  const [exclusive, reverse] = [c.num("exclusive") === 1, c.num("reverse") === 1];
  const from = reverse ? x.flip(axis) : x;
  const sums = from.cumsum(axis, { dtype: x.dtype });
  const result = exclusive ? sums.sub(from) : sums;
  return reverse ? result.flip(axis) : result;
}

function top(c: Call, k: number, axis: number, largest: boolean): Outputs {
  const x = c.tensor(0);
  const { values, indices } = x.topk(k, c.axis(axis, x.ndim), { largest, sorted: true });
  return new Outputs([values, indices.to(c.dtypeHere("int64"))]);
}

/** Distinct elements in ascending order, or in the order in which they come. */
function unique(c: Call): Outputs {
  const axis = c.hasAttribute("axis") ? c.axis(c.num("axis"), c.raw(0).ndim) : null;
  const x = axis === null ? c.tensor(0).reshape(-1) : c.tensor(0);
  const dim = axis ?? 0;
  const found = x.unique({ returnInverse: true, returnCounts: true, ...axis !== null && { dim: axis } });
  const [inverse, counts] = [found.inverse!, found.counts!];
  const count = counts.shape[0]!;
  const places = Array.from(inverse.toTypedArray() as Int32Array);
  const first = Array.from({ length: count }, (_, i) => places.indexOf(i));
  const order = Array.from({ length: count }, (_, i) => i);
  if (c.num("sorted") === 0) order.sort((a, b) => first[a]! - first[b]!);
  const rank = order.map((_, i) => order.indexOf(i));
  const pick = c.here(c.hostInts(order));
  return new Outputs([
    found.values.indexSelect(dim, pick),
    c.hostInts(order.map((i) => first[i]!)),
    c.hostInts(places.map((i) => rank[i]!)),
    counts.indexSelect(0, pick).to(c.dtypeHere("int64")),
  ]);
}

/** The reductions and what looks for elements. */
export const reductions: Operators = {
  ReduceL1: reduction((x, axes, keepdim) => sum(x.abs(), axes, keepdim), 18),
  ReduceL2: reduction((x, axes, keepdim) => root(sum(x.square(), axes, keepdim)), 18),
  ReduceLogSum: reduction((x, axes, keepdim) => sum(x, axes, keepdim).log(), 18),
  ReduceLogSumExp: reduction(logSumExp, 18),
  ReduceMax: reduction(extreme(true), 18),
  ReduceMean: reduction((x, axes, keepdim) => mean(x, axes, keepdim), 18),
  ReduceMin: reduction(extreme(false), 18),
  ReduceProd: reduction((x, axes, keepdim) => x.prod(axes, { keepdim, dtype: x.dtype }), 18),
  ReduceSum: reduction(sum, 13),
  ReduceSumSquare: reduction((x, axes, keepdim) => sum(x.square(), axes, keepdim), 18),
  ArgMax: position(true),
  ArgMin: position(false),
  CumSum: {
    11: { inputs: [2, 2], attributes: { exclusive: int(0), reverse: int(0) }, numbers: [1], run: cumulativeSum },
  },
  TopK: {
    1: {
      inputs: [1, 1],
      outputs: 2,
      attributes: { axis: int(-1), k: { kind: "int", required: true } },
      run: (c) => top(c, c.num("k"), c.num("axis"), true),
    },
    10: {
      inputs: [2, 2],
      outputs: 2,
      attributes: { axis: int(-1) },
      numbers: [1],
      run: (c) => top(c, c.number(1), c.num("axis"), true),
    },
    11: {
      inputs: [2, 2],
      outputs: 2,
      attributes: { axis: int(-1), largest: int(1), sorted: int(1) },
      numbers: [1],
      run: (c) => top(c, c.number(1), c.num("axis"), c.num("largest") === 1),
    },
  },
  Unique: {
    11: { inputs: [1, 1], outputs: 4, attributes: { axis: int(), sorted: int(1) }, numbers: [0], run: unique },
  },
  NonZero: {
    9: { inputs: [1, 1], numbers: [0], run: (c) => c.tensor(0).nonzero().t().to(c.dtypeHere("int64")) },
  },
};

function mean(x: Tensor, axes: number[], keepdim: boolean): Tensor {
  if (isFloat(x.dtype)) return x.mean(axes, { keepdim });
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  return sum(x, axes, keepdim).div(count, { roundingMode: "trunc" });
}

/** The square root, of integers too; its gradient at zero is zero. */
function root(x: Tensor): Tensor {
  if (!isFloat(x.dtype)) return x.to("float64").sqrt().to(x.dtype);
  if (!x.requiresGrad) return x.sqrt();
  const zero = x.eq(0);
  return where(zero, 0, where(zero, 1, x).sqrt());
}
