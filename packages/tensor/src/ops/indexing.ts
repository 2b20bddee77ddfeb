/** Reading and writing by indices, masks and index tensors. */
import { apply, applyInPlace, overwrite } from "../engine/apply.ts";
import { checkOption, checkOptions } from "../options.ts";
import { checkNumber, checkNumbers, checkOperands, checkScalar, checkTensor, wrongValue } from "../engine/checks.ts";
import { isInteger, type Scalar } from "../dtype.ts";
import { constant } from "../engine/fill.ts";
import { isHalf } from "../engine/upcast.ts";
import { readsAtOnce } from "../engine/recorder.ts";
import { flatRows, type Index, lookup, resolveIndices } from "./index_resolution.ts";
import { arange, fromTypedArray, zeros } from "./creation.ts";
import { broadcastShapes, normalizeDim, normalizeDims, sameShape, showShape } from "../shape.ts";
import { elementValue } from "../scalar.ts";
import { isTensor, type Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** How `indexReduce` combines values that meet at one index. */
export type IndexReduction = "prod" | "mean" | "amax" | "amin";

export function at(x: Tensor, indices: readonly Index[]): Tensor {
  const indexed = resolveIndices("at", x, indices);
  if (indexed.advanced.length === 0) return indexed.view;
  const found = lookup("at", indexed);
  const result = flatRows(found).indexSelect(0, found.rows).reshape([...found.shape, ...found.rest]);
  if (found.place === 0) return result;
  const dims = found.shape.map((_, d) => d);
  return dims.length === 0 ? result : result.movedim(dims, dims.map((d) => d + found.place));
}

export function indexPut_(
  x: Tensor,
  indices: readonly Index[],
  value: Operand,
  options: { readonly accumulate?: boolean } = {},
): Tensor {
  checkOptions("indexPut_", options, ["accumulate"]);
  return written("indexPut_", x, indices, value, options);
}

function written(
  operation: string,
  x: Tensor,
  indices: readonly Index[],
  value: Operand,
  options: { readonly accumulate?: boolean },
): Tensor {
  if (!Array.isArray(indices)) throw wrongValue(operation, "an array of indices", indices);
  const { accumulate = false } = options;
  const indexed = resolveIndices(operation, x, indices);
  const source = isTensor(value) ? value : constant(operation, value, x.dtype, x.device);
  if (source.dtype !== x.dtype) {
    throw new TypeError(
      `${operation}: the value is ${source.dtype}, the tensor ${x.dtype}; cast the value with .to("${x.dtype}")`,
    );
  }
  if (indexed.advanced.length === 0) {
    if (accumulate) indexed.view.add_(source);
    else indexed.view.copy_(source);
    return x;
  }
  const found = lookup(operation, indexed);
  const { place, shape, rest } = found;
  let spread = source.expand([...rest.slice(0, place), ...shape, ...rest.slice(place)]);
  if (place > 0 && shape.length > 0) spread = spread.movedim(shape.map((_, d) => d + place), shape.map((_, d) => d));
  const flat = flatRows(found);
  const rows = rowIndex(found.rows, 0, [found.rows.numel, ...rest]);
  const result = apply("scatter", [flat, rows, spread.reshape([found.rows.numel, ...rest])], {
    dim: 0,
    mode: accumulate ? "sum" : "set",
  });
  found.front.copy_(result.reshape(found.front.shape));
  return x;
}

export function indexPut(
  x: Tensor,
  indices: readonly Index[],
  value: Operand,
  options: { readonly accumulate?: boolean } = {},
): Tensor {
  checkOptions("indexPut", options, ["accumulate"]);
  return written("indexPut", x.clone(), indices, value, options);
}

export function put(
  x: Tensor,
  index: Tensor,
  source: Tensor,
  options: { readonly accumulate?: boolean } = {},
): Tensor {
  checkOptions("put", options, ["accumulate"]);
  checkTensor("put", index, "the index");
  checkTensor("put", source, "the source");
  if (index.numel !== source.numel) {
    throw new RangeError(`put: ${source.numel} elements for ${index.numel} indices; give one each`);
  }
  return x.reshape(-1).indexPut([index.reshape(-1)], source.reshape(-1), options).reshape(x.shape);
}

export function put_(
  x: Tensor,
  index: Tensor,
  source: Tensor,
  options: { readonly accumulate?: boolean } = {},
): Tensor {
  checkOptions("put_", options, ["accumulate"]);
  return overwrite("put_", x, [source], (x) => x.put(index, source, options));
}

export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  const d = checkIndex("gather", x, dim, index);
  return apply("gather", [x, index], { dim: d });
}

