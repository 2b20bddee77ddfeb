/** Views, and writes to them. */
import type { ViewStep } from "@heddle/tensor/engine";
import type { Emitter } from "../emitter.ts";
import { int, ints } from "../graph.ts";
import { combine, type Merged, product, sameSize, sameSizes, type Size, Varying } from "../sizes.ts";
import type { TracedStepOf, TracedValue } from "../trace.ts";

type View = Merged<ViewStep>;
type AttrsOf<P extends ViewStep["prim"]> = Merged<Extract<ViewStep, { prim: P }>["attrs"]>;

/** The shape of a view. */
function shapeOf(shape: readonly Size[], { prim, attrs }: View): readonly Size[] {
  switch (prim) {
    case "reshape":
    case "expand":
      return attrs.shape;
    case "permute":
      return (attrs.dims as readonly number[]).map((d) => shape[d]!);
    case "slice":
      return shape.map((size, d) => d === attrs.dim ? attrs.length : size);
    case "select":
      return shape.filter((_, d) => d !== attrs.dim);
    case "flip":
      return shape;
    default:
      throw new Error(`exportOnnx: a write to a view by ${prim} is not exported; write to a clone() and copy it back`);
  }
}

/** A reshaped value: sizes that vary are copied from the input, or inferred, where that is possible. */
export function reshaped(e: Emitter, x: string, from: readonly Size[], to: readonly Size[]): string {
  if (sameSizes(from, to)) return x;
  if (!to.some((size) => size instanceof Varying)) return e.node("Reshape", [x, e.ints(to as readonly number[])]);
  const empty = to.includes(0);
  const copied = to.map((size, d): Size =>
    size instanceof Varying && d < from.length && sameSize(size, from[d]!) ? 0 : size
  );
  const left = copied.filter((size) => size instanceof Varying);
  if (!empty && left.length <= 1) {
    return e.node("Reshape", [x, e.ints(copied.map((size) => size instanceof Varying ? -1 : size))]);
  }
  if (!empty && to.filter((size) => size instanceof Varying && !e.expressible(size)).length === 1) {
    return e.node("Reshape", [x, e.sizes(to.map((size) => e.expressible(size) ? size : -1))]);
  }
  return e.node("Reshape", [x, e.sizes(to)], e.opset >= 14 && empty ? { allowzero: int(1) } : {});
}

/** A value with permuted dimensions. */
export function transposed(e: Emitter, x: string, dims: readonly number[]): string {
  return dims.every((d, i) => d === i) ? x : e.node("Transpose", [x], { perm: ints(dims) });
}

/** Elements `start` to `end` of a dimension in steps. */
export function sliced(e: Emitter, x: string, dim: number, start: Size, end: Size, step: Size = 1): string {
  return e.node("Slice", [x, e.sizes([start]), e.sizes([end]), e.ints([dim]), e.sizes([step])]);
}

/** The part of a dimension that a slice takes. Up to the end, no size has to be known. */
function slicedBy(
  e: Emitter,
  x: string,
  shape: readonly Size[],
  { dim, start, length, step }: AttrsOf<"slice">,
): string {
  const d = dim as number;
  const size = shape[d]!;
  if (sameSize(length, size) && sameSize(step, 1)) return x;
  const last = combine((start, length, step) => start + (length - 1) * step + 1, start, length, step);
  const toEnd = sameSize(last, size);
  // Counted from the end, where only the distance to it is known.
  const fromEnd = combine((start, size) => start - size, start, size);
  const begin = e.expressible(start) || fromEnd instanceof Varying ? start : fromEnd;
  const left = combine((last, size) => last - size, last, size);
  const end = toEnd ? 2 ** 31 - 1 : e.expressible(last) || left instanceof Varying ? last : left;
  return sliced(e, x, d, begin, end, step);
}

