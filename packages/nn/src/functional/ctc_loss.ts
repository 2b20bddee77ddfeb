/** Connectionist temporal classification: labels of a sequence without their positions. */
import { arange, cat, full, isFloat, type Tensor, tensor, where, zeros } from "@heddle/tensor";
import { checkOptions, inFloat32, isHalf, readsAtOnce } from "@heddle/tensor/engine";
import { showSizes } from "../sizes.ts";
import { alignment, unlikely } from "./ctc_alignment.ts";
import { lookUp } from "./lookup.ts";
import { checkReduction, type ReductionOptions } from "./reduction.ts";

/** Lengths of sequences: an integer tensor `[N]` or numbers; one number for a sequence without a batch. */
export type Lengths = Tensor | readonly number[] | number;

/** Options of {@link ctcLoss}. */
export interface CtcLossOptions extends ReductionOptions {
  /** The class that stands for no label; 0 by default. */
  readonly blank?: number;
  /** Whether infinite losses, of targets that are too long for their inputs, become 0; false by default. */
  readonly zeroInfinity?: boolean;
}

/** Lengths as int32 on the device of the inputs, and as numbers where they can be read at once. */
interface Counts {
  readonly tensor: Tensor;
  readonly numbers: readonly number[] | null;
}

function counts(name: string, given: Lengths, batch: number, like: Tensor): Counts {
  const isList = typeof given === "number" || Array.isArray(given);
  const list = typeof given === "number" ? [given] : given as readonly number[];
  const lengths = isList
    ? tensor(list, { dtype: "int32", device: like.device }).reshape([list.length])
    : given as Tensor;
  if (isFloat(lengths.dtype) || lengths.dtype === "bool") {
    throw new TypeError(`ctcLoss: ${name} are ${lengths.dtype}; expected integers, cast with .to("int32")`);
  }
  if (lengths.ndim > 1 || lengths.numel !== batch) {
    throw new RangeError(
      `ctcLoss: ${name} have shape ${showSizes(lengths.shape)}; expected [${batch}], one for each sequence`,
    );
  }
  const flat = lengths.reshape([batch]).to("int32").to(like.device);
  const readable = isList || readsAtOnce(lengths);
  return { tensor: flat, numbers: readable ? Array.from(isList ? list : flat.toTypedArray(), Number) : null };
}

/** @throws RangeError for a length below 0 or above `most`. */
function checkLengths(name: string, { numbers }: Counts, most: number, whole: string): void {
  const wrong = numbers?.findIndex((length) => length < 0 || length > most) ?? -1;
  if (wrong < 0) return;
  throw new RangeError(`ctcLoss: ${name}[${wrong}] is ${numbers![wrong]}; expected 0 to ${most}, ${whole}`);
}

/** Targets as rows `[N, S]`; what lies beyond their lengths is arbitrary. */
function rows(targets: Tensor, lengths: Counts, batch: number): Tensor {
  if (targets.ndim === 2 && targets.shape[0] === batch) return targets;
  if (targets.ndim !== 1) {
    throw new RangeError(
      `ctcLoss: the targets have shape ${
        showSizes(targets.shape)
      }; expected [${batch}, S], or all of them in a row: [sum]`,
    );
  }
  const total = lengths.numbers?.reduce((sum, length) => sum + length, 0) ?? targets.numel;
  if (total !== targets.numel) {
    throw new RangeError(
      `ctcLoss: the target lengths sum to ${total}, but there are ${targets.numel} targets in a row`,
    );
  }
  // Where lengths cannot be read, one target may be as long as all.
  const longest = lengths.numbers?.reduce((most, length) => Math.max(most, length), 0) ?? targets.numel;
  if (longest === 0) return targets.reshape([1, 0]).expand([batch, 0]);
  const starts = lengths.tensor.cumsum(0).sub(lengths.tensor).unsqueeze(1);
  const at = starts.add(arange(longest, { dtype: "int32", device: targets.device }));
  return targets.take(at.clamp({ max: targets.numel - 1 }));
}