export function takeAlongDim(x: Tensor, index: Tensor, dim?: number): Tensor {
  checkTensor("takeAlongDim", index, "the index");
  if (dim === undefined) return x.reshape(-1).gather(0, index.reshape(-1));
  if (index.ndim !== x.ndim) {
    throw new RangeError(
      `takeAlongDim: the index of shape ${showShape(index.shape)} must have as many dimensions as the tensor of shape ${
        showShape(x.shape)
      }`,
    );
  }
  const d = normalizeDim("takeAlongDim", dim, x.ndim);
  const rest = (shape: readonly number[]) => shape.map((size, i) => i === d ? 1 : size);
  const shape = broadcastShapes("takeAlongDim", rest(x.shape), rest(index.shape));
  const along = (size: number) => shape.map((n, i) => i === d ? size : n);
  if (x.ndim === 0) return x.gather(0, index);
  return x.expand(along(x.shape[d]!)).gather(d, index.expand(along(index.shape[d]!)));
}

export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  const d = normalizeDim("indexSelect", dim, x.ndim);
  checkVector("indexSelect", index);
  if (x.ndim === 0) return x.reshape(1).gather(0, index.reshape(-1)).reshape([]);
  const shape = x.shape.map((size, i) => i === d ? index.numel : size);
  return apply("gather", [x, rowIndex(index, d, shape)], { dim: d }, "indexSelect");
}

export function indexAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  options: { readonly alpha?: Scalar } = {},
): Tensor {
  checkOptions("indexAdd", options, ["alpha"]);
  return added("indexAdd", x.clone(), dim, index, source, options.alpha);
}

export function indexAdd_(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  options: { readonly alpha?: Scalar } = {},
): Tensor {
  checkOptions("indexAdd_", options, ["alpha"]);
  return added("indexAdd_", x, dim, index, source, options.alpha);
}

function added(operation: string, x: Tensor, dim: number, index: Tensor, source: Tensor, alpha: Scalar = 1): Tensor {
  checkScalar(operation, alpha);
  const d = normalizeDim(operation, dim, x.ndim);
  checkSlices(operation, x, d, index, source);
  const rows = rowIndex(index, d, source.shape);
  if (alpha === 1) return x.scatterAdd_(d, rows, source);
  if (isInteger(x.dtype) && !Number.isInteger(Number(alpha))) {
    throw new TypeError(`${operation}: alpha is ${alpha}, the tensor ${x.dtype}; integers take a whole number`);
  }
  if (!isHalf(x)) {
    const factor = isInteger(x.dtype) ? elementValue(alpha, x.dtype) : alpha;
    return x.scatterAdd_(d, rows, source.mul(factor).to(x.dtype));
  }
  return overwrite(operation, x, [source], (x) => x.float().scatterAdd(d, rows, source.float().mul(alpha)));
}

export function indexCopy_(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  return copied("indexCopy_", x, dim, index, source);
}

function copied(operation: string, x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  const d = normalizeDim(operation, dim, x.ndim);
  checkSlices(operation, x, d, index, source);
  return x.scatter_(d, rowIndex(index, d, source.shape), source);
}

export function indexCopy(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  return copied("indexCopy", x.clone(), dim, index, source);
}

