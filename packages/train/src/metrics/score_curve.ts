/** How many samples score at least so much, of each class: what ROC and precision-recall curves are made of. */
import { arange, keep, ones, type Tensor, tensor, tidy } from "@heddle/tensor";
import { noGrad } from "@heddle/autograd";
import { checkOption, checkOptions, showShape } from "@heddle/tensor/engine";
import { checkInvalid, checkLabelOptions, counted, inRange, labelsOf, tally } from "./labels.ts";
import { keptCopy } from "./state.ts";
import { Sums, type SumsState } from "./sums.ts";

/** Options of {@link RocAuc} and {@link AveragePrecision}. */
export interface RankingOptions {
  /** Number of classes, to check that of the scores. */
  readonly numClasses?: number;
  /** Targets with this label do not count (default: all count). */
  readonly ignoreIndex?: number;
  /**
   * Of scores `[N, C]`, each class against the others: the mean of the classes ("macro", default), by how often each is right ("weighted"),
   * or a figure for each ("none"). Mean values leave out classes whose figure is NaN.
   */
  readonly average?: "macro" | "weighted" | "none";
  /**
   * Counts scores between thresholds instead of keeping all scores: rising numbers, or how many to space evenly from 0 to 1. The result is
   * then as fine as they are. Default null: keeps all.
   */
  readonly thresholds?: number | readonly number[] | null;
}

/** Of one class: the weight of positive and negative samples from each threshold on, of which the last lets all through. */
export interface Curve {
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
}

/** The curves of all classes; one of class 1 where the outputs had no dimension of classes. */
export interface Curves {
  readonly curves: readonly Curve[];
  readonly binary: boolean;
}

/** Scores of a batch with what is right. */
export interface Batch {
  readonly scores: Tensor;
  readonly target: Tensor;
  readonly weight: Tensor | null;
}

/** What a collector holds. */
export interface ScoresState {
  readonly sums: SumsState;
  readonly batches: readonly Batch[];
  readonly classes: number;
}

/** Collects scores, or counts them between thresholds. */
export class ScoreCollector {
  private readonly name: string;
  private readonly options: RankingOptions;
  private readonly thresholds: readonly number[] | null;
  private readonly sums: Sums = new Sums();
  private batches: Batch[] = [];
  private classes = 0;

  /** @throws TypeError or RangeError for options that do not fit. */
  constructor(name: string, options: RankingOptions) {
    checkOptions(name, options, ["numClasses", "ignoreIndex", "average", "thresholds"]);
    checkLabelOptions(name, options);
    checkOption(name, "average", options.average ?? "macro", ["macro", "weighted", "none"]);
    this.name = name;
    this.options = options;
    this.thresholds = thresholdsOf(name, options.thresholds ?? null);
  }

  /** Adds a batch. @throws TypeError or RangeError if shapes or dtypes do not fit. */
  update(output: Tensor, target: Tensor, weight?: Tensor): void {
    const { name, options, thresholds } = this;
    const batch = (): Batch => {
      const labels = labelsOf(name, output, target, options);
      const scores = labels.scores ?? output.detach().reshape(-1);
      if (weight !== undefined && showShape(weight.shape) !== showShape(target.shape)) {
        throw new RangeError(
          `${name}: the weight has shape ${showShape(weight.shape)}, the target ${
            showShape(target.shape)
          }; give each sample its weight`,
        );
      }
      const classes = labels.scores === null ? 1 : labels.classes!;
      if (this.classes !== 0 && this.classes !== classes) {
        throw new RangeError(
          `${name}: this batch has scores of ${classes} classes, those before it of ${this.classes}`,
        );
      }
      this.classes = classes;
      return {
        scores: scores.dtype === "float64" ? scores : scores.to("float32"),
        target: labels.target,
        weight: weight === undefined ? null : weight.detach().to("float32").reshape(-1),
      };
    };
    if (thresholds !== null) {
      this.sums.add(name, () => this.binned(batch(), thresholds));
      return;
    }
    // Copies: the program may write to its tensors afterwards.
    const { scores, target: labels, weight: amounts } = tidy(() =>
      noGrad(() => {
        const { scores, target, weight } = batch();
        return { scores: scores.clone(), target: target.clone(), weight: weight?.clone() ?? null };
      })
    );
    for (const tensor of [scores, labels, amounts]) if (tensor !== null) keep(tensor);
    this.batches.push({ scores, target: labels, weight: amounts });
  }

  /** `[C · 2 · (T + 1) + 1]`: of each class, negatives and positives by the number of thresholds they reach; last what is not valid. */
  private binned({ scores, target, weight }: Batch, thresholds: readonly number[]): Tensor {
    const { classes } = this;
    const { device, dtype } = scores;
    const many = thresholds.length + 1;
    const place = tensor(thresholds, { device, dtype }).searchsorted(scores, { right: true }).reshape(-1, classes);
    const each = arange(classes, { dtype: "int32", device });
    const labels = target.unsqueeze(1);
    const positive = (classes === 1 ? labels.eq(1) : labels.eq(each)).to("int32");
    const spread = (x: Tensor): Tensor => x.unsqueeze(1).expand(place.shape).reshape(-1);
    const counts = counted(target, this.options);
    const valid = inRange(labels, Math.max(2, classes)).logicalAnd(scores.reshape(-1, classes).isnan().logicalNot());
    return tally(
      each.mul(2).add(positive).mul(many).add(place).reshape(-1),
      classes * 2 * many,
      valid.reshape(-1),
      counts === null ? null : spread(counts),
      weight === null ? ones([place.numel], { device }) : spread(weight),
    );
  }

