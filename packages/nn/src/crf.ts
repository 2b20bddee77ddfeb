/** Sequences of tags whose neighbours depend on each other. */
import { empty, ones, type Tensor, where } from "@heddle/tensor";
import { checkOptions, checkValues, inFloat32 } from "@heddle/tensor/engine";
import { partition } from "./crf_partition.ts";
import { bestTags } from "./crf_viterbi.ts";
import { lookUp } from "./functional/lookup.ts";
import { uniform_ } from "./init/mod.ts";
import type { LayerOptions } from "./layer_options.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { checkSize, showSizes } from "./sizes.ts";
import { snakeCase } from "./state_dict.ts";

/** The parameters of a {@link CRF}, in the dtype of the computation. */
interface Scores {
  readonly transitions: Tensor;
  readonly start: Tensor;
  readonly end: Tensor;
}

/** Options of {@link CRF}. */
export interface CRFOptions extends LayerOptions {
  /** Whether sequences are `[B, T, …]` rather than `[T, B, …]`. */
  readonly batchFirst?: boolean;
}

/** Options of {@link CRF.decode}. */
export interface CRFMask {
  /** Bool, in the shape of the tags: true up to the length of each sequence, at least 1. Without it all sequences have length T. */
  readonly mask?: Tensor | null;
}

/** Options of {@link CRF.forward}. */
export interface CRFLikelihoodOptions extends CRFMask {
  /** "sum" (the default), the "mean" of the sequences, the "tokenMean" over all tags, or "none" for `[B]`. */
  readonly reduction?: "none" | "sum" | "mean" | "tokenMean";
}

/**
 * A linear-chain conditional random field: Lafferty et al. (2001). Emissions, computed by a network, score each tag at each position; the
 * field adds scores for pairs of adjacent tags and for the first and last tag, and scores sequences as a whole: p(tags) =
 * exp(score(tags)) / Σ exp(score). A transition of −∞ forbids that move. After pytorch-crf's `CRF`, with its names of parameters.
 *
 * @throws RangeError from `forward` and `decode` for other shapes, tags out of range, and, on devices that can be read at once, masks
 * with gaps. TypeError for a mask that is not bool.
 *
 * @example
 * ```ts
 * import { CRF } from "@heddle/nn";
 * import { randint, randn, tensor } from "@heddle/tensor";
 * const crf = new CRF(5, { batchFirst: true });
 * const [emissions, tags] = [randn([2, 3, 5]), randint(0, 5, [2, 3])];
 * const mask = tensor([[true, true, true], [true, true, false]]);
 * crf.forward(emissions, tags, { mask }).neg().backward(); // the loss is the negative log-likelihood
 * const best = await crf.decode(emissions, { mask });
 * best.map((row) => row.length); // [3, 2]
 * ```
 */
export class CRF extends Module {
  readonly numTags: number;
  readonly batchFirst: boolean;
  /** `[numTags]`; `start_transitions` in state dicts. */
  startTransitions: Parameter;
  /** `[numTags]`; `end_transitions` in state dicts. */
  endTransitions: Parameter;
  /** `[numTags, numTags]`: from the tag of the row to that of the column. */
  transitions: Parameter;

  constructor(numTags: number, options: CRFOptions = {}) {
    checkOptions("CRF", options, ["batchFirst", "device", "dtype", "generator"]);
    super();
    const { batchFirst = false, generator, ...placement } = options;
    this.numTags = checkSize("CRF", "numTags", numTags);
    this.batchFirst = batchFirst;
    this.startTransitions = new Parameter(empty([numTags], placement));
    this.endTransitions = new Parameter(empty([numTags], placement));
    this.transitions = new Parameter(empty([numTags, numTags], placement));
    for (const parameter of this.parameters()) uniform_(parameter, -0.1, 0.1, { generator });
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }

  /** The log-likelihood of tags (integers `[B, T]` or `[T, B]`), given emissions with a further dimension of `numTags`. */
  forward(emissions: Tensor, tags: Tensor, options: CRFLikelihoodOptions = {}): Tensor {
    checkOptions("CRF.forward", options, ["mask", "reduction"]);
    const { reduction = "sum" } = options;
    const [scores, present] = this.stepsFirst(emissions, options);
    if (showSizes(tags.shape) !== showSizes(emissions.shape.slice(0, 2))) {
      throw new RangeError(
        `CRF: tags of shape ${showSizes(tags.shape)} for emissions of shape ${showSizes(emissions.shape)}; expected ` +
          showSizes(emissions.shape.slice(0, 2)),
      );
    }
    const labels = where(present, this.batchFirst ? tags.t() : tags, 0).to("int32");
    const operands = [scores, this.transitions, this.startTransitions, this.endTransitions] as const;
    return inFloat32(operands, (scores, transitions, start, end) => {
      const [total] = partition(scores, present.unsqueeze(2), transitions, start, end);
      const given = this.score(scores, labels, present, { transitions, start, end });
      return reducedTo(reduction, given.sub(total!), present);
    });
  }

