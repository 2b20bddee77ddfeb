/** Routines along one dimension: gather, scatter, sort, scans. */
import { type DType, isFloat } from "../../dtype.ts";
import type { Attrs, ScatterMode } from "../../prims/attrs.ts";
import { sizeOf } from "../../shape.ts";
import { type HostOperand, load, store, type Values, valuesOf } from "./host_operand.ts";

/** The number of elements before, along and after a dimension. */
function split(shape: readonly number[], dim: number): [outer: number, length: number, inner: number] {
  return [sizeOf(shape.slice(0, dim)), shape[dim] ?? 1, sizeOf(shape.slice(dim + 1))];
}

/** Visits every element of the index, with its position in the index and the position in the data that it refers to. */
function eachIndexed(
  operation: string,
  index: HostOperand,
  data: readonly number[],
  dim: number,
  visit: (at: number, position: number) => void,
): void {
  const { shape } = index;
  const values = load(index);
  const rank = shape.length;
  const strides = new Array<number>(rank);
  for (let d = rank - 1, step = 1; d >= 0; d--) {
    strides[d] = step;
    step *= data[d]!;
  }
  const counter = new Array<number>(rank).fill(0);
  const length = data[dim] ?? 1;
  for (let i = 0; i < values.length; i++) {
    const chosen = Number(values[i]);
    if (!(chosen >= 0 && chosen < length)) {
      throw new RangeError(
        `${operation}: index ${chosen} is out of range for dim ${dim} of size ${length}; expected 0 to ${length - 1}`,
      );
    }
    let position = 0;
    for (let d = 0; d < rank; d++) position += (d === dim ? chosen : counter[d]!) * strides[d]!;
    visit(i, position);
    for (let d = rank - 1; d >= 0; d--) {
      if (++counter[d]! < shape[d]!) break;
      counter[d] = 0;
    }
  }
}

/** `out[i][j] = x[index[i][j]][j]`. */
export function gather(
  [x, index]: readonly HostOperand[],
  [out]: readonly HostOperand[],
  { dim }: Attrs["gather"],
): void {
  const from = load(x!);
  const values = valuesOf(out!.dtype, sizeOf(out!.shape));
  eachIndexed("gather", index!, x!.shape, dim, (at, position) => values[at] = from[position]!);
  store(out!, values);
}

// Typed for numbers; bigints (int64) have the same operators.
const combine: { readonly [M in ScatterMode]: (old: number, value: number) => number } = {
  set: (_, value) => value,
  sum: (old, value) => old + value,
  prod: (old, value) => old * value,
  amax: (old, value) => value > old || value !== value ? value : old,
  amin: (old, value) => value < old || value !== value ? value : old,
};

/** `out = x`, then `out[index[i][j]][j] = combine(out[…], source[i][j])` in row-major order. */
export function scatter(
  [x, index, source]: readonly HostOperand[],
  [out]: readonly HostOperand[],
  { dim, mode }: Attrs["scatter"],
): void {
  const values = load(x!).slice() as Values;
  const from = load(source!);
  // The source may be larger than the index, and so has its own strides.
  const strides = new Array<number>(source!.shape.length);
  for (let d = strides.length - 1, step = 1; d >= 0; d--) {
    strides[d] = step;
    step *= source!.shape[d]!;
  }
  const counter = new Array<number>(strides.length).fill(0);
  const apply = combine[mode];
  const bool = out!.dtype === "bool";
  eachIndexed("scatter", index!, x!.shape, dim, (_, position) => {
    let at = 0;
    for (let d = 0; d < counter.length; d++) at += counter[d]! * strides[d]!;
    const value = apply(values[position]!, from[at]!);
    values[position] = bool ? Number(value !== 0) : value;
    for (let d = counter.length - 1; d >= 0; d--) {
      if (++counter[d]! < index!.shape[d]!) break;
      counter[d] = 0;
    }
  });
  store(out!, values);
}

/** Stable sort along a dimension; NaN counts as the largest value. */
export function sort(
  [x]: readonly HostOperand[],
  [sorted, order]: readonly HostOperand[],
  { dim, descending }: Attrs["sort"],
): void {
  const [outer, length, inner] = split(x!.shape, dim);
  const values = load(x!);
  const result = valuesOf(x!.dtype, values.length);
  const indices = new Int32Array(values.length);
  const sign = descending ? -1 : 1;
  const lane = Array.from({ length }, (_, i) => i);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const start = o * length * inner + i;
      const compare = (a: number, b: number): number => {
        const [p, q] = [values[start + a * inner]!, values[start + b * inner]!];
        if (p < q) return -sign;
        if (p > q) return sign;
        return p === q ? 0 : sign * (Number(p !== p) - Number(q !== q));
      };
      const ranked = [...lane].sort(compare);
      for (let k = 0; k < length; k++) {
        result[start + k * inner] = values[start + ranked[k]! * inner]!;
        indices[start + k * inner] = ranked[k]!;
      }
    }
  }
  store(sorted!, result);
  store(order!, indices);
}

/** Integers wrap at every step: the next step uses the stored value. */
function scan(
  [x]: readonly HostOperand[],
  [out]: readonly HostOperand[],
  dim: number,
  step: (sum: number, value: number) => number,
): void {
  const whole = isWhole(out!.dtype);
  const [outer, length, inner] = split(x!.shape, dim);
  const values = load(x!);
  const result = valuesOf(out!.dtype, values.length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let at = o * length * inner + i;
      let sum = values[at]!;
      for (let k = 0; k < length; k++, at += inner) {
        if (k > 0) sum = step(sum, values[at]!);
        result[at] = sum;
        if (whole) sum = result[at]!;
      }
    }
  }
  store(out!, result);
}

const isWhole = (dtype: DType): boolean => !isFloat(dtype);

/** Running sums. */
export function cumsum(
  inputs: readonly HostOperand[],
  outputs: readonly HostOperand[],
  { dim }: Attrs["cumsum"],
): void {
  scan(inputs, outputs, dim, (sum, value) => sum + value);
}

/** Running products. */
export function cumprod(
  inputs: readonly HostOperand[],
  outputs: readonly HostOperand[],
  { dim }: Attrs["cumprod"],
): void {
  const { dtype } = outputs[0]!;
  scan(inputs, outputs, dim, isWhole(dtype) && dtype !== "int64" ? Math.imul : (product, value) => product * value);
}
