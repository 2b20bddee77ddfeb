/** Batch and instance normalisation: layers with running statistics. */
import { empty, fused, ones, type Tensor, zeros } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { forget } from "./derived_tensors.ts";
import { makeNormalisation } from "./foldable.ts";
import { foldedAfter, type Following } from "./folded_norm.ts";
import { batchNorm, instanceNorm } from "./functional/normalization.ts";
import { resetAffine } from "./initial_values.ts";
import type { LayerOptions } from "./layer_options.ts";
import { type Layer, Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { checkNumber, checkSize, showSizes } from "./sizes.ts";
import { snakeCase } from "./state_dict.ts";

/** Options of batch and instance normalisation. */
export interface NormOptions extends Omit<LayerOptions, "generator"> {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Weight of a new batch in the running statistics, 0.1 by default; null for the mean over all batches so far. */
  readonly momentum?: number | null;
  /** Whether a scale and a shift are learned. */
  readonly affine?: boolean;
  /** Whether running statistics are kept for evaluation; otherwise the batch's own are used there too. */
  readonly trackRunningStats?: boolean;
}

const followingOptions = ["activation", "residual"] as const;

const countOne = fused("countBatch", (count) => count.add(1));

/** What batch and instance normalisation share. */
export abstract class RunningNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  /** Scale `[numFeatures]`, initially ones. */
  weight: Parameter | null;
  /** Shift `[numFeatures]`, initially zeros. */
  bias: Parameter | null;
  /** `[numFeatures]`, initially zeros; `running_mean` in state dicts. */
  runningMean: Tensor | null;
  /** `[numFeatures]`, initially ones; `running_var` in state dicts. */
  runningVar: Tensor | null;
  /** Batches seen while training, int32; `num_batches_tracked` in state dicts. */
  numBatchesTracked: Tensor | null;
  /**
   * Whether the layer normalises by its running statistics, and leaves them as they are, in training mode too; false at first. For
   * networks that are fine-tuned, where batches are small or from other data.
   */
  frozenStatistics: boolean = false;
  /** The ranks of input that the layer takes. */
  protected abstract readonly shapes: readonly string[];

  constructor(
    numFeatures: number,
    options: NormOptions & { readonly affine: boolean; readonly trackRunningStats: boolean },
  ) {
    super();
    checkOptions(this.constructor.name, options, ["affine", "device", "dtype", "eps", "momentum", "trackRunningStats"]);
    const { eps = 1e-5, momentum = 0.1, affine, trackRunningStats, ...placement } = options;
    this.numFeatures = checkSize(this.constructor.name, "numFeatures", numFeatures);
    this.eps = checkNumber(this.constructor.name, "eps", eps, 0);
    this.momentum = momentum === null ? null : checkNumber(this.constructor.name, "momentum", momentum);
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.weight = affine ? new Parameter(empty([numFeatures], placement)) : null;
    this.bias = affine ? new Parameter(empty([numFeatures], placement)) : null;
    this.runningMean = null;
    this.runningVar = null;
    this.numBatchesTracked = null;
    if (trackRunningStats) {
      this.registerBuffer("runningMean", zeros([numFeatures], placement));
      this.registerBuffer("runningVar", ones([numFeatures], placement));
      this.registerBuffer("numBatchesTracked", zeros([], { ...placement, dtype: "int32" }));
    }
    this.resetParameters();
  }

  /** Resets the running statistics. */
  resetRunningStats(): void {
    this.runningMean?.zero_();
    this.runningVar?.fill_(1);
    this.numBatchesTracked?.zero_();
  }

  /** Resets scale, shift and statistics. */
  resetParameters(): void {
    this.resetRunningStats();
    resetAffine(this);
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }

  /** Whether to normalise by the batch's own statistics, and to learn from them. */
  protected get learnsStatistics(): boolean {
    return this.training && !this.frozenStatistics;
  }

  /** Whether the rank of an input with a batch fits. */
  protected takes({ ndim }: Tensor): boolean {
    return this.shapes.some((text) => text.split(",").length === ndim);
  }

  /** @throws RangeError naming the shapes expected. */
  protected checkInput(input: Tensor): void {
    const { shape } = input;
    if (this.takes(input) && shape[1] === this.numFeatures) return;
    // A lazy layer does not know the number of its features yet.
    const features = this.numFeatures === 0 ? "C" : String(this.numFeatures);
    throw new RangeError(
      `${this.constructor.name}: got an input of shape ${showSizes(shape)}; expected ` +
        this.shapes.map((text) => `[${text.replace("C", features)}]`).join(" or "),
    );
  }

  override extraRepr(): string {
    const { numFeatures, eps, momentum, affine, trackRunningStats } = this;
    return `${numFeatures}, eps=${eps}, momentum=${momentum}, affine=${affine}, trackRunningStats=${trackRunningStats}`;
  }
}

/** What the batch normalisations share. */
export abstract class BatchNorm extends RunningNorm {
  constructor(numFeatures: number, options: NormOptions = {}) {
    super(numFeatures, { affine: true, trackRunningStats: true, ...options });
  }