export function indexFill(x: Tensor, dim: number, index: Tensor, value: Operand): Tensor {
  return filled("indexFill", x.clone(), dim, index, value);
}

export function indexFill_(x: Tensor, dim: number, index: Tensor, value: Operand): Tensor {
  return filled("indexFill_", x, dim, index, value);
}

function filled(operation: string, x: Tensor, dim: number, index: Tensor, value: Operand): Tensor {
  const d = normalizeDim(operation, dim, x.ndim);
  checkOperands(operation, [value]);
  checkVector(operation, index);
  if (isTensor(value) && value.ndim > 0) {
    throw new RangeError(`${operation}: the value has shape ${showShape(value.shape)}; it must have no dimensions`);
  }
  if (isTensor(value)) {
    // By a mask, so that an index that is repeated counts once in the value's gradient.
    const mask = zeros([x.shape[d] ?? 1], { dtype: "bool", device: x.device }).indexFill_(0, index, true);
    return x.maskedFill_(mask.reshape(x.shape.map((_, i) => i === d ? -1 : 1)), value);
  }
  return x.scatter_(d, rowIndex(index, d, x.shape.map((size, i) => i === d ? index.numel : size)), value);
}

export function indexReduce(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: IndexReduction,
  options: { readonly includeSelf?: boolean } = {},
): Tensor {
  checkOptions("indexReduce", options, ["includeSelf"]);
  const d = normalizeDim("indexReduce", dim, x.ndim);
  checkIndexReduction("indexReduce", x, d, index, source, reduce);
  return x.scatter(d, rowIndex(index, d, source.shape), source, { reduce, ...options });
}

export function indexReduce_(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: IndexReduction,
  options: { readonly includeSelf?: boolean } = {},
): Tensor {
  checkOptions("indexReduce_", options, ["includeSelf"]);
  const d = normalizeDim("indexReduce_", dim, x.ndim);
  checkIndexReduction("indexReduce_", x, d, index, source, reduce);
  return x.scatter_(d, rowIndex(index, d, source.shape), source, { reduce, ...options });
}

export function maskedFill(x: Tensor, mask: Tensor, value: Operand): Tensor {
  checkMask("maskedFill", mask);
  return apply("where", [mask, typed("maskedFill", value, x), x], {}, "maskedFill");
}

export function maskedFill_(x: Tensor, mask: Tensor, value: Operand): Tensor {
  checkMask("maskedFill_", mask);
  return applyInPlace(x, "where", [mask, typed("maskedFill_", value, x), x], {}, "maskedFill_");
}

/** Takes the source's elements in order, one for each place where the mask is true. */
export function maskedScatter(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  checkMask("maskedScatter", mask);
  checkTensor("maskedScatter", source, "the source");
  if (source.dtype !== x.dtype) {
    throw new TypeError(
      `maskedScatter: the source is ${source.dtype}, the tensor ${x.dtype}; cast the source with .to("${x.dtype}")`,
    );
  }
  const shape = broadcastShapes("maskedScatter", x.shape, mask.shape);
  const flags = mask.expand(shape).reshape(-1);
  if (readsAtOnce(mask)) {
    const wanted = flags.sum().item();
    if (Number(wanted) > source.numel) {
      throw new RangeError(`maskedScatter: ${wanted} places are true, but the source has ${source.numel} elements`);
    }
  }
  if (source.numel === 0 || flags.numel === 0) return x.expand(shape).clone();
  const place = flags.cumsum(0).sub(1).clamp({ min: 0, max: source.numel - 1 });
  const spread = source.reshape(-1).gather(0, place).reshape(shape);
  return apply("where", [mask, spread, x], {}, "maskedScatter");
}

export function maskedScatter_(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  return overwrite("maskedScatter_", x, [source], (x) => x.maskedScatter(mask, source));
}

export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  checkMask("maskedSelect", mask);
  const shape = apply("where", [mask, x.detach(), x.detach()], {}).shape;
  return x.expand(shape).at(mask.expand(shape));
}

