/** Resolves the index arguments of `at` and `indexPut_` to views and index tensors. */
import { isTensor } from "../tensor/core.ts";
import { apply } from "../engine/apply.ts";
import { isFloat } from "../dtype.ts";
import { fused } from "../engine/fuse.ts";
import { broadcastShapes, sameShape, showShape, sizeOf } from "../shape.ts";
import { type Symbolic, whereSymbolic } from "../engine/symbolic.ts";
import { readsAtOnce } from "../engine/recorder.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A slice in Python's syntax, `start:stop:step`. Parts may be omitted; negative ones count from the end. */
export type SliceString =
  | `${number | ""}:${number | ""}`
  | `${number | ""}:${number | ""}:${number | ""}`;

/** An index of one dimension (a mask: of several). Null adds a dimension; "..." stands for all dimensions without an index. */
export type Index = number | SliceString | "..." | null | Tensor;

/** A parsed slice. */
interface Slice {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number;
}

const parsed: Map<string, Slice> = new Map();

function parseSlice(text: string): Slice {
  const known = parsed.get(text);
  if (known) return known;
  const parts = text.split(":");
  const value = (part: string | undefined): number | null =>
    part === undefined || part.trim() === "" ? null : Number(part);
  const [start, stop, step] = [value(parts[0]), value(parts[1]), value(parts[2]) ?? 1];
  if (parts.length < 2 || parts.length > 3 || [start, stop, step].some((n) => n !== null && !Number.isInteger(n))) {
    throw new TypeError(
      `at: "${text}" is not an index; write an integer, "start:stop", "start:stop:step", ":" or "..."`,
    );
  }
  if (step < 1) {
    throw new RangeError(
      `at: step ${step} in "${text}" is not positive; tensors have no negative strides: use flip(dim) and a positive step`,
    );
  }
  const slice = { start, stop, step };
  if (parsed.size > 1000) parsed.clear(); // for programs that slice with computed bounds
  parsed.set(text, slice);
  return slice;
}

/** An index tensor and the dimension of the view that it indexes. */
interface Advanced {
  readonly dim: number;
  readonly index: Tensor;
}

/** The view after integers, slices, `null` and "..." were applied, and the index tensors that remain. */
export interface Indexed {
  readonly view: Tensor;
  readonly advanced: readonly Advanced[];
}

/** The positions where a bool tensor is true: one int32 tensor per dimension. */
function maskIndices(operation: string, mask: Tensor, shape: readonly number[], dim: number): Tensor[] {
  if (!sameShape(mask.shape, shape.slice(dim, dim + mask.ndim))) {
    throw new RangeError(
      `${operation}: a mask of shape ${showShape(mask.shape)} does not fit dims ${dim} to ${
        dim + mask.ndim - 1
      } of shape ${showShape(shape)}; ` +
        `their sizes must be equal`,
    );
  }
  return mask.nonzero().unbind(1);
}

/**
 * Applies integers, slices, `null` and "..." as views, and collects the index tensors.
 *
 * @throws RangeError for too many indices, an index out of range, or a mask of another shape.
 */
export function resolveIndices(operation: string, x: Tensor, indices: readonly Index[]): Indexed {
  const consumed = indices.reduce<number>(
    (n, index) =>
      n + (index === null || index === "..." ? 0 : isTensor(index) && index.dtype === "bool" ? index.ndim : 1),
    0,
  );
  if (consumed > x.ndim) {
    throw new RangeError(
      `${operation}: ${consumed} indices for a tensor of ${x.ndim} dimensions (shape ${
        showShape(x.shape)
      }); leave some out`,
    );
  }
  if (indices.filter((index) => index === "...").length > 1) {
    throw new RangeError(`${operation}: "..." can occur only once`);
  }
  let view = x;
  let dim = 0;
  const advanced: Advanced[] = [];
  for (const index of indices) {
    if (index === null) view = view.unsqueeze(dim++);
    else if (index === "...") dim += x.ndim - consumed;
    else if (typeof index === "number") view = view.select(dim, index);
    else if (typeof index === "string") view = sliced(view, dim++, parseSlice(index));
    else if (!isTensor(index)) {
      const shown = Array.isArray(index) ? `the array [${index as unknown}]` : String(index);
      const remedy = Array.isArray(index) ? "; tensor(…) makes an index of it" : "";
      throw new TypeError(
        `${operation}: ${shown} is not an index; use integers, slices such as "1:3", null, "...", or tensors${remedy}`,
      );
    } else if (index.dtype === "bool") {
      // A 0-dimensional mask selects everything or nothing: it is an index into a new dimension of size 1.
      if (index.ndim === 0) view = view.unsqueeze(dim);
      const mask = index.ndim === 0 ? index.reshape(1) : index;
      for (const part of maskIndices(operation, mask, view.shape, dim)) advanced.push({ dim: dim++, index: part });
    } else if (isFloat(index.dtype)) {
      throw new TypeError(
        `${operation}: an index tensor must be an integer or bool tensor, got ${index.dtype}; cast with .to("int32")`,
      );
    } else advanced.push({ dim: dim++, index });
  }
  return { view, advanced };
}