  /** The curves; null before the first batch. @throws RangeError for labels outside the classes, and scores that are NaN. */
  async read(): Promise<Curves | null> {
    const { classes, thresholds } = this;
    if (classes === 0) return null;
    const binary = classes === 1;
    if (thresholds === null) {
      const samples = await this.samples();
      return { curves: Array.from({ length: classes }, (_, c) => curveOf(samples, c, classes)), binary };
    }
    const sums = await this.sums.read();
    if (sums === null) return null;
    if (sums.at(-1)! > 0) {
      throw new RangeError(
        `${this.name}: some scores are NaN, or labels are not among the classes; name labels to skip by ignoreIndex`,
      );
    }
    const many = thresholds.length + 1;
    const from = (start: number): number[] => {
      let total = 0;
      return Array.from({ length: many }, (_, t) => total += sums[start + many - 1 - t]!);
    };
    const curves = Array.from({ length: classes }, (_, c) => ({
      negatives: from(2 * c * many),
      positives: from((2 * c + 1) * many),
    }));
    return { curves, binary };
  }

  /** All samples that count, on the host. */
  private async samples(): Promise<Samples> {
    const { classes, name, options: { ignoreIndex } } = this;
    const scores: number[][] = Array.from({ length: classes }, () => []);
    const labels: number[] = [];
    const weights: number[] = [];
    for (const batch of this.batches) {
      const [values, targets, amounts] = await Promise.all([
        batch.scores.data(),
        batch.target.data(),
        batch.weight?.data() ?? null,
      ]);
      for (let n = 0; n < targets.length; n++) {
        const label = Number(targets[n]);
        if (label === ignoreIndex) continue;
        if (!(label >= 0 && label < Math.max(2, classes))) checkInvalid(name, 1, Math.max(2, classes));
        labels.push(label);
        weights.push(amounts === null ? 1 : Number(amounts[n]));
        for (let c = 0; c < classes; c++) {
          const score = Number(values[n * classes + c]);
          if (Number.isNaN(score)) throw new RangeError(`${name}: a score is NaN, which has no rank`);
          scores[c]!.push(score);
        }
      }
    }
    return { scores, labels, weights };
  }

  /** What was collected so far, as a copy. */
  stateDict(): ScoresState {
    const batches = this.batches.map(({ scores, target, weight }) => ({
      scores: scores.clone(),
      target: target.clone(),
      weight: weight?.clone() ?? null,
    }));
    return { sums: this.sums.stateDict(), batches, classes: this.classes };
  }

  /** Goes back to a state. */
  loadStateDict({ sums, batches, classes }: ScoresState): void {
    this.reset();
    this.sums.loadStateDict(sums);
    this.batches = batches.map(({ scores, target, weight }) => ({
      scores: keptCopy(scores),
      target: keptCopy(target),
      weight: weight === null ? null : keptCopy(weight),
    }));
    this.classes = classes;
  }

  /** Forgets all batches. */
  reset(): void {
    this.sums.reset();
    for (const { scores, target, weight } of this.batches) {
      scores.dispose();
      target.dispose();
      weight?.dispose();
    }
    this.batches = [];
    this.classes = 0;
  }
}

interface Samples {
  readonly scores: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly weights: readonly number[];
}

/** The curve of one class against the others, with a point after each score that occurs. */
function curveOf({ scores, labels, weights }: Samples, c: number, classes: number): Curve {
  const own = scores[c]!;
  const order = Uint32Array.from(own, (_, i) => i).sort((a, b) => own[b]! - own[a]!);
  const wanted = classes === 1 ? 1 : c;
  const [positives, negatives]: [number[], number[]] = [[], []];
  let [positive, negative] = [0, 0];
  for (let i = 0; i < order.length; i++) {
    const sample = order[i]!;
    if (labels[sample] === wanted) positive += weights[sample]!;
    else negative += weights[sample]!;
    if (i + 1 < order.length && own[order[i + 1]!] === own[sample]) continue;
    positives.push(positive);
    negatives.push(negative);
  }
  return { positives, negatives };
}

function thresholdsOf(name: string, given: number | readonly number[] | null): readonly number[] | null {
  if (given === null) return null;
  if (typeof given === "number") {
    if (!Number.isInteger(given) || given < 2) {
      throw new RangeError(`${name}: thresholds is ${given}; it must be a whole number from 2, or a list`);
    }
    return Array.from({ length: given }, (_, t) => t / (given - 1));
  }
  if (given.length === 0 || given.some((value, t) => !(t === 0 ? Number.isFinite(value) : value > given[t - 1]!))) {
    throw new RangeError(`${name}: thresholds must be rising numbers, got [${given.slice(0, 8).join(", ")}]`);
  }
  return [...given];
}

/** One figure of those of the classes. */
export function averaged(
  { curves, binary }: Curves,
  average: RankingOptions["average"],
  figure: (curve: Curve) => number,
): number | number[] {
  const figures = curves.map(figure);
  if (binary) return figures[0]!;
  if (average === "none") return figures;
  let [sum, weights] = [0, 0];
  figures.forEach((value, c) => {
    if (Number.isNaN(value)) return;
    const weight = average === "weighted" ? curves[c]!.positives.at(-1) ?? 0 : 1;
    sum += weight * value;
    weights += weight;
  });
  return sum / weights;
}