export function take(x: Tensor, index: Tensor): Tensor {
  checkTensor("take", index, "the index");
  return x.reshape(-1).at(index);
}

export function nonzero(x: Tensor): Tensor {
  const flags = x.to("bool").toTypedArray("bool");
  const found: number[] = [];
  for (let i = 0; i < flags.length; i++) if (flags[i] !== 0) found.push(i);
  const result = new Int32Array(found.length * x.ndim);
  for (let row = 0; row < found.length; row++) {
    let rest = found[row]!;
    for (let d = x.ndim - 1; d >= 0; d--) {
      const index = rest % x.shape[d]!;
      result[row * x.ndim + d] = index;
      rest = (rest - index) / x.shape[d]!;
    }
  }
  return fromTypedArray(result, [found.length, x.ndim], { device: x.device });
}

export function tril(x: Tensor, k = 0): Tensor {
  return triangle("tril", x, k, "le");
}

export function tril_(x: Tensor, k = 0): Tensor {
  return overwrite("tril_", x, [], (x) => triangle("tril_", x, k, "le"));
}

export function triu(x: Tensor, k = 0): Tensor {
  return triangle("triu", x, k, "ge");
}

export function triu_(x: Tensor, k = 0): Tensor {
  return overwrite("triu_", x, [], (x) => triangle("triu_", x, k, "ge"));
}

export function repeat(x: Tensor, times: readonly (number | readonly number[])[]): Tensor {
  const counts = (times.length === 1 && typeof times[0] !== "number" ? times[0] : times) as readonly number[];
  checkNumbers("repeat", "the counts", counts);
  const lead = counts.length - x.ndim;
  if (lead < 0 || counts.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new RangeError(
      `repeat: [${counts.join(", ")}] does not fit shape ${
        showShape(x.shape)
      }; give one count ≥ 0 for each of its ${x.ndim} dims, or more`,
    );
  }
  const sizes = counts.map((_, d) => d < lead ? 1 : x.shape[d - lead]!);
  const doubled = x.reshape(sizes.flatMap((size) => [1, size]));
  const expanded = doubled.expand(sizes.flatMap((size, d) => [counts[d]!, size]));
  return apply("cast", [expanded], { dtype: x.dtype }, "repeat").reshape(sizes.map((size, d) => size * counts[d]!));
}

export function tile(x: Tensor, times: readonly (number | readonly number[])[]): Tensor {
  const counts = (times.length === 1 && typeof times[0] !== "number" ? times[0] : times) as readonly number[];
  checkNumbers("tile", "the counts", counts);
  return x.repeat([...Array<number>(Math.max(x.ndim - counts.length, 0)).fill(1), ...counts]);
}

export function roll(x: Tensor, shifts: number | readonly number[], dims?: number | readonly number[]): Tensor {
  checkNumbers("roll", "shifts", shifts);
  if (dims === undefined) return x.reshape(-1).roll(shifts, 0).reshape(x.shape);
  const by = typeof shifts === "number" ? [shifts] : shifts;
  const along = normalizeDims("roll", dims, x.ndim);
  if (by.length !== along.length) {
    throw new RangeError(`roll: ${by.length} shifts but ${along.length} dims; give as many of each`);
  }
  const result = along.reduce<Tensor>((x, d, i) => {
    const size = x.shape[d]!;
    const shift = size === 0 ? 0 : ((by[i]! % size) + size) % size;
    return shift === 0 ? x : apply("cat", [x.narrow(d, size - shift, shift), x.narrow(d, 0, size - shift)], { dim: d });
  }, x);
  return result === x ? x.clone() : result;
}

/** A 1-dimensional index along `dim`, expanded (without a copy) to the shape that `gather` takes. */
function rowIndex(index: Tensor, dim: number, shape: readonly number[]): Tensor {
  return index.reshape(shape.map((_, d) => d === dim ? index.numel : 1)).expand(
    shape.map((size, d) => d === dim ? index.numel : size),
  );
}