function sliced(x: Tensor, dim: number, { start, stop, step }: Slice): Tensor {
  const size = x.shape[dim]!;
  const clip = (n: number): number => Math.min(Math.max(n < 0 ? n + size : n, 0), size);
  const from = clip(start ?? 0);
  const to = clip(stop ?? size);
  if (from === 0 && to === size && step === 1) return x;
  return apply("slice", [x], { dim, start: from, length: Math.max(Math.ceil((to - from) / step), 0), step });
}

/** The indexed elements, as rows of the view in the shape `[positions, …rest]`. */
export interface Lookup {
  /** The view with the indexed dimensions in front. */
  readonly front: Tensor;
  /** The row of each element among the flattened indexed dimensions (int32). */
  readonly rows: Tensor;
  /** The shape to which the index tensors broadcast. */
  readonly shape: readonly number[];
  /** The sizes of the other dimensions in `front`. */
  readonly rest: readonly number[];
  /** The position of the indexed dimensions in the result. */
  readonly place: number;
}

const wrap = (index: Symbolic, size: Symbolic): Symbolic => whereSymbolic(index.lt(0), index.add(size), index);
const orNone = (index: Symbolic, size: Symbolic): Symbolic =>
  whereSymbolic(index.lt(0).apply("logicalOr", index.ge(size)), -1, index);

/**
 * Row numbers of the first index: negative indices count from the end. On devices that cannot check indices, those out of range
 * become −1.
 */
const firstRows = fused("lookup", wrap);
const firstRowsOrNone = fused("lookup", (index, size) => orNone(wrap(index, size), size));

/** Row numbers after one further dimension. */
const nextRows = fused("lookup", (rows, index, size) => rows.mul(size).add(wrap(index, size)));
const nextRowsOrNone = fused("lookup", (rows, index, size) => {
  const own = orNone(wrap(index, size), size);
  return whereSymbolic(rows.minimum(own).lt(0), -1, rows.mul(size).add(own));
});

/** Combines the index tensors into one row number per element. */
export function lookup(operation: string, { view, advanced }: Indexed): Lookup {
  const dims = advanced.map(({ dim }) => dim);
  const shape = broadcastShapes(operation, ...advanced.map(({ index }) => index.shape));
  const others = view.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const front = view.permute([...dims, ...others]);
  let rows: Tensor | null = null;
  for (const { dim, index } of advanced) {
    const size = view.shape[dim]!;
    checkRange(operation, index, dim, size);
    const whole = index.to("int32");
    // An index that is out of range in its dimension may, with others, give an existing row.
    const checks = advanced.length > 1 && !readsAtOnce(index);
    rows = rows === null
      ? (checks ? firstRowsOrNone : firstRows)([whole, size])
      : (checks ? nextRowsOrNone : nextRows)([rows, whole, size]);
  }
  // Adjacent indices keep their position; separated ones move to the front (the rule of NumPy and PyTorch).
  const together = dims.every((dim, i) => i === 0 || dim === dims[i - 1]! + 1);
  return {
    front,
    rows: rows!.expand(shape).reshape(-1),
    shape,
    rest: others.map((d) => view.shape[d]!),
    place: together ? dims[0]! : 0,
  };
}

function checkRange(operation: string, index: Tensor, dim: number, size: number): void {
  if (!readsAtOnce(index) || index.numel === 0) return;
  for (const value of index.toTypedArray()) {
    if (value < -size || value >= size) {
      throw new RangeError(
        `${operation}: index ${value} is out of range for dim ${dim} of size ${size}; expected ${-size} to ${size - 1}`,
      );
    }
  }
}

/** The view's elements as a matrix of rows, `[positions, …rest]`. */
export function flatRows(found: Lookup): Tensor {
  const count = sizeOf(found.front.shape.slice(0, found.front.ndim - found.rest.length));
  return found.front.reshape([count, ...found.rest]);
}
