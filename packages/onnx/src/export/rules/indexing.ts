/** Gathering, scattering, sorting and scans. */
import type { Emitter } from "../emitter.ts";
import { int, text } from "../graph.ts";
import { sameSize, sameSizes, type Size } from "../sizes.ts";
import type { TracedStepOf, TracedValue } from "../trace.ts";

/** The vector whose elements an index repeats along all dimensions but one; null for others. */
function vectorOf(index: TracedValue, dim: number, shape: readonly Size[]): TracedValue | null {
  if (index.shape.length === 1) return index;
  const wanted = shape.map((size, d) => d === dim ? index.shape[d]! : size);
  if (!sameSizes(index.shape, wanted)) return null;
  const column = index.origin?.prim === "expand" ? index.origin.inputs[0]! : index;
  if (column.shape.length !== shape.length || column.shape.some((size, d) => d !== dim && size !== 1)) return null;
  const { origin } = column;
  return origin?.prim === "reshape" && origin.inputs[0]!.shape.length === 1 ? origin.inputs[0]! : null;
}

/** The rule of gather. An index that is the same everywhere selects whole slices. */
export function translateGather(e: Emitter, step: TracedStepOf<"gather">): readonly string[] {
  const [x, index] = step.inputs as readonly [TracedValue, TracedValue];
  const dim = step.attrs.dim as number;
  if (x.shape.length === 0) return [e.node("Expand", [e.of(x), e.sizes(index.shape)])];
  const vector = vectorOf(index, dim, x.shape);
  if (vector !== null) return [e.node("Gather", [e.of(x), e.of(vector)], { axis: int(dim) })];
  return [e.node("GatherElements", [e.of(x), e.of(index)], { axis: int(dim) })];
}

/** Rows looked up by a flattened index and brought into its shape, as one node, whose sizes need not be known; null for other steps. */
export function lookupInShape(e: Emitter, step: TracedStepOf<"reshape">): string | null {
  const gather = step.inputs[0]!.origin;
  if (gather?.prim !== "gather" || gather.attrs.dim !== 0) return null;
  const [x, index] = gather.inputs as readonly [TracedValue, TracedValue];
  const flat = x.shape.length > 1 ? vectorOf(index, 0, x.shape) : null;
  const indices = flat?.origin?.prim === "reshape" ? flat.origin.inputs[0]! : null;
  if (indices === null || !sameSizes(step.attrs.shape, [...indices.shape, ...x.shape.slice(1)])) return null;
  return e.node("Gather", [e.of(x), e.of(indices)], { axis: int(0) });
}

const reductions = { set: null, sum: "add", prod: "mul", amax: "max", amin: "min" } as const;
const since = { set: 13, sum: 16, prod: 16, amax: 18, amin: 18 } as const;

/** The rule of scatter. */
export function translateScatter(e: Emitter, step: TracedStepOf<"scatter">): readonly string[] {
  const [x, index, values] = step.inputs as readonly [TracedValue, TracedValue, TracedValue];
  const { dim, mode } = step.attrs;
  if (e.opset < since[mode]) {
    return [e.refuse(`a scatter that combines values needs opset ${since[mode]}; pass { opset: ${since[mode]} }`)];
  }
  if (x.shape.length === 0) return [e.refuse("a scatter into a 0-dimensional tensor is not exported")];
  let source = e.of(values);
  const longer = index.shape.flatMap((size, d) => sameSize(size, values.shape[d]!) ? [] : [d]);
  if (longer.length > 0) {
    source = e.node("Slice", [
      source,
      e.ints(longer.map(() => 0)),
      e.sizes(longer.map((d) => index.shape[d]!)),
      e.ints(longer),
    ]);
  }
  const reduction = reductions[mode];
  return [
    e.node("ScatterElements", [e.of(x), e.of(index), source], {
      axis: int(dim as number),
      ...(reduction === null ? {} : { reduction: text(reduction) }),
    }),
  ];
}

/** The greatest or smallest elements of a dimension in order, with their indices. */
function top(
  e: Emitter,
  { inputs, attrs }: TracedStepOf<"sort">,
  count: Size,
): readonly [values: string, indices: string] {
  const [x] = inputs as readonly [TracedValue];
  const direct = x.dtype.includes("float") || x.dtype === "int32" || x.dtype === "int64";
  const input = direct ? e.of(x) : e.cast(e.of(x), "int32");
  const [values, indices] = e.nodes_("TopK", [input, e.sizes([count])], {
    axis: int(attrs.dim as number),
    largest: int(attrs.descending ? 1 : 0),
    sorted: int(1),
  }, 2);
  return [direct ? values! : e.cast(values!, x.dtype), e.cast(indices!, "int32")];
}

/** The rule of sort. */
export function translateSort(e: Emitter, step: TracedStepOf<"sort">): readonly string[] {
  const [x] = step.inputs as readonly [TracedValue];
  if (x.shape.length === 0) return [e.of(x), e.numbers([0], "int32")];
  return top(e, step, x.shape[step.attrs.dim as number]!);
}

/** The first elements of a sorted dimension, as one TopK; null for other steps. */
export function topOf(e: Emitter, { inputs, attrs }: TracedStepOf<"slice">): string | null {
  const [x] = inputs as readonly [TracedValue];
  const sort = x.origin;
  const fits = sort?.prim === "sort" && sort.attrs.dim === attrs.dim && sameSize(attrs.start, 0) &&
    sameSize(attrs.step, 1);
  return fits ? top(e, sort, attrs.length)[sort.outputs.indexOf(x)]! : null;
}

/** The rule of cumulative sums. */
export function translateCumsum(e: Emitter, step: TracedStepOf<"cumsum">): readonly string[] {
  const [x] = step.inputs as readonly [TracedValue];
  if (x.shape.length === 0) return [e.of(x)];
  const axis = e.numbers([step.attrs.dim as number], "int64");
  const wide = x.dtype.includes("float") || x.dtype === "int32" || x.dtype === "int64";
  const sums = e.node("CumSum", [wide ? e.of(x) : e.cast(e.of(x), "int32"), axis]);
  return [wide ? sums : e.cast(sums, x.dtype)];
}
