/** Rotary encodings: queries and keys are rotated by their positions. */
import { customFunction } from "@heddle/autograd";
import { fused, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { lyingAs } from "../functional/memory_layout.ts";
import { Module } from "../module.ts";
import { checkSize, showSizes } from "../sizes.ts";
import { PositionTable } from "./position_table.ts";
import type { PositionOptions } from "./positions.ts";

/** Options of {@link RotaryPositions}. */
export interface RotaryOptions {
  /** The slowest rotation is 1/base radians a position, the fastest 1; 10,000 by default. */
  readonly base?: number;
  /** The rotation of each pair of features in radians a position, for models that scale their positions; those of `base` by default. */
  readonly frequencies?: readonly number[];
  /** Which features are rotated together: neighbours (2i, 2i + 1) as in the paper, or i and i + headDim / 2, as in LLaMA's weights. */
  readonly layout?: "pairs" | "halves";
}

/** Which features {@link RotaryPositions} turns together. */
export type RotaryLayout = NonNullable<RotaryOptions["layout"]>;

const turnFirst = fused("rotary", (a, b, cosine, sine) => a.mul(cosine).sub(b.mul(sine)));
const turnSecond = fused("rotary", (a, b, cosine, sine) => b.mul(cosine).add(a.mul(sine)));

/** The two features of each pair, `[…, pairs]`. */
function partsOf(x: Tensor, layout: RotaryLayout): [Tensor, Tensor] {
  const half = x.shape.at(-1)! / 2;
  if (layout === "halves") return [x.narrow(-1, 0, half), x.narrow(-1, half, half)];
  const pairs = x.unflatten(-1, [half, 2]);
  return [pairs.select(-1, 0), pairs.select(-1, 1)];
}

/** The gradient is the inverse rotation. The tables are saved like inputs, because views of them end with the scope of the call. */
const turn: (x: Tensor, cosine: Tensor, sine: Tensor, layout: RotaryLayout) => Tensor = customFunction({
  name: "rotary",
  forward(context, x: Tensor, cosine: Tensor, sine: Tensor, layout: RotaryLayout) {
    context.saveForBackward(cosine, sine);
    context.layout = layout;
    const out = lyingAs(x, x.shape);
    const [[a, b], [c, d]] = [partsOf(x, layout), partsOf(out, layout)];
    turnFirst([a, b, cosine, sine], c);
    turnSecond([a, b, cosine, sine], d);
    return out;
  },
  backward(context, g) {
    const [cosine, sine] = context.savedTensors;
    return [turn(g!, cosine!, sine!.neg(), context.layout as RotaryLayout), null, null];
  },
});

/**
 * Rotates each pair of features of queries and keys `[…, positions, headDim]` by an angle that grows with the position, so that scores
 * depend on distances: Su et al., "RoFormer" (2021). Pass it to `MultiheadAttention` as `rotary`, or call it before
 * `functional.scaledDotProductAttention`. It has no parameters and no maximum length.
 *
 * @throws RangeError for an odd number of features, or one that differs from the input's, and for another number of frequencies.
 *
 * @example
 * ```ts
 * import { RotaryPositions } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const rotary = new RotaryPositions(8);
 * rotary.forward(randn([2, 4, 10, 8])).shape; // [2, 4, 10, 8]
 * rotary.forward(randn([2, 4, 1, 8]), { offset: 10 }); // the eleventh position
 * ```
 */
export class RotaryPositions extends Module {
  readonly headDim: number;
  readonly base: number;
  readonly layout: RotaryLayout;
  private readonly cosines: PositionTable;
  private readonly sines: PositionTable;

  constructor(headDim: number, options: RotaryOptions = {}) {
    checkOptions("RotaryPositions", options, ["base", "frequencies", "layout"]);
    super();
    const { base = 10_000, layout = "pairs" } = options;
    this.headDim = checkSize("RotaryPositions", "headDim", headDim, 2);
    if (headDim % 2 !== 0) {
      throw new RangeError(`RotaryPositions: headDim ${headDim} is odd; features are turned in pairs`);
    }
    if (!(base > 1)) throw new RangeError(`RotaryPositions: base is ${base}; expected a number above 1`);
    if (layout !== "pairs" && layout !== "halves") {
      throw new TypeError(`RotaryPositions: unknown layout "${String(layout)}"; use "pairs" or "halves"`);
    }
    this.base = base;
    this.layout = layout;
    const pairs = headDim / 2;
    const frequencies = options.frequencies ?? Array.from({ length: pairs }, (_, pair) => base ** (-pair / pairs));
    if (frequencies.length !== pairs || !frequencies.every(Number.isFinite)) {
      throw new RangeError(
        `RotaryPositions: frequencies are ${frequencies.length} values; expected ${pairs} finite ones, one for each pair of ${headDim} features`,
      );
    }
    const angle = (position: number, pair: number): number => position * frequencies[pair]!;
    this.cosines = new PositionTable(pairs, (position, pair) => Math.cos(angle(position, pair)));
    this.sines = new PositionTable(pairs, (position, pair) => Math.sin(angle(position, pair)));
  }

  forward(x: Tensor, options: PositionOptions = {}): Tensor {
    checkOptions("RotaryPositions.forward", options, ["offset"]);
    const { offset = 0 } = options;
    checkSize("RotaryPositions", "offset", offset, 0);
    if (x.ndim < 2 || x.shape.at(-1) !== this.headDim) {
      throw new RangeError(
        `RotaryPositions: got an input of shape ${showSizes(x.shape)}; expected […, positions, ${this.headDim}]`,
      );
    }
    const length = x.shape.at(-2)!;
    const cosine = this.cosines.rows(offset, length, x);
    const sine = this.sines.rows(offset, length, x);
    return turn(x, cosine, sine, this.layout);
  }

  override extraRepr(): string {
    return `${this.headDim}, base=${this.base}${this.layout === "pairs" ? "" : `, layout=${this.layout}`}`;
  }
}
