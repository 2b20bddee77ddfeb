/** Softmax over many classes, of which few are frequent. */
import { cat, type Generator, type Tensor, where, zeros } from "@heddle/tensor";
import { checkOptions, inFloat32, readsAtOnce } from "@heddle/tensor/engine";
import { linear } from "./functional/linear.ts";
import { ModuleList, Sequential } from "./container.ts";
import type { LayerOptions } from "./layer_options.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { checkNumber, checkSize, showSizes } from "./sizes.ts";
import { snakeCase } from "./state_dict.ts";

/** Options of {@link AdaptiveLogSoftmaxWithLoss}. */
export interface AdaptiveLogSoftmaxOptions extends LayerOptions {
  /** By which the features of each cluster are fewer than those of the one before; 4 by default. */
  readonly divValue?: number;
  /** Whether the head has a bias; false by default. */
  readonly headBias?: boolean;
}

/** Log-probabilities of inputs: in the head, and in each cluster. */
interface Scores {
  readonly head: (x: Tensor) => Tensor;
  readonly tail: readonly ((x: Tensor) => Tensor)[];
}

/** What {@link AdaptiveLogSoftmaxWithLoss.forward} returns. */
export interface AdaptiveLogSoftmaxOutput {
  /** The log-probability of each label, `[N]`. */
  readonly output: Tensor;
  /** The mean of their negatives. */
  readonly loss: Tensor;
}

