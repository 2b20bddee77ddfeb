/** Positions told by vectors that are added to the inputs. */
import { empty, fromTypedArray, type Tensor } from "@heddle/tensor";
import { normal_ } from "../init/mod.ts";
import type { LayerOptions } from "../layer_options.ts";
import { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { checkSize, showSizes } from "../sizes.ts";

/** Options of the `forward` of layers that tell positions. */
export interface PositionOptions {
  /** The position of the first element: how many are in the cache already. 0 by default. */
  readonly offset?: number;
}

/** Options of the layers that add positions. */
export interface PositionLayerOptions extends LayerOptions {
  /** Whether inputs are `[…, positions, dModel]` rather than `[positions, batch, dModel]`; true by default. */
  readonly batchFirst?: boolean;
}

/** The rows for a stretch of positions, in the shape that is added to the input. */
function rowsFor(
  layer: string,
  table: Tensor,
  input: Tensor,
  { offset = 0 }: PositionOptions,
  batchFirst: boolean,
): Tensor {
  const [longest, size] = table.shape as [number, number];
  checkSize(layer, "offset", offset, 0);
  if (input.ndim < 2 || input.shape.at(-1) !== size) {
    throw new RangeError(
      `${layer}: got an input of shape ${showSizes(input.shape)}; expected ${
        batchFirst ? `[…, positions, ${size}]` : `[positions, batch, ${size}]`
      }`,
    );
  }
  const along = batchFirst || input.ndim === 2;
  const length = input.shape[along ? input.ndim - 2 : 0]!;
  if (offset + length > longest) {
    throw new RangeError(
      `${layer}: positions ${offset} to ${offset + length - 1} of an input of shape ${
        showSizes(input.shape)
      }, but there are ${longest}; shorten the sequences, or make the layer with a larger maxLength`,
    );
  }
  const rows = table.narrow(0, offset, length);
  return along ? rows : rows.unsqueeze(1);
}

/**
 * Adds to position p, in features 2i and 2i + 1, the sine and cosine of p / 10000^(2i / dModel): Vaswani et al., "Attention is all you
 * need" (2017), section 3.5. There is nothing to learn.
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
  /** `[maxLength, dModel]` */
  declare readonly table: Tensor;

  constructor(dModel: number, maxLength = 5000, options: Omit<PositionLayerOptions, "generator"> = {}) {
    super();
    const { batchFirst = true, dtype = "float32", device } = options;
    this.dModel = checkSize("SinusoidalPositions", "dModel", dModel);
    this.maxLength = checkSize("SinusoidalPositions", "maxLength", maxLength);
    this.batchFirst = batchFirst;
    const values = Float64Array.from({ length: maxLength * dModel }, (_, at) => {
      const feature = at % dModel;
      const angle = Math.floor(at / dModel) / 10_000 ** ((feature - feature % 2) / dModel);
      return feature % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    });
    const table = fromTypedArray(values, [maxLength, dModel], { dtype, ...(device === undefined ? {} : { device }) });
    this.registerBuffer("table", table, { persistent: false });
  }

  forward(input: Tensor, options: PositionOptions = {}): Tensor {
    return input.add(rowsFor("SinusoidalPositions", this.table, input, options, this.batchFirst));
  }

  override extraRepr(): string {
    return `${this.dModel}, ${this.maxLength}`;
  }
}

/**
 * Adds a vector that is learned for each position. The vectors start normally distributed with standard deviation 0.02, as GPT-2's do.
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
    super();
    const { batchFirst = true, generator, ...placement } = options;
    this.dModel = checkSize("LearnedPositions", "dModel", dModel);
    this.maxLength = checkSize("LearnedPositions", "maxLength", maxLength);
    this.batchFirst = batchFirst;
    this.weight = new Parameter(empty([maxLength, dModel], placement));
    normal_(this.weight, 0, 0.02, { generator });
  }

  forward(input: Tensor, options: PositionOptions = {}): Tensor {
    return input.add(rowsFor("LearnedPositions", this.weight, input, options, this.batchFirst));
  }

  override extraRepr(): string {
    return `${this.dModel}, ${this.maxLength}`;
  }
}
