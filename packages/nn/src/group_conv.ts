/** Convolutions that are equivariant to translations, quarter turns (p4) and mirroring (p4m). */
import { conv2d, type Tensor, tensor } from "@heddle/tensor";
import { checkOptions, inFloat32 } from "@heddle/tensor/engine";
import { type ConvLayerOptions, ConvNd } from "./conv.ts";
import { Module } from "./module.ts";
import { checkSize, showSizes } from "./sizes.ts";
import { elementsOf, filterIndices, type Symmetry } from "./symmetry.ts";

const groupConvOptions = [
  "bias",
  "device",
  "dilation",
  "dtype",
  "generator",
  "group",
  "groups",
  "padding",
  "paddingMode",
  "stride",
] as const;

/** Options of the convolutions over a group. */
export interface GroupConvOptions extends ConvLayerOptions {
  /** "p4" (quarter turns; the default) or "p4m" (quarter turns and mirrors). */
  readonly group?: Symmetry;
}

/** The largest kernel: the indices of every transformed filter are computed on the host. */
const mostKernel = 512;

/** What both share: one gather transforms the filters by all elements, then one convolution. */
export abstract class EquivariantConv extends ConvNd {
  readonly group: Symmetry;
  /** Elements of the group: 4 or 8. */
  readonly order: number;
  /** Planes of an input channel: 1, or one for each element of the group. */
  private readonly planes: number;
  private readonly indices: Int32Array;

  constructor(
    layer: string,
    onGroup: boolean,
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: GroupConvOptions,
  ) {
    const { group = "p4", ...rest } = options;
    const elements = elementsOf(layer, group);
    const planes = onGroup ? elements.length : 1;
    checkSize(layer, "kernelSize", kernelSize, 1, mostKernel);
    checkSize(layer, "inChannels", inChannels);
    super(2, inChannels * planes, outChannels, kernelSize, rest);
    this.group = group;
    this.order = elements.length;
    this.planes = planes;
    this.indices = Int32Array.from(filterIndices(elements, kernelSize, onGroup));
  }

  /** The filters transformed by every element: `[outChannels · order, inChannels · planes / groups, k, k]`. */
  protected transformedWeight(weight: Tensor = this.weight): Tensor {
    const { order, planes } = this;
    const [out, inputs, size] = weight.shape as [number, number, number, number];
    const index = tensor(this.indices, { dtype: "int32", device: weight.device });
    return weight.reshape([out * inputs / planes, planes * size * size])
      .indexSelect(1, index)
      .reshape([out, inputs / planes, order, planes * size * size])
      .transpose(1, 2)
      .reshape([out * order, inputs, size, size]);
  }

  /** The convolution of `[N, inChannels · planes, H, W]`: `[N, outChannels, order, H′, W′]`. */
  protected convolveGroup(input: Tensor): Tensor {
    const { order, outChannels } = this;
    const convolved = (input: Tensor, weight: Tensor, bias: Tensor | null): Tensor => {
      const shared = bias === null ? null : bias.unsqueeze(1).expand([outChannels, order]).flatten();
      return this.convolveWith(conv2d, input, this.transformedWeight(weight), shared);
    };
    // Gradients are summed over the elements of the group.
    const y = inFloat32([input, this.weight, this.bias], convolved);
    return y.unflatten(1, [outChannels, order]);
  }

  override extraRepr(): string {
    const [, ...rest] = super.extraRepr().split(", ");
    return [this.inChannels / this.planes, ...rest, `group=${this.group}`].join(", ");
  }
}

/**
 * From images to feature maps over a group: `[N, C, H, W]` → `[N, outChannels, order, H′, W′]`, each filter applied in its 4 positions
 * (p4) or 8 (p4m, mirrored as well). If the input is turned, the output is turned too and its group dimension permuted. Kernels are
 * square; with a stride this is exact only if it divides H + 2·padding − k.
 *
 * Cohen, Welling: Group equivariant convolutional networks, 2016. PyTorch has none; GrouPy: `P4ConvZ2`, `P4MConvZ2`.
 *
 * Follow it with {@link GroupConv2d}, `BatchNorm3d` (whose statistics then cover group and space, as equivariance requires), pointwise
 * activations, `MaxPool3d([1, 2, 2])`, and last {@link GroupPool}.
 *
 * @throws RangeError for an unknown group, and from `forward` for another number of channels.
 *
 * @example
 * ```ts
 * import { BatchNorm3d, GroupConv2d, GroupPool, LiftingConv2d, MaxPool3d, ReLU, Sequential } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const net = new Sequential(
 *   ...[new LiftingConv2d(1, 8, 3, { padding: 1 }), new BatchNorm3d(8), new ReLU(), new MaxPool3d([1, 2, 2])],
 *   ...[new GroupConv2d(8, 16, 3, { padding: 1 }), new BatchNorm3d(16), new ReLU(), new GroupPool()],
 * );
 * net.forward(randn([2, 1, 28, 28])).shape; // [2, 16, 14, 14]
 * ```
 */
