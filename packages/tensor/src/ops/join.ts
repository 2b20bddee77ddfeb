/** Concatenation, selection by condition, and padding. */
import { apply } from "../engine/apply.ts";
import { checkOperands, checkScalar, checkTensor, checkTensors } from "../engine/checks.ts";
import { hasHalfGradient, inFloat32 } from "../engine/upcast.ts";
import { constant } from "../engine/fill.ts";
import { activeRecorder } from "../engine/recorder.ts";
import { checkOption, checkOptions } from "../options.ts";
import { checkWritten } from "../scalar.ts";
import { normalizeDim, sameShape, showShape } from "../shape.ts";
import { isTensor, type Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Scalar } from "../dtype.ts";
import { zeros } from "./creation.ts";

/**
 * Concatenates tensors along an existing dimension.
 *
 * @throws RangeError without tensors, or if another dimension differs in size.
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  checkTensors("cat", tensors);
  // An empty vector can be concatenated with anything, as in PyTorch.
  const parts = tensors.filter((x) => !(x.ndim === 1 && x.numel === 0));
  const first = parts[0] ?? tensors[0]!;
  if (first.ndim === 0) throw new RangeError("cat: 0-dimensional tensors cannot be joined; use stack");
  const d = normalizeDim("cat", dim, first.ndim);
  for (const x of parts) {
    const differs = x.ndim !== first.ndim ? -1 : x.shape.findIndex((size, i) => i !== d && size !== first.shape[i]);
    if (x.ndim !== first.ndim || differs >= 0) {
      throw new RangeError(
        `cat: shapes ${showShape(first.shape)} and ${showShape(x.shape)} do not join along dim ${dim}: ` +
          (x.ndim !== first.ndim ? "they differ in rank" : `dim ${differs} differs`) +
          "; all sizes but that of the joined dim must be equal",
      );
    }
  }
  return apply("cat", parts.length === 0 ? [first] : parts, { dim: d });
}

/** Stacks tensors of equal shape along a new dimension. @throws RangeError if shapes differ. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  checkTensors("stack", tensors);
  const { shape } = tensors[0]!;
  for (const x of tensors) {
    if (!sameShape(x.shape, shape)) {
      throw new RangeError(`stack: shapes ${showShape(shape)} and ${showShape(x.shape)} differ; all must be equal`);
    }
  }
  const d = normalizeDim("stack", dim, shape.length + 1);
  return apply("cat", tensors.map((x) => x.unsqueeze(d)), { dim: d }, "stack");
}

/**
 * `a` where the condition is true, else `b`. All three broadcast.
 *
 * @throws TypeError if the condition is not bool.
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  checkTensor("where", condition, "the condition");
  checkOperands("where", [a, b]);
  if (condition.dtype !== "bool") {
    throw new TypeError(`where: the condition must be bool, got ${condition.dtype}; compare, or cast with .to("bool")`);
  }
  if (!isTensor(a) && !isTensor(b)) {
    const dtype = typeof a === "boolean" && typeof b === "boolean"
      ? "bool"
      : typeof a === "bigint" && typeof b === "bigint"
      ? "int64"
      : "float32";
    return apply("where", [
      condition,
      constant("where", a, dtype, condition.device),
      constant("where", b, dtype, condition.device),
    ], {});
  }
  return apply("where", [condition, a, b], {});
}

/**
 * Expands vectors to a common grid: one tensor per vector, each with all their sizes. "ij" keeps the order of dims, "xy" swaps
 * the first two.
 */
export function meshgrid(tensors: readonly Tensor[], options: { readonly indexing?: "ij" | "xy" } = {}): Tensor[] {
  checkOptions("meshgrid", options, ["indexing"]);
  if (!Array.isArray(tensors) || tensors.length > 0) checkTensors("meshgrid", tensors);
  const { indexing = "ij" } = options;
  checkOption("meshgrid", "indexing", indexing, ["ij", "xy"]);
  const swap = indexing === "xy" && tensors.length > 1;
  const vectors = tensors.map((x) => {
    if (x.ndim > 1) throw new RangeError(`meshgrid: expected vectors, got shape ${showShape(x.shape)}`);
    return x.reshape(-1);
  });
  const order = vectors.map((_, i) => swap && i < 2 ? 1 - i : i);
  const shape = order.map((i) => vectors[i]!.numel);
  return vectors.map((x, i) => x.reshape(shape.map((_, d) => order[d] === i ? x.numel : 1)).expand(shape));
}

/**
 * One-hot encoding of class indices (int32), of shape `[…, numClasses]`.
 *
 * @throws RangeError for an index that is not within 0 to numClasses − 1.
 */