function diagonal(e: Emitter, x: string, shape: readonly Size[], { offset, dim1, dim2 }: AttrsOf<"diagonal">): string {
  const [a, b] = [dim1 as number, dim2 as number];
  const rest = shape.map((_, d) => d).filter((d) => d !== a && d !== b);
  const [rows, columns] = [shape[a]!, shape[b]!];
  const front = rest.map((d) => shape[d]!);
  const flat = reshaped(e, transposed(e, x, [...rest, a, b]), [...front, rows, columns], [
    ...front,
    product([rows, columns]),
  ]);
  const down = combine((offset) => Math.max(-offset, 0), offset);
  const right = combine((offset) => Math.max(offset, 0), offset);
  const length = combine(
    (rows, columns, down, right) => Math.max(Math.min(rows - down, columns - right), 0),
    rows,
    columns,
    down,
    right,
  );
  const start = combine((down, right, columns) => down * columns + right, down, right, columns);
  const step = combine((columns) => columns + 1, columns);
  const end = combine((start, length, step) => start + length * step, start, length, step);
  return sliced(e, flat, front.length, start, end, step);
}

/** Windows of a dimension as a new last dimension. */
function unfolded(e: Emitter, x: string, shape: readonly Size[], { dim, size, step }: AttrsOf<"unfold">): string {
  const count = combine(
    (length, size, step) => Math.floor((length - size) / step) + 1,
    shape[dim as number]!,
    size,
    step,
  );
  if (count instanceof Varying || size instanceof Varying || step instanceof Varying) {
    return e.refuse("the number of windows changes with the inputs' sizes; leave out the dynamic axis");
  }
  const places = Array.from({ length: count * size }, (_, i) => Math.floor(i / size) * step + i % size);
  const windows = e.node("Gather", [x, e.numbers(places, "int64", [count, size])], { axis: int(dim as number) });
  const dims = Array.from({ length: shape.length + 1 }, (_, d) => d);
  const d = dim as number;
  return transposed(e, windows, [...dims.filter((i) => i !== d + 1), d + 1]);
}

function flipped(e: Emitter, x: string, dims: readonly number[]): string {
  if (dims.length === 0) return x;
  const all = (value: number) => e.ints(dims.map(() => value));
  return e.node("Slice", [x, all(-1), all(-(2 ** 31)), e.ints(dims), all(-1)]);
}

/** A view of a value. */
function viewed(e: Emitter, x: string, shape: readonly Size[], view: View): string {
  switch (view.prim) {
    case "reshape":
      return reshaped(e, x, shape, view.attrs.shape);
    case "permute":
      return transposed(e, x, view.attrs.dims as readonly number[]);
    case "expand":
      return e.node("Expand", [x, e.sizes(view.attrs.shape)]);
    case "slice":
      return slicedBy(e, x, shape, view.attrs);
    case "select": {
      const { dim, index } = view.attrs;
      const size = shape[dim as number]!;
      const fromEnd = combine((index, size) => index - size, index, size);
      const at = e.expressible(index) || fromEnd instanceof Varying ? index : fromEnd;
      return e.node("Gather", [x, e.scalar(at, "int64")], { axis: int(dim as number) });
    }
    case "diagonal":
      return diagonal(e, x, shape, view.attrs);
    case "unfold":
      return unfolded(e, x, shape, view.attrs);
    case "flip":
      return flipped(e, x, view.attrs.dims as readonly number[]);
  }
}

/** The rule of views. */
export function translateView(e: Emitter, step: TracedStepOf<ViewStep["prim"]>): readonly string[] {
  const [input] = step.inputs as readonly [TracedValue];
  const view = { prim: step.prim, attrs: step.attrs } as View;
  return [viewed(e, e.of(input), input.shape, view)];
}

/** A value in which a part holds other values. */
export function withPart(
  e: Emitter,
  base: string,
  shape: readonly Size[],
  path: readonly View[],
  part: string,
): string {
  const [view, ...rest] = path;
  if (view === undefined) return part;
  const inner = rest.length === 0 ? part : withPart(e, viewed(e, base, shape, view), shapeOf(shape, view), rest, part);
  switch (view.prim) {
    case "reshape":
      return reshaped(e, inner, view.attrs.shape, shape);
    case "permute": {
      const dims = view.attrs.dims as readonly number[];
      return transposed(e, inner, dims.map((_, d) => dims.indexOf(d)));
    }
    case "flip":
      return flipped(e, inner, view.attrs.dims as readonly number[]);
    case "select": {
      const d = view.attrs.dim as number;
      const row = e.node("Unsqueeze", [inner, e.ints([d])]);
      return withSlice(e, base, shape, { dim: d, start: view.attrs.index, length: 1, step: 1 }, row);
    }
    case "slice":
      return withSlice(e, base, shape, view.attrs, inner);
    case "diagonal":
      return withDiagonal(e, base, shape, view.attrs, inner);
    default:
      return e.refuse(`a write to a view by ${view.prim} is not exported; write to a clone() and copy it back`);
  }
}