  /** The most likely tags of each sequence, one for each of its elements: by Viterbi's algorithm, on the host, with a single read. */
  async decode(emissions: Tensor, options: CRFMask = {}): Promise<number[][]> {
    checkOptions("CRF.decode", options, ["mask"]);
    const [scores, present] = this.stepsFirst(emissions, options);
    const { transitions, startTransitions, endTransitions, numTags } = this;
    const [steps, batch] = present.shape as [number, number];
    const read = [scores, present, transitions, startTransitions, endTransitions].map((x) => x.detach().data());
    const [emission, there, moves, first, last] = await Promise.all(read);
    return Array.from({ length: batch }, (_, row) => {
      let length = 0;
      while (length < steps && Number(there![length * batch + row]) !== 0) length++;
      const at = (step: number, tag: number): number => Number(emission![(step * batch + row) * numTags + tag]);
      return bestTags(length, numTags, at, moves!, first!, last!);
    });
  }

  /** The scores of given tags: `[B]`. */
  private score(emissions: Tensor, tags: Tensor, present: Tensor, { transitions, start, end }: Scores): Tensor {
    const { numTags } = this;
    const steps = emissions.shape[0]!;
    const explain = (tag: number | bigint): string => `CRF: tag ${tag} is out of range; expected 0 to ${numTags - 1}`;
    const emitted = lookUp(tags, numTags, explain, () => emissions.gather(2, tags.unsqueeze(2)).squeeze(2));
    const lengths = present.sum(0).to("int32");
    const lastTags = tags.gather(0, lengths.sub(1).unsqueeze(0)).squeeze(0);
    const ends = start.indexSelect(0, tags.select(0, 0)).add(end.indexSelect(0, lastTags));
    const sum = ends.add(where(present, emitted, 0).sum(0));
    if (steps === 1) return sum;
    const moves = tags.narrow(0, 0, steps - 1).mul(numTags).add(tags.narrow(0, 1, steps - 1));
    const moved = transitions.flatten().indexSelect(0, moves.flatten()).reshape(moves.shape);
    return sum.add(where(present.narrow(0, 1, steps - 1), moved, 0).sum(0));
  }

  /** Emissions `[T, B, K]` and a mask `[T, B]`, checked. */
  private stepsFirst(emissions: Tensor, { mask }: CRFMask): [Tensor, Tensor] {
    const { numTags, batchFirst } = this;
    const { shape, device } = emissions;
    const lead = shape.slice(0, 2);
    if (emissions.ndim !== 3 || shape[2] !== numTags || lead.includes(0)) {
      throw new RangeError(
        `CRF: got emissions of shape ${showSizes(shape)}; expected [${
          batchFirst ? "B, T" : "T, B"
        }, ${numTags}], not empty`,
      );
    }
    if (mask && showSizes(mask.shape) !== showSizes(lead)) {
      throw new RangeError(`CRF: the mask has shape ${showSizes(mask.shape)}; expected ${showSizes(lead)}`);
    }
    if (mask && mask.dtype !== "bool") throw new TypeError(`CRF: the mask is ${mask.dtype}; cast it with .to("bool")`);
    const present = mask ?? ones(lead, { dtype: "bool", device });
    const ordered = batchFirst ? present.t() : present;
    if (mask) checkValues(ordered, checkGaps);
    return [batchFirst ? emissions.transpose(0, 1) : emissions, ordered];
  }

  override extraRepr(): string {
    return `numTags=${this.numTags}, batchFirst=${this.batchFirst}`;
  }
}

/** Reduces likelihoods `[B]`. @throws RangeError for an unknown reduction. */
function reducedTo(reduction: string, likelihood: Tensor, present: Tensor): Tensor {
  if (reduction === "none") return likelihood;
  if (reduction === "sum") return likelihood.sum();
  if (reduction === "mean") return likelihood.mean();
  if (reduction === "tokenMean") return likelihood.sum().div(present.sum().to(likelihood.dtype));
  throw new RangeError(`CRF: reduction is "${reduction}"; expected "none", "sum", "mean" or "tokenMean"`);
}

/** @throws RangeError for a sequence that is empty or continues after its end. */
function checkGaps(present: Tensor): void {
  const [steps, batch] = present.shape as [number, number];
  const values = present.toTypedArray();
  for (let row = 0; row < batch; row++) {
    for (let step = 0; step < steps; step++) {
      const there = Number(values[step * batch + row]) !== 0;
      const before = step === 0 || Number(values[(step - 1) * batch + row]) !== 0;
      if (step === 0 && !there) throw new RangeError(`CRF: by the mask sequence ${row} is empty; leave it out`);
      if (there && !before) {
        throw new RangeError(
          `CRF: the mask of sequence ${row} is true again at step ${step}; it has to be true up to a length, then false`,
        );
      }
    }
  }
}