function checkVector(operation: string, index: Tensor): void {
  checkTensor(operation, index, "the index");
  if (index.ndim > 1 || !index.dtype.startsWith("int")) {
    throw new TypeError(
      `${operation}: the index must be a 1-dimensional int32 or int64 tensor, got ${index.dtype} of shape ${
        showShape(index.shape)
      }`,
    );
  }
}

/** Checks that a source has one slice along a dimension for each index. */
function checkSlices(operation: string, x: Tensor, dim: number, index: Tensor, source: Tensor): void {
  checkVector(operation, index);
  checkTensor(operation, source, "the source");
  if (source.dtype !== x.dtype) {
    throw new TypeError(
      `${operation}: the source is ${source.dtype}, the tensor ${x.dtype}; cast the source with .to("${x.dtype}")`,
    );
  }
  const wanted = x.shape.map((size, d) => d === dim ? index.numel : size);
  if (!sameShape(wanted, source.shape)) {
    throw new RangeError(
      `${operation}: the source has shape ${
        showShape(source.shape)
      }; with ${index.numel} indices along dim ${dim} of shape ${showShape(x.shape)} it must be ${showShape(wanted)}`,
    );
  }
}

/** @throws TypeError or RangeError for a reduction that is none, or a source that does not fit. */
function checkIndexReduction(
  operation: string,
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: IndexReduction,
): void {
  checkOption(operation, "reduce", reduce, ["prod", "mean", "amax", "amin"]);
  checkSlices(operation, x, dim, index, source);
}

export function checkIndex(operation: string, x: Tensor, dim: number, index: Tensor): number {
  const d = normalizeDim(operation, dim, x.ndim);
  checkTensor(operation, index, "the index");
  if (!index.dtype.startsWith("int")) {
    throw new TypeError(`${operation}: the index must be int32 or int64, got ${index.dtype}; cast with .to("int32")`);
  }
  if (Math.max(index.ndim, 1) !== Math.max(x.ndim, 1)) {
    throw new RangeError(
      `${operation}: the index of shape ${showShape(index.shape)} must have as many dimensions as the tensor of shape ${
        showShape(x.shape)
      }`,
    );
  }
  index.shape.forEach((size, i) => {
    if (i !== d && index.numel > 0 && size > (x.shape[i] ?? 1)) {
      throw new RangeError(
        `${operation}: the index of shape ${showShape(index.shape)} is larger than the tensor of shape ${
          showShape(x.shape)
        } in dim ${i}`,
      );
    }
  });
  return d;
}

function checkMask(operation: string, mask: Tensor): void {
  checkTensor(operation, mask, "the mask");
  if (mask.dtype !== "bool") {
    throw new TypeError(`${operation}: the mask must be bool, got ${mask.dtype}; compare, or cast with .to("bool")`);
  }
}

/** A fill value in the tensor's dtype, so that it does not promote. */
function typed(operation: string, value: Operand, x: Tensor): Operand {
  return isTensor(value) ? value.to(x.dtype) : constant(operation, value, x.dtype, x.device);
}

function triangle(operation: string, x: Tensor, k: number, side: "le" | "ge"): Tensor {
  checkNumber(operation, "k", k);
  if (x.ndim < 2) throw new RangeError(`${operation}: needs at least 2 dimensions, got shape ${showShape(x.shape)}`);
  if (!Number.isInteger(k)) throw new RangeError(`${operation}: the diagonal ${k} is not an integer`);
  if (x.numel === 0) return x.clone();
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const options = { dtype: "int32", device: x.device } as const;
  const diagonal = Math.min(Math.max(k, -rows), columns);
  const from = arange(diagonal, diagonal + rows, 1, options).unsqueeze(1);
  return apply("where", [apply(side, [arange(columns, options), from], {}), x, typed(operation, 0, x)], {}, operation);
}