export class LiftingConv2d extends EquivariantConv {
  constructor(inChannels: number, outChannels: number, kernelSize: number, options: GroupConvOptions = {}) {
    checkOptions("LiftingConv2d", options, groupConvOptions);
    super("LiftingConv2d", false, inChannels, outChannels, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    if (input.ndim !== 4 || input.shape[1] !== this.inChannels) {
      throw new RangeError(
        `LiftingConv2d: got an input of shape ${showSizes(input.shape)}; expected [N, ${this.inChannels}, H, W]`,
      );
    }
    return this.convolveGroup(input);
  }
}

/**
 * Convolution of feature maps over a group: `[N, C, order, H, W]` → `[N, outChannels, order, H′, W′]`, with a weight for each input
 * channel, element and position. Its weight is stored as `[outChannels, C · order, k, k]`. GrouPy: `P4ConvP4`, `P4MConvP4M`. See {@link
 * LiftingConv2d}, which comes before.
 *
 * @throws RangeError for an unknown group, and from `forward` for another number of channels or elements.
 *
 * @example
 * ```ts
 * import { GroupConv2d } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new GroupConv2d(8, 16, 3, { group: "p4m" }).forward(randn([2, 8, 8, 14, 14])).shape; // [2, 16, 8, 12, 12]
 * ```
 */
export class GroupConv2d extends EquivariantConv {
  constructor(inChannels: number, outChannels: number, kernelSize: number, options: GroupConvOptions = {}) {
    checkOptions("GroupConv2d", options, groupConvOptions);
    super("GroupConv2d", true, inChannels, outChannels, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    const channels = this.inChannels / this.order;
    if (input.ndim !== 5 || input.shape[1] !== channels || input.shape[2] !== this.order) {
      throw new RangeError(
        `GroupConv2d: got an input of shape ${
          showSizes(input.shape)
        }; expected [N, ${channels}, ${this.order}, H, W] for the group ` +
          `"${this.group}"` + (input.ndim === 4 ? ", as a LiftingConv2d makes it of images" : ""),
      );
    }
    return this.convolveGroup(input.flatten(1, 2));
  }
}

/** Options of {@link GroupPool}. */
export interface GroupPoolOptions {
  /** "max" (the default) or "mean". */
  readonly mode?: "max" | "mean";
}

/**
 * Pools over the elements of the group: `[N, C, order, …]` → `[N, C, …]`. The resulting feature maps turn with the input; after a mean or
 * maximum over space they are invariant.
 *
 * @throws RangeError from `forward` for fewer than three dimensions.
 *
 * @example
 * ```ts
 * import { GroupPool } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new GroupPool().forward(randn([2, 16, 4, 7, 7])).shape; // [2, 16, 7, 7]
 * ```
 */
export class GroupPool extends Module {
  readonly mode: "max" | "mean";

  constructor(options: GroupPoolOptions = {}) {
    checkOptions("GroupPool", options, ["mode"]);
    super();
    const { mode = "max" } = options;
    if (mode !== "max" && mode !== "mean") {
      throw new RangeError(`GroupPool: mode ${JSON.stringify(mode)} is unknown; use "max" or "mean"`);
    }
    this.mode = mode;
  }

  forward(input: Tensor): Tensor {
    if (input.ndim < 3) {
      throw new RangeError(`GroupPool: got an input of shape ${showSizes(input.shape)}; expected [N, C, order, …]`);
    }
    return this.mode === "max" ? input.amax(2) : input.mean(2);
  }

  override extraRepr(): string {
    return this.mode;
  }
}
