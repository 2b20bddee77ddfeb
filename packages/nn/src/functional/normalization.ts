/** Normalisation: zero mean and unit variance over a batch, a sample, or groups of channels. */
import { fused, type Operand, type Symbolic, type Tensor } from "@heddle/tensor";
import {
  type Activation,
  activations,
  checkOption,
  checkOptions,
  composite,
  inFloat32,
  isHalf,
  normalize,
  sizeOf,
} from "@heddle/tensor/engine";
import { derived } from "../derived_tensors.ts";
import { checkNumber, showSizes } from "../sizes.ts";

const affineOptions = ["bias", "eps", "weight"] as const;

/** Scale and shift after normalisation. */
export interface AffineOptions {
  readonly weight?: Tensor | null;
  readonly bias?: Tensor | null;
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends AffineOptions {
  /** Whether to use the batch's own statistics and update the running ones; false by default. */
  readonly training?: boolean;
  /** Weight of the batch in the new running statistics; 0.1 by default. */
  readonly momentum?: Operand;
  /** Added to the result: the other branch of a residual block, in the shape of the input. */
  readonly residual?: Tensor | null;
  /** Applied last; "none" by default. In training both run in the same kernel, and so do their gradients. */
  readonly activation?: Activation | undefined;
}

/** A vector along dimension 1. */
function alongChannels(vector: Tensor, ndim: number): Tensor {
  return vector.reshape([1, -1, ...Array<number>(ndim - 2).fill(1)]);
}

const move = fused(
  "runningStatistics",
  (running, value, factor, momentum) => running.mul(momentum.neg().add(1)).add(value.mul(factor).mul(momentum)),
);

const scaled = (x: Symbolic, factor: Symbolic, offset: Symbolic): Symbolic => x.mul(factor).add(offset);

/** Batch normalisation by running statistics, in one kernel: without and with a residual. */
const apply = {
  plain: [fused("batchNorm", scaled), fused("batchNorm", (x, f, o, residual) => scaled(x, f, o).add(residual))],
  rectified: [
    fused("batchNorm", (x, f, o) => scaled(x, f, o).relu()),
    fused("batchNorm", (x, f, o, residual) => scaled(x, f, o).add(residual).relu()),
  ],
} as const;

/** The factor and the offset of each channel by which running statistics normalise. */
export function runningAffine(
  runningMean: Tensor,
  runningVar: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  eps: number,
): { readonly factor: Tensor; readonly offset: Tensor } {
  checkNumber("batchNorm", "eps", eps);
  const factor = runningVar.add(eps).rsqrt().mul(weight ?? 1);
  const offset = runningMean.mul(factor).neg();
  return { factor, offset: bias === null ? offset : offset.add(bias) };
}

/** Moves running statistics towards those of a batch, with the unbiased variance. */
function follow(
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  mean: Tensor,
  variance: Tensor,
  count: number,
  momentum: Operand,
): void {
  const towards = (running: Tensor | null, value: Tensor, factor: number): void => {
    if (running === null) return;
    const there = value.detach().reshape(running.shape);
    move([running, there, factor, momentum], running);
  };
  towards(runningMean, mean, 1);
  towards(runningVar, variance, count / (count - 1));
}

function checkVector(operation: string, name: string, vector: Tensor | null | undefined, size: number): void {
  if (vector && (vector.ndim !== 1 || vector.shape[0] !== size)) {
    throw new RangeError(
      `${operation}: ${name} has shape ${showSizes(vector.shape)}; expected [${size}], one for each channel`,
    );
  }
}

/** @throws TypeError for an unknown activation. */
export function checkActivation(activation: Activation = "none"): void {
  checkOption("batchNorm", "activation", activation, activations);
}

/** @throws RangeError for a residual whose shape is not that of the normalised tensor. */
export function checkResidual(residual: Tensor | null, shape: readonly number[]): void {
  if (residual === null || showSizes(residual.shape) === showSizes(shape)) return;
  throw new RangeError(
    `batchNorm: the residual has shape ${showSizes(residual.shape)}; expected the input's, ${showSizes(shape)}`,
  );
}

/**
 * Normalises each channel of `[N, C, …]` over all other dimensions: Ioffe & Szegedy, "Batch normalization" (2015). PyTorch:
 * `torch.nn.functional.batch_norm`.
 *
 * @param runningMean `[C]`, used in evaluation and updated in training, like `runningVar`; null for none.
 * @throws RangeError for a single value in a channel while training (its variance is 0), vectors of another length, or a residual of
 * another shape. TypeError for an unknown activation.
 */
export function batchNorm(
  input: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options: BatchNormOptions = {},
): Tensor {
  checkOptions("batchNorm", options, ["activation", "bias", "eps", "momentum", "residual", "training", "weight"]);
  const { training = false, momentum = 0.1, eps = 1e-5, weight, bias, residual = null, activation } = options;
  checkNumber("batchNorm", "eps", eps);
  const { shape, ndim } = input;
  checkActivation(activation);
  checkResidual(residual, shape);
  if (ndim < 2) throw new RangeError(`batchNorm: expected an input [N, C, …], got shape ${showSizes(shape)}`);
  const channels = shape[1]!;
  for (const [name, vector] of Object.entries({ runningMean, runningVar, weight, bias })) {
    checkVector("batchNorm", name, vector, channels);
  }
  if (!training) {
    if (runningMean === null || runningVar === null) {
      throw new Error(
        "batchNorm: without training there must be a running mean and variance; pass them, or { training: true }",
      );
    }
    const operands = [input, runningMean, runningVar, weight ?? null, bias ?? null, residual] as const;
    const attrs = { eps, activation: activation ?? "none" };
    return composite("batchNorm", operands, attrs, () => [byRunning(operands, attrs)])[0]!;
  }
  const count = input.numel / channels;
  if (count === 1) {
    throw new RangeError(
      `batchNorm: an input of shape ${showSizes(shape)} has one value for each channel, whose variance is 0; ` +
        `train with larger batches (a DataLoader's dropLast avoids a last batch of one), or call eval()`,
    );
  }
  const dims = shape.map((_, d) => d).filter((d) => d !== 1);
  const scale = weight ? alongChannels(weight, ndim) : null;
  const shift = bias ? alongChannels(bias, ndim) : null;
  const given = { weight: scale, bias: shift, eps, residual, activation };
  const { result, mean, variance } = normalize(input, dims, given);
  if (count > 0) follow(runningMean, runningVar, mean, variance, count, momentum);
  return result;
}

/** {@link batchNorm} of valid operands by running statistics. */
function byRunning(
  operands: readonly [Tensor, Tensor, Tensor, Tensor | null, Tensor | null, Tensor | null],
  attrs: { readonly eps: number; readonly activation: Activation },
): Tensor {
  const [input, runningMean, runningVar, weight, bias, residual] = operands;
  const { eps, activation } = attrs;
  const { ndim } = input;
  if (isHalf(...operands)) return inFloat32(operands, (...wide) => byRunning(wide, attrs));
  const sources = [runningMean, runningVar, weight, bias] as const;
  const [factor, offset] = derived(runningVar, sources, [eps, ndim], () => {
    const [mean, variance, scale, shift] = sources.map((vector) => vector && alongChannels(vector, ndim));
    const { factor, offset } = runningAffine(mean!, variance!, scale!, shift!, eps);
    return [factor, offset];
  }) as [Tensor, Tensor];
  const terms = [input, factor, offset];
  if (residual !== null) terms.push(residual);
  return apply[activation === "relu" ? "rectified" : "plain"][residual === null ? 0 : 1](terms);
}

/** Options of {@link instanceNorm}. */
export interface InstanceNormOptions extends BatchNormOptions {
  readonly runningMean?: Tensor | null;
  readonly runningVar?: Tensor | null;
  /** Whether each sample's own statistics are used rather than the running ones; true by default. */
  readonly useInputStats?: boolean;
}

/**
 * Normalises each channel of each sample of `[N, C, …]`: Ulyanov et al., "Instance normalization" (2016). PyTorch:
 * `torch.nn.functional.instance_norm`.
 *
 * @throws RangeError for a single value in a channel of a sample, or vectors of another length.
 */
export function instanceNorm(input: Tensor, options: InstanceNormOptions = {}): Tensor {
  checkOptions("instanceNorm", options, [
    "activation",
    "bias",
    "eps",
    "momentum",
    "residual",
    "runningMean",
    "runningVar",
    "training",
    "useInputStats",
    "weight",
  ]);
  const { runningMean = null, runningVar = null, useInputStats = true, momentum = 0.1, eps = 1e-5, weight, bias } =
    options;
  checkNumber("instanceNorm", "eps", eps);
  if (!useInputStats) return batchNorm(input, runningMean, runningVar, { weight, bias, eps });
  const { shape, ndim } = input;
  if (ndim < 3) throw new RangeError(`instanceNorm: expected an input [N, C, L, …], got shape ${showSizes(shape)}`);
  for (const [name, vector] of Object.entries({ runningMean, runningVar, weight, bias })) {
    checkVector("instanceNorm", name, vector, shape[1]!);
  }
  const count = sizeOf(shape.slice(2));
  if (count === 1) {
    throw new RangeError(
      `instanceNorm: an input of shape ${
        showSizes(shape)
      } has one value for each channel of a sample, whose variance is 0`,
    );
  }
  const dims = shape.map((_, d) => d).slice(2);
  const { result, mean, variance } = normalize(input, dims, {
    weight: weight ? alongChannels(weight, ndim) : null,
    bias: bias ? alongChannels(bias, ndim) : null,
    eps,
  });
  if (runningMean !== null || runningVar !== null) {
    follow(runningMean, runningVar, mean.detach().mean(0), variance.detach().mean(0), count, momentum);
  }
  return result;
}

/**
 * Normalises over the last dimensions, those of `normalizedShape`: Ba et al., "Layer normalization" (2016). PyTorch:
 * `torch.nn.functional.layer_norm`.
 *
 * @param options.weight in the normalised shape, as `bias`.
 * @throws RangeError when the input does not end in that shape.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * F.layerNorm(tensor([[1, 3]]), [2]).toArray(); // about [[-1, 1]]
 * ```
 */
export function layerNorm(input: Tensor, normalizedShape: readonly number[], options: AffineOptions = {}): Tensor {
  checkOptions("layerNorm", options, affineOptions);
  const { eps = 1e-5, weight, bias } = options;
  checkNumber("layerNorm", "eps", eps);
  const start = input.ndim - normalizedShape.length;
  if (normalizedShape.length === 0 || start < 0 || normalizedShape.some((size, d) => size !== input.shape[start + d])) {
    throw new RangeError(
      `layerNorm: the input has shape ${showSizes(input.shape)}, but should end in the normalised shape ${
        showSizes(normalizedShape)
      }`,
    );
  }
  for (const [name, tensor] of Object.entries({ weight, bias })) {
    if (tensor && showSizes(tensor.shape) !== showSizes(normalizedShape)) {
      throw new RangeError(
        `layerNorm: ${name} has shape ${showSizes(tensor.shape)}; expected ${showSizes(normalizedShape)}`,
      );
    }
  }
  const dims = normalizedShape.map((_, d) => start + d);
  return normalize(input, dims, { weight, bias, eps }).result;
}

/**
 * Normalises groups of channels of each sample of `[N, C, …]`: Wu & He, "Group normalization" (2018). PyTorch:
 * `torch.nn.functional.group_norm`.
 *
 * @throws RangeError when the channels cannot be split into that many groups.
 */
export function groupNorm(input: Tensor, groups: number, options: AffineOptions = {}): Tensor {
  checkOptions("groupNorm", options, affineOptions);
  const { eps = 1e-5, weight, bias } = options;
  checkNumber("groupNorm", "eps", eps);
  const { shape, ndim } = input;
  if (ndim < 2) throw new RangeError(`groupNorm: expected an input [N, C, …], got shape ${showSizes(shape)}`);
  const [count, channels] = shape as readonly [number, number];
  if (!(Number.isInteger(groups) && groups > 0 && channels % groups === 0)) {
    throw new RangeError(
      `groupNorm: ${channels} channels (shape ${showSizes(shape)}) cannot be split into ${groups} groups`,
    );
  }
  checkVector("groupNorm", "weight", weight, channels);
  checkVector("groupNorm", "bias", bias, channels);
  // [N, groups, channels of a group, elements of a channel]
  const each = channels / groups;
  const inGroups = input.reshape([count, groups, each, input.numel === 0 ? 0 : input.numel / (count * channels)]);
  const vector = (v: Tensor | null | undefined): Tensor | null => v ? v.reshape([1, groups, each, 1]) : null;
  return normalize(inGroups, [2, 3], { weight: vector(weight), bias: vector(bias), eps }).result.reshape(shape);
}
