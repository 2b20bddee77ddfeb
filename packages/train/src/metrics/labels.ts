/** What classification metrics take: scores, probabilities or labels as the network's output, labels as the target. */
import { isFloat, ones, type Tensor, where, zeros } from "@heddle/tensor";
import { showShape } from "@heddle/tensor/engine";

/** How classification metrics read their batches. */
export interface LabelOptions {
  /** Number of classes. Needed only where outputs are labels; scores `[N, C, …]` tell it themselves. */
  readonly numClasses?: number;
  /** Targets with this label do not count (default: all count). */
  readonly ignoreIndex?: number;
  /** Where the output has the target's shape: from which value on it stands for class 1 (default 0.5; 0 suits logits). */
  readonly threshold?: number;
}

/** The names in {@link LabelOptions}. */
export const labelOptions = ["numClasses", "ignoreIndex", "threshold"] as const;

/** A batch as labels of one dimension. */
export interface Labels {
  /** int32 `[N]`: what the network chose. */
  readonly predicted: () => Tensor;
  /** int32 `[N]`: what is right. */
  readonly target: Tensor;
  /** Scores `[N, C]`, if the output had a dimension of classes. */
  readonly scores: Tensor | null;
  /** Number of classes; null if the outputs are labels and `numClasses` was not given. */
  readonly classes: number | null;
  /** Whether there are two classes, the second of which is what one looks for. */
  readonly binary: boolean;
}

const show = ({ dtype, shape }: Tensor): string => `${dtype} ${showShape(shape)}`;

/** @throws TypeError or RangeError unless the number of classes is a whole number from 2. */
export function checkLabelOptions(name: string, { numClasses, ignoreIndex }: LabelOptions): void {
  if (numClasses !== undefined && (!Number.isInteger(numClasses) || numClasses < 2)) {
    throw new RangeError(`${name}: numClasses is ${numClasses}; it must be a whole number from 2`);
  }
  if (ignoreIndex !== undefined && !Number.isInteger(ignoreIndex)) {
    throw new RangeError(`${name}: ignoreIndex is ${ignoreIndex}; labels are whole numbers`);
  }
}

/**
 * The labels of a batch: of scores `[N, C, …]` the class of the largest, of floats in the target's shape those from the threshold on,
 * of integers and bools themselves.
 *
 * @throws TypeError or RangeError if shapes and dtypes are none of these
 */
export function labelsOf(name: string, output: Tensor, target: Tensor, options: LabelOptions): Labels {
  const { threshold = 0.5, numClasses } = options;
  const same = showShape(output.shape) === showShape(target.shape);
  if (isFloat(target.dtype) && !same) {
    throw new TypeError(
      `${name}: the target is ${
        show(target)
      }; targets of scores are labels, of an integer dtype (cast with .to("int32"))`,
    );
  }
  const right = wholeLabels(target.detach()).reshape(-1);
  const classes = output.shape[1];
  const rest = output.shape.filter((_, dim) => dim !== 1);
  if (!same && output.ndim > 1 && isFloat(output.dtype) && showShape(rest) === showShape(target.shape)) {
    if (numClasses !== undefined && numClasses !== classes) {
      throw new RangeError(
        `${name}: numClasses is ${numClasses}, but the output ${show(output)} has ${classes} classes`,
      );
    }
    if (classes === 1) {
      throw new RangeError(
        `${name}: the output ${show(output)} has one class; reshape it to the target's ${
          showShape(target.shape)
        }, as scores of class 1`,
      );
    }
    const scores = output.detach().movedim(1, -1).reshape(-1, classes!);
    return { predicted: () => scores.argmax(-1), target: right, scores, classes: classes!, binary: false };
  }
  if (!same) {
    throw new RangeError(
      `${name}: the output ${show(output)} does not fit the target ${show(target)}; give scores with the classes in ` +
        `dimension 1 ([N, C, …] for targets [N, …]), or labels or probabilities of class 1 in the target's shape`,
    );
  }
  const given = output.detach();
  return {
    predicted: () => (isFloat(given.dtype) ? given.ge(threshold) : given).to("int32").reshape(-1),
    target: right,
    scores: null,
    classes: numClasses ?? (isFloat(given.dtype) ? 2 : null),
    binary: numClasses === undefined,
  };
}

/** Labels as int32. Floats are what binary losses take, 0 and 1; a fraction becomes a number that is no label. */
function wholeLabels(target: Tensor): Tensor {
  if (!isFloat(target.dtype)) return target.to("int32");
  const labels = target.to("float32");
  return where(labels.eq(labels.floor()), labels, -(2 ** 31)).to("int32");
}

/** Which targets count. */
export function counted(target: Tensor, { ignoreIndex }: LabelOptions): Tensor | null {
  return ignoreIndex === undefined ? null : target.ne(ignoreIndex);
}

/** Whether labels lie in 0 to `classes` − 1. */
export function inRange(labels: Tensor, classes: number): Tensor {
  return labels.ge(0).logicalAnd(labels.lt(classes));
}

/**
 * How often each of `bins` numbers occurs: int32 `[bins + 1]`, the last of which counts what is not `valid`. What does not count is left
 * out. Of both, null stands for all.
 *
 * @param amounts how much each of them counts, if not 1; the tally has its dtype then
 */
export function tally(
  numbers: Tensor,
  bins: number,
  valid: Tensor | null,
  counts: Tensor | null,
  amounts: Tensor | null = null,
): Tensor {
  const options = { dtype: amounts?.dtype ?? "int32", device: numbers.device } as const;
  const places = valid === null ? numbers : where(valid, numbers, bins);
  const kept = counts === null ? places : where(counts, places, bins + 1);
  return zeros([bins + 2], options).scatterAdd(0, kept, amounts ?? ones(numbers.shape, options)).narrow(0, 0, bins + 1);
}

/** @throws RangeError if labels were outside the classes; null if their number is unknown. Batches stay on the device, so that this is found when sums are read. */
export function checkInvalid(name: string, invalid: number, classes: number | null): void {
  if (invalid === 0) return;
  if (classes === null) {
    throw new RangeError(
      `${name}: ${invalid} labels are no whole numbers from 0; labels that do not count, such as padding, are named by ignoreIndex`,
    );
  }
  const more = classes === 2 ? "outputs that are labels of more classes need numClasses; " : "";
  throw new RangeError(
    `${name}: ${invalid} labels were not among the ${classes} classes, 0 to ${
      classes - 1
    }; ${more}labels that do not count, such as ` +
      `padding, are named by ignoreIndex`,
  );
}
