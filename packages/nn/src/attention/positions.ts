/** Encodings of positions that are added to the inputs. */
import { empty, type Tensor } from "@heddle/tensor";
import { checkOptions, inFloat32 } from "@heddle/tensor/engine";
import { normal_ } from "../init/mod.ts";
import type { LayerOptions } from "../layer_options.ts";
import { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { checkSize, showSizes } from "../sizes.ts";
import { PositionTable } from "./position_table.ts";

/** Options of `forward` of the position layers. */
export interface PositionOptions {
  /** The position of the first element, such as the number of positions in a cache; 0 by default. */
  readonly offset?: number;
}

/** Options of the position layers. */
export interface PositionLayerOptions extends LayerOptions {
  /** Whether inputs are `[…, positions, dModel]` rather than `[positions, batch, dModel]`; true by default. */
  readonly batchFirst?: boolean;
}

/** The range of positions of an input: its start, its length, and whether positions are the second-to-last dimension. */
function stretchOf(
  layer: string,
  { dModel, maxLength, batchFirst }: { dModel: number; maxLength: number; batchFirst: boolean },
  input: Tensor,
  { offset = 0 }: PositionOptions,
): { offset: number; length: number; along: boolean } {
  checkSize(layer, "offset", offset, 0);
  if (input.ndim < 2 || input.shape.at(-1) !== dModel) {
    throw new RangeError(
      `${layer}: got an input of shape ${showSizes(input.shape)}; expected ${
        batchFirst ? `[…, positions, ${dModel}]` : `[positions, batch, ${dModel}]`
      }`,
    );
  }
  const along = batchFirst || input.ndim === 2;
  const length = input.shape[along ? input.ndim - 2 : 0]!;
  if (offset + length > maxLength) {
    throw new RangeError(
      `${layer}: positions ${offset} to ${offset + length - 1} of an input of shape ${
        showSizes(input.shape)
      }, but there are ${maxLength}; shorten the sequences, or make the layer with a larger maxLength`,
    );
  }
  return { offset, length, along };
}

/**
 * Adds to position p, in features 2i and 2i + 1, the sine and cosine of p / 10000^(2i / dModel): Vaswani et al., "Attention is all you
 * need" (2017), section 3.5. It has no parameters.
 *
 * @throws RangeError from `forward` for positions beyond `maxLength`.
 *
 * @example
 * ```ts
 * import { SinusoidalPositions } from "@heddle/nn";
 * import { zeros } from "@heddle/tensor";
 * const positions = new SinusoidalPositions(4, 100);
 * positions.forward(zeros([2, 3, 4])).at(0, 0).toArray(); // [0, 1, 0, 1]
 * positions.forward(zeros([2, 1, 4]), { offset: 3 }); // the fourth position
 * ```
 */
export class SinusoidalPositions extends Module {
  readonly dModel: number;
  readonly maxLength: number;
  readonly batchFirst: boolean;
  private readonly table: PositionTable;

  constructor(dModel: number, maxLength = 5000, options: Pick<PositionLayerOptions, "batchFirst"> = {}) {
    checkOptions("SinusoidalPositions", options, ["batchFirst"]);
    super();
    const { batchFirst = true } = options;
    this.dModel = checkSize("SinusoidalPositions", "dModel", dModel);
    this.maxLength = checkSize("SinusoidalPositions", "maxLength", maxLength);
    this.batchFirst = batchFirst;
    this.table = new PositionTable(dModel, (position, feature) => {
      const angle = position / 10_000 ** ((feature - feature % 2) / dModel);
      return feature % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    });
  }

  forward(input: Tensor, options: PositionOptions = {}): Tensor {
    checkOptions("SinusoidalPositions.forward", options, ["offset"]);
    const { offset, length, along } = stretchOf("SinusoidalPositions", this, input, options);
    const rows = this.table.rows(offset, length, input);
    return inFloat32([input], (input) => input.add(along ? rows : rows.unsqueeze(1)));
  }

  override extraRepr(): string {
    return `${this.dModel}, ${this.maxLength}`;
  }
}

/**
 * Adds a learned vector for each position. The vectors start normally distributed with standard deviation 0.02, as GPT-2's do.
 *
 * @throws RangeError from `forward` for positions beyond `maxLength`.
 *
 * @example
 * ```ts
 * import { LearnedPositions } from "@heddle/nn";
 * import { zeros } from "@heddle/tensor";
 * new LearnedPositions(16, 64).forward(zeros([2, 10, 16])).shape; // [2, 10, 16]
 * ```
 */
export class LearnedPositions extends Module {
  readonly dModel: number;
  readonly maxLength: number;
  readonly batchFirst: boolean;
  /** `[maxLength, dModel]` */
  weight: Parameter;

  constructor(dModel: number, maxLength: number, options: PositionLayerOptions = {}) {
    checkOptions("LearnedPositions", options, ["batchFirst", "device", "dtype", "generator"]);
    super();
    const { batchFirst = true, generator, ...placement } = options;
    this.dModel = checkSize("LearnedPositions", "dModel", dModel);
    this.maxLength = checkSize("LearnedPositions", "maxLength", maxLength);
    this.batchFirst = batchFirst;
    this.weight = new Parameter(empty([maxLength, dModel], placement));
    normal_(this.weight, 0, 0.02, { generator });
  }

  forward(input: Tensor, options: PositionOptions = {}): Tensor {
    checkOptions("LearnedPositions.forward", options, ["offset"]);
    const { offset, length, along } = stretchOf("LearnedPositions", this, input, options);
    const rows = this.weight.narrow(0, offset, length);
    return input.add(along ? rows : rows.unsqueeze(1));
  }

  override extraRepr(): string {
    return `${this.dModel}, ${this.maxLength}`;
  }
}