export function oneHot(x: Tensor, numClasses = -1): Tensor {
  if (!x.dtype.startsWith("int") && x.dtype !== "uint8") {
    throw new TypeError(`oneHot: expected integer classes, got ${x.dtype}; cast with .to("int32")`);
  }
  const index = x.to("int32");
  if (numClasses > 0 && activeRecorder() !== null) return encoded(index, numClasses);
  if (x.numel === 0 && numClasses <= 0) {
    throw new RangeError("oneHot: no elements to find the number of classes from; give numClasses");
  }
  const highest = x.numel === 0 ? -1 : index.amax().item();
  const classes = numClasses === -1 ? highest + 1 : numClasses;
  if (x.numel > 0 && (highest >= classes || index.amin().item() < 0)) {
    throw new RangeError(
      `oneHot: classes from ${index.amin().item()} to ${highest} do not lie within 0 to ${
        classes - 1
      }; give a larger numClasses`,
    );
  }
  return encoded(index, classes);
}

function encoded(index: Tensor, classes: number): Tensor {
  const { shape, device } = index;
  return zeros([...shape, classes], { dtype: "int32", device }).scatter(-1, index.unsqueeze(-1), 1);
}

/** How `pad` fills: with a value, mirrored without the edge, with the edge, or with elements from the other end. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

/**
 * Pads the last dimensions. Amounts are `[left, right, top, bottom, …]`, from the last dimension outwards; negative amounts crop.
 *
 * @throws RangeError if there are more amounts than twice the dimensions, or mirroring reaches beyond the other end.
 *
 * @example
 * ```ts
 * import { ones, pad } from "@heddle/tensor";
 * pad(ones([1, 2]), [1, 1]).toArray(); // [[0, 1, 1, 0]]
 * ```
 */
export function pad(
  x: Tensor,
  amounts: readonly number[],
  options: { readonly mode?: PadMode; readonly value?: Scalar } = {},
): Tensor {
  checkOptions("pad", options, ["mode", "value"]);
  checkTensor("pad", x);
  const { mode = "constant", value = 0 } = options;
  checkScalar("pad", value);
  checkWritten("pad", value, x.dtype);
  checkOption("pad", "mode", mode, ["constant", "reflect", "replicate", "circular"]);
  if (amounts.length % 2 !== 0 || amounts.length > 2 * x.ndim || amounts.some((n) => !Number.isInteger(n))) {
    throw new RangeError(
      `pad: amounts [${amounts.join(", ")}] do not fit shape ${
        showShape(x.shape)
      }; give two integers a dim, from the last outwards`,
    );
  }
  if (mode !== "constant" && hasHalfGradient(x)) return inFloat32([x], (x) => pad(x, amounts, options));
  let result = x;
  for (let i = 0; i < amounts.length / 2; i++) {
    const d = x.ndim - 1 - i;
    const [before, after] = [amounts[2 * i]!, amounts[2 * i + 1]!];
    const size = result.shape[d]!;
    if (size + before + after < 0) {
      throw new RangeError(
        `pad: cropping dim ${d} of size ${size} by ${-before} and ${-after} removes more elements than there are`,
      );
    }
    if (before < 0 || after < 0) {
      const start = Math.max(-before, 0);
      result = result.narrow(d, start, Math.max(size - start - Math.max(-after, 0), 0));
    }
    const [low, high] = [Math.max(before, 0), Math.max(after, 0)];
    if (mode === "constant") result = padded(result, d, low, high, value);
    else if (low > 0 || high > 0) result = mirrored(result, d, low, high, mode);
  }
  return result === x ? x.clone() : result;
}

/** Pads one dimension with `before` and `after` elements of a value. Returns the tensor itself if both are 0. */
export function padded(x: Tensor, dim: number, before: number, after: number, value: Scalar = 0): Tensor {
  if (before === 0 && after === 0) return x;
  const length = x.shape[dim]!;
  const shape = x.shape.map((size, d) => d === dim ? size + before + after : size);
  return apply("embed", [x], {
    shape,
    value,
    view: { prim: "slice", attrs: { dim, start: before, length, step: 1 } },
  });
}

function mirrored(x: Tensor, dim: number, before: number, after: number, mode: Exclude<PadMode, "constant">): Tensor {
  const size = x.shape[dim]!;
  const most = mode === "reflect" ? size - 1 : mode === "circular" ? size : Infinity;
  if (before > most || after > most || size === 0) {
    throw new RangeError(
      `pad: ${mode} padding by ${before} and ${after} is too much for dim ${dim} of size ${size}; at most ${
        Math.max(most, 0)
      }`,
    );
  }
  const part = (start: number, length: number) => x.narrow(dim, start, length);
  const edge = (at: number, count: number) => part(at, 1).expand(x.shape.map((n, d) => d === dim ? count : n));
  const [head, tail] = mode === "reflect"
    ? [part(1, before).flip(dim), part(size - 1 - after, after).flip(dim)]
    : mode === "circular"
    ? [part(size - before, before), part(0, after)]
    : [edge(0, before), edge(size - 1, after)];
  return apply("cat", [head, x, tail], { dim });
}