/**
 * The negative log-likelihood of labels under all alignments with an input: each step gives one label or a blank; labels may repeat, and
 * two equal labels in succession have a blank between them. Graves et al., "Connectionist temporal classification" (2006). PyTorch:
 * `torch.nn.functional.ctc_loss`.
 *
 * The loss of a target that does not fit its input is infinite, and its gradient 0 (PyTorch: NaN).
 *
 * @param logProbs log-probabilities `[T, N, C]`, as `logSoftmax` gives them, or `[T, C]`.
 * @param targets labels, integers without blanks: `[N, S]`, padded with anything; or those of all sequences in a row, `[sum of
 * targetLengths]`.
 * @param inputLengths how many steps of each sequence count: `[N]`.
 * @param targetLengths how many labels each target has: `[N]`.
 * @returns 0-dimensional; `[N]` when `reduction` is "none" (without a batch 0-dimensional too). The mean is over the batch, of losses
 * divided by the lengths of their targets.
 * @throws RangeError for labels and lengths out of range, or shapes that do not fit. TypeError for labels or lengths that are not
 * integers, and log-probabilities that are.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor, zeros } from "@heddle/tensor";
 * const logProbs = zeros([2, 1, 3]).logSoftmax(2); // 2 steps, 3 classes
 * F.ctcLoss(logProbs, tensor([[1]], { dtype: "int32" }), [2], [1]).item(); // about 1.0986, ln 3: "1", "1 blank", "blank 1" of 9
 * ```
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
  options: CtcLossOptions = {},
): Tensor {
  checkOptions("ctcLoss", options, ["blank", "reduction", "zeroInfinity"]);
  const { blank = 0, reduction = "mean", zeroInfinity = false } = options;
  checkReduction("ctcLoss", reduction);
  if (logProbs.ndim !== 3 && logProbs.ndim !== 2) {
    throw new RangeError(
      `ctcLoss: the log-probabilities have shape ${
        showSizes(logProbs.shape)
      }; expected [T, N, C] or, without a batch, [T, C]`,
    );
  }
  if (!isFloat(logProbs.dtype)) {
    throw new TypeError(`ctcLoss: the log-probabilities are ${logProbs.dtype}; expected a floating-point tensor`);
  }
  if (isFloat(targets.dtype) || targets.dtype === "bool") {
    throw new TypeError(`ctcLoss: the targets are ${targets.dtype}; labels are integers, cast with .to("int32")`);
  }
  if (isHalf(logProbs)) {
    return inFloat32([logProbs], (wide) => ctcLoss(wide, targets, inputLengths, targetLengths, options));
  }
  if (logProbs.ndim === 2) {
    const loss = ctcLoss(logProbs.unsqueeze(1), targets, inputLengths, targetLengths, options);
    return reduction === "none" ? loss.squeeze(0) : loss;
  }
  const [steps, batch, classes] = logProbs.shape as [number, number, number];
  if (!Number.isInteger(blank) || blank < 0 || blank >= classes) {
    throw new RangeError(`ctcLoss: blank is ${blank}; expected a class from 0 to ${classes - 1}`);
  }
  const inputs = counts("inputLengths", inputLengths, batch, logProbs);
  const lengths = counts("targetLengths", targetLengths, batch, logProbs);
  checkLengths("inputLengths", inputs, steps, "the steps of the log-probabilities");
  const labels = rows(targets.to("int32"), lengths, batch);
  const longest = labels.shape[1]!;
  checkLengths("targetLengths", lengths, longest, "the labels of a row of targets");
  const loss = batch === 0 ? logProbs.sum([0, 2]) : alignments(logProbs, labels, inputs.tensor, lengths.tensor, blank);
  const finite = zeroInfinity ? where(loss.eq(Infinity), 0, loss) : loss;
  if (reduction === "none") return finite;
  return reduction === "sum" ? finite.sum() : finite.div(lengths.tensor.clamp({ min: 1 })).mean();
}

/** Losses `[N]`, of labels `[N, S]`. */
function alignments(logProbs: Tensor, labels: Tensor, inputs: Tensor, lengths: Tensor, blank: number): Tensor {
  const [steps, batch, classes] = logProbs.shape as [number, number, number];
  const longest = labels.shape[1]!;
  const { device } = logProbs;
  const upTo = (n: number): Tensor => arange(n, { dtype: "int32", device });
  const blanks = full([batch, longest, 1], blank, { dtype: "int32", device });
  const kept = where(upTo(longest).lt(lengths.unsqueeze(1)), labels, blank);
  // Blanks before, between and after the labels: 2S + 1 states, of which every second one is a label.
  const first = full([batch, 1], blank, { dtype: "int32", device });
  const states = cat([first, cat([kept.unsqueeze(2), blanks], 2).reshape([batch, 2 * longest])], 1);
  const count = 2 * longest + 1;
  // A blank may be left out between different labels.
  const skips = cat([
    zeros([batch, Math.min(2, count)], { dtype: "bool", device }),
    ...longest === 0 ? [] : [skipsAfterFirst(states, blank)],
  ], 1);
  const explain = (label: number | bigint): string =>
    `ctcLoss: label ${label} is out of range for ${classes} classes; expected 0 to ${classes - 1}`;
  const index = states.unsqueeze(0).expand([steps, batch, count]);
  const emissions = lookUp(states, classes, explain, () => logProbs.gather(2, index));
  const present = upTo(steps).unsqueeze(1).lt(inputs).unsqueeze(2);
  const last = upTo(count).eq(lengths.mul(2).unsqueeze(1));
  const [loss] = alignment(emissions, skips, present, last);
  return where(loss!.gt(unlikely), Infinity, loss!);
}

/** Whether each state from the third on may follow the second before it: it is a label, and another one. */
function skipsAfterFirst(states: Tensor, blank: number): Tensor {
  const length = states.shape[1]! - 2;
  const [here, before] = [states.narrow(1, 2, length), states.narrow(1, 0, length)];
  return here.ne(blank).logicalAnd(here.ne(before));
}