function withSlice(
  e: Emitter,
  base: string,
  shape: readonly Size[],
  { dim, start, length, step }: AttrsOf<"slice">,
  part: string,
): string {
  const d = dim as number;
  const size = shape[d]!;
  if (sameSize(length, size)) return part;
  if (!sameSize(step, 1)) {
    const last = combine((start, length, step) => start + length * step, start, length, step);
    const places = e.node("Range", [e.scalar(start, "int64"), e.scalar(last, "int64"), e.scalar(step, "int64")]);
    const front = [d, ...shape.map((_, i) => i).filter((i) => i !== d)];
    const back = front.map((_, i) => front.indexOf(i));
    const rows = e.node("Unsqueeze", [places, e.ints([1])]);
    const written = e.node("ScatterND", [transposed(e, base, front), rows, transposed(e, part, front)]);
    return transposed(e, written, back);
  }
  const end = combine((start, length) => start + length, start, length);
  const parts = [part];
  if (!sameSize(start, 0)) parts.unshift(sliced(e, base, d, 0, start));
  if (!sameSize(end, size)) parts.push(sliced(e, base, d, end, 2 ** 31 - 1));
  return e.node("Concat", parts, { axis: int(d) });
}

function withDiagonal(
  e: Emitter,
  base: string,
  shape: readonly Size[],
  { offset, dim1, dim2 }: AttrsOf<"diagonal">,
  part: string,
): string {
  const [a, b] = [dim1 as number, dim2 as number];
  const [rows, columns] = [shape[a]!, shape[b]!];
  if (
    rows instanceof Varying || columns instanceof Varying || offset instanceof Varying ||
    shape.some((s) => s instanceof Varying)
  ) {
    return e.refuse("a write to a diagonal of a size that changes is not exported; use where() with a mask");
  }
  const rest = shape.map((_, d) => d).filter((d) => d !== a && d !== b);
  const [down, right] = [Math.max(-offset, 0), Math.max(offset, 0)];
  const length = Math.max(Math.min(rows - down, columns - right), 0);
  const places = Array.from({ length }, (_, i) => [i + down, i + right]).flat();
  const front = [a, b, ...rest];
  const turned = transposed(e, part, [rest.length, ...rest.map((_, d) => d)]);
  const written = e.node("ScatterND", [transposed(e, base, front), e.numbers(places, "int64", [length, 2]), turned]);
  return transposed(e, written, front.map((_, i) => front.indexOf(i)));
}

/** The rule of writes to parts. */
export function translateWrite(e: Emitter, step: TracedStepOf<"write">): readonly string[] {
  const [base, part] = step.inputs as readonly [TracedValue, TracedValue];
  return [withPart(e, e.of(base), base.shape, step.attrs.path as readonly View[], e.of(part))];
}

/** The rule of concatenation. */
export function translateCat(e: Emitter, step: TracedStepOf<"cat">): readonly string[] {
  const { dtype } = step.outputs[0]!;
  const parts = (step.inputs as readonly TracedValue[]).map((x) =>
    x.dtype === dtype ? e.of(x) : e.cast(e.of(x), dtype)
  );
  return [parts.length === 1 ? parts[0]! : e.node("Concat", parts, { axis: int(step.attrs.dim as number) })];
}

/** The rule of views of constants: padding. */
export function translateEmbed(e: Emitter, step: TracedStepOf<"embed">): readonly string[] {
  const [input] = step.inputs as readonly [TracedValue];
  const { shape, value, view } = step.attrs;
  const [output] = step.outputs as readonly [TracedValue];
  const fill = e.scalar(value as number, input.dtype);
  if (view.prim === "slice" && sameSize(view.attrs.step, 1)) {
    const { dim, start, length } = view.attrs;
    const after = combine((size, start, length) => size - start - length, shape[dim as number]!, start, length);
    const pads = (amount: Size) => shape.map((_, d): Size => d === dim ? amount : 0);
    return [e.node("Pad", [e.of(input), e.sizes([...pads(start), ...pads(after)]), fill])];
  }
  const base = e.node("Expand", [fill, e.sizes(output.shape)]);
  return [withPart(e, base, shape, [view as View], e.of(input))];
}