  /**
   * The normalised input, followed by what the options ask for: `layer.forward(x, { residual, activation: "relu" })` is
   * `layer.forward(x).add(residual).relu()` in less time and memory.
   */
  forward(input: Tensor, following: Following = {}): Tensor {
    checkOptions("batchNorm", following, followingOptions);
    this.checkInput(input);
    const { weight, bias, eps, runningMean, runningVar } = this;
    if (!this.learnsStatistics) {
      const training = runningMean === null;
      return batchNorm(input, runningMean, runningVar, { weight, bias, eps, training, ...following });
    }
    // What evaluation kept is of no use any more.
    if (runningMean !== null) forget(runningMean);
    if (runningVar !== null) forget(runningVar);
    return batchNorm(input, runningMean, runningVar, {
      weight,
      bias,
      eps,
      training: true,
      momentum: this.countBatch(),
      ...following,
    });
  }

  /**
   * `norm.after(layer, x, following)` is `norm.forward(layer.forward(x), following)`. In evaluation and without gradients
   * (`noGrad`) a convolution or linear layer and the normalisation are one product: scale and shift are folded into the layer's weight and
   * bias, once, until a parameter or a statistic changes. `Sequential` does so by itself.
   *
   * @example
   * ```ts
   * import { noGrad } from "@heddle/autograd";
   * import { BatchNorm2d, Conv2d } from "@heddle/nn";
   * import { randn } from "@heddle/tensor";
   * const conv = new Conv2d(3, 8, 3, { bias: false });
   * const norm = new BatchNorm2d(8).eval();
   * noGrad(() => norm.after(conv, randn([1, 3, 32, 32]), { activation: "relu" })).shape; // [1, 8, 30, 30]
   * ```
   */
  after(layer: Layer, input: Tensor, following: Following = {}): Tensor {
    checkOptions("batchNorm", following, followingOptions);
    if (!this.training && this.forward === BatchNorm.prototype.forward) {
      const result = foldedAfter(layer, this, input, following);
      if (result !== null) {
        this.checkInput(result);
        return result;
      }
    }
    return this.forward(layer.forward(input), following);
  }

  /** Counts a batch and returns its weight in the running statistics. */
  private countBatch(): number | Tensor {
    const count = this.numBatchesTracked;
    if (count === null) return 0;
    countOne([count], count);
    return this.momentum ?? count.to(this.runningMean!.dtype).reciprocal();
  }
}

makeNormalisation(BatchNorm.prototype.forward);

/** Batch normalisation of `[N, C]` or `[N, C, L]`; see {@link BatchNorm2d}. PyTorch: `torch.nn.BatchNorm1d`. */
export class BatchNorm1d extends BatchNorm {
  protected readonly shapes: readonly string[] = ["N, C", "N, C, L"];
}

/**
 * Normalises each channel of `[N, C, H, W]` over the batch while training, by running statistics in evaluation: Ioffe & Szegedy, "Batch
 * normalization" (2015). PyTorch: `torch.nn.BatchNorm2d`.
 *
 * @throws RangeError from `forward` for another shape, or when a channel has a single value while training.
 *
 * @example
 * ```ts
 * import { BatchNorm2d } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const norm = new BatchNorm2d(3);
 * norm.forward(randn([8, 3, 4, 4]).add(5));
 * norm.runningMean!.toArray(); // each close to 0.5
 * Object.keys(norm.stateDict()); // ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
 * ```
 */
export class BatchNorm2d extends BatchNorm {
  protected readonly shapes: readonly string[] = ["N, C, H, W"];
}

/** Batch normalisation of `[N, C, D, H, W]`; see {@link BatchNorm2d}. PyTorch: `torch.nn.BatchNorm3d`. */
export class BatchNorm3d extends BatchNorm {
  protected readonly shapes: readonly string[] = ["N, C, D, H, W"];
}

/** What the instance normalisations share. */
export abstract class InstanceNorm extends RunningNorm {
  constructor(numFeatures: number, options: NormOptions = {}) {
    super(numFeatures, { affine: false, trackRunningStats: false, ...options });
  }

  forward(input: Tensor): Tensor {
    const single = input.ndim === this.shapes[0]!.split(",").length - 1;
    const batch = single ? input.unsqueeze(0) : input;
    this.checkInput(batch);
    const { weight, bias, eps, runningMean, runningVar } = this;
    const useInputStats = this.learnsStatistics || !this.trackRunningStats;
    // As in PyTorch no batches are counted here, and a momentum of null counts as 0.
    const momentum = this.momentum ?? 0;
    const result = instanceNorm(batch, { weight, bias, eps, runningMean, runningVar, useInputStats, momentum });
    return single ? result.squeeze(0) : result;
  }
}

/** Instance normalisation of `[N, C, L]` (or `[C, L]`); see {@link InstanceNorm2d}. PyTorch: `torch.nn.InstanceNorm1d`. */
export class InstanceNorm1d extends InstanceNorm {
  protected readonly shapes: readonly string[] = ["N, C, L"];
}

/**
 * Normalises each channel of each sample of `[N, C, H, W]` (or `[C, H, W]`): Ulyanov et al., "Instance normalization" (2016). By default
 * without scale, shift and running statistics. PyTorch: `torch.nn.InstanceNorm2d`.
 */
export class InstanceNorm2d extends InstanceNorm {
  protected readonly shapes: readonly string[] = ["N, C, H, W"];
}

/** Instance normalisation of `[N, C, D, H, W]` (or `[C, D, H, W]`); see {@link InstanceNorm2d}. PyTorch: `torch.nn.InstanceNorm3d`. */
export class InstanceNorm3d extends InstanceNorm {
  protected readonly shapes: readonly string[] = ["N, C, D, H, W"];
}