/**
 * An approximation of softmax for many classes, numbered from the most to the least frequent: the head scores the first `cutoffs[0]`
 * classes and one for each cluster of rarer ones, which are scored by layers of fewer features, and only where a label is among them. Grave
 * et al., "Efficient softmax approximation for GPUs" (2017). PyTorch: `torch.nn.AdaptiveLogSoftmaxWithLoss`.
 *
 * @throws RangeError unless the cutoffs rise from 1 to below `nClasses`; from `forward` for labels out of range.
 *
 * @example
 * ```ts
 * import { AdaptiveLogSoftmaxWithLoss } from "@heddle/nn";
 * import { randint, randn } from "@heddle/tensor";
 * const layer = new AdaptiveLogSoftmaxWithLoss(64, 1000, [20, 200]);
 * const { output, loss } = layer.forward(randn([8, 64]), randint(0, 1000, [8]));
 * [output.shape, loss.shape]; // [[8], []]
 * layer.logProb(randn([8, 64])).shape; // [8, 1000]
 * ```
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  readonly inFeatures: number;
  readonly nClasses: number;
  /** Where clusters end; the last is `nClasses`. */
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  readonly headBias: boolean;
  /** Scores of the first classes, and of the clusters. */
  readonly head: Linear;
  /** Scores within each cluster. */
  readonly tail: ModuleList<Sequential>;

  constructor(
    inFeatures: number,
    nClasses: number,
    cutoffs: readonly number[],
    options: AdaptiveLogSoftmaxOptions = {},
  ) {
    checkOptions("AdaptiveLogSoftmaxWithLoss", options, ["device", "divValue", "dtype", "generator", "headBias"]);
    super();
    const { divValue = 4, headBias = false, ...placement } = options;
    const layer = "AdaptiveLogSoftmaxWithLoss";
    this.inFeatures = checkSize(layer, "inFeatures", inFeatures);
    this.nClasses = checkSize(layer, "nClasses", nClasses);
    this.divValue = checkNumber(layer, "divValue", divValue, 1);
    this.headBias = headBias;
    const rising = Array.isArray(cutoffs) && cutoffs.length > 0 &&
      cutoffs.every((at, i) => Number.isInteger(at) && at > (cutoffs[i - 1] ?? 0) && at < nClasses);
    if (!rising) {
      throw new RangeError(
        `${layer}: cutoffs are ${
          JSON.stringify(cutoffs)
        }; expected integers that rise, from at least 1 to below nClasses ${nClasses}`,
      );
    }
    this.cutoffs = [...cutoffs, nClasses];
    this.head = new Linear(inFeatures, cutoffs[0]! + cutoffs.length, { ...placement, bias: headBias });
    this.tail = new ModuleList(cutoffs.map((from, i) => {
      const hidden = Math.floor(inFeatures / divValue ** (i + 1));
      return new Sequential(
        new Linear(inFeatures, hidden, { ...placement, bias: false }),
        new Linear(hidden, this.cutoffs[i + 1]! - from, { ...placement, bias: false }),
      );
    }));
  }

  /** Draws new initial values. */
  resetParameters(generator?: Generator): void {
    this.head.resetParameters(generator);
    for (const cluster of this.tail) for (const linear of cluster) (linear as Linear).resetParameters(generator);
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }

  /** Inputs `[N, inFeatures]` and labels `[N]`, or `[inFeatures]` and `[]`. */
  forward(input: Tensor, target: Tensor): AdaptiveLogSoftmaxOutput {
    const single = input.ndim === 1;
    this.checkInput(input);
    if (showSizes(target.shape) !== showSizes(input.shape.slice(0, -1)) || !/^u?int/.test(target.dtype)) {
      throw new RangeError(
        `AdaptiveLogSoftmaxWithLoss: an input of shape ${showSizes(input.shape)} needs integer labels of shape ${
          showSizes(input.shape.slice(0, -1))
        }, got ${target.dtype} of shape ${showSizes(target.shape)}`,
      );
    }
    const labels = target.to("int32").reshape(-1);
    const counted = readsAtOnce(labels) ? Array.from(labels.toTypedArray(), Number) : null;
    const wrong = counted?.find((label) => label < 0 || label >= this.nClasses);
    if (wrong !== undefined) {
      throw new RangeError(
        `AdaptiveLogSoftmaxWithLoss: label ${wrong} is out of range for ${this.nClasses} classes; expected 0 to ${
          this.nClasses - 1
        }`,
      );
    }
    const rows = single ? input.unsqueeze(0) : input;
    const output = this.inFloat32(rows, (rows, scores) => this.labelled(rows, scores, labels, counted));
    const loss = inFloat32([output], (output) => output.neg().mean());
    return { output: single ? output.squeeze(0) : output, loss };
  }

  /** Log-probabilities of labels `[N]`. Labels that can be read at once say which rows a cluster has to score. */
  private labelled(rows: Tensor, scores: Scores, labels: Tensor, counted: readonly number[] | null): Tensor {
    const [shortlist] = this.cutoffs as [number, ...number[]];
    const head = scores.head(rows);
    let column = labels;
    const parts: Tensor[] = [];
    for (const [i, cluster] of scores.tail.entries()) {
      const [from, to] = [this.cutoffs[i]!, this.cutoffs[i + 1]!];
      const within = labels.ge(from).logicalAnd(labels.lt(to));
      column = where(within, shortlist + i, column);
      const chosen = counted?.flatMap((label, row) => label >= from && label < to ? [row] : []) ?? null;
      if (chosen?.length === 0) continue;
      const inside = where(within, labels.sub(from), 0);
      if (chosen === null || chosen.length === counted?.length) {
        parts.push(where(within, cluster(rows).gather(1, inside.unsqueeze(1)).squeeze(1), 0));
        continue;
      }
      const at = within.nonzero().squeeze(1).to("int32");
      const picked = cluster(rows.indexSelect(0, at)).gather(1, inside.indexSelect(0, at).unsqueeze(1)).squeeze(1);
      parts.push(zeros([labels.numel], { dtype: picked.dtype, device: picked.device }).indexAdd(0, at, picked));
    }
    return parts.reduce((sum, part) => sum.add(part), head.gather(1, column.unsqueeze(1)).squeeze(1));
  }

  /** Log-probabilities of all classes: `[N, nClasses]` of `[N, inFeatures]`. PyTorch: `log_prob`. */
  logProb(input: Tensor): Tensor {
    this.checkInput(input);
    const [shortlist] = this.cutoffs as [number, ...number[]];
    return this.inFloat32(input, (input, scores) => {
      const head = scores.head(input);
      const clusters = scores.tail.map((cluster, i) => cluster(input).add(head.narrow(-1, shortlist + i, 1)));
      return cat([head.narrow(-1, 0, shortlist), ...clusters], -1);
    });
  }

  /** Runs a function of the input and of the scores, all of it in float32 where they are float16. */
  private inFloat32(input: Tensor, compute: (input: Tensor, scores: Scores) => Tensor): Tensor {
    const { weight, bias } = this.head;
    const weights = [...this.tail].flatMap((cluster) => [...cluster].map((layer) => (layer as Linear).weight));
    return inFloat32([input, bias, weight, ...weights], (input, bias, weight, ...weights) =>
      compute(input!, {
        head: (x) => linear(x, weight!, bias).logSoftmax(-1),
        tail: [...this.tail].map((_, i) => (x) =>
          linear(linear(x, weights[2 * i]!), weights[2 * i + 1]!).logSoftmax(-1)
        ),
      }));
  }

  /** The most probable class of each input: `[N]` of `[N, inFeatures]`. */
  predict(input: Tensor): Tensor {
    const [shortlist] = this.cutoffs as [number, ...number[]];
    this.checkInput(input);
    const first = this.head.forward(input).argmax(-1);
    return where(first.lt(shortlist), first, this.logProb(input).argmax(-1));
  }

  private checkInput(input: Tensor): void {
    if ((input.ndim === 1 || input.ndim === 2) && input.shape.at(-1) === this.inFeatures) return;
    throw new RangeError(
      `AdaptiveLogSoftmaxWithLoss: got an input of shape ${
        showSizes(input.shape)
      }; expected [N, ${this.inFeatures}] or [${this.inFeatures}]`,
    );
  }

  override extraRepr(): string {
    return `${this.inFeatures}, ${this.nClasses}, cutoffs=${showSizes(this.cutoffs.slice(0, -1))}`;
  }
}
