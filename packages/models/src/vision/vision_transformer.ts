/** Vision transformers. */
import { cat, empty, type Tensor, zeros } from "@heddle/tensor";
import {
  Conv2d,
  Dropout,
  GELU,
  init,
  type Layer,
  LayerNorm,
  type LayerOptions,
  Linear,
  type LoadOptions,
  type LoadReport,
  Module,
  MultiheadAttention,
  Parameter,
  Sequential,
  snakeCase,
  type StateDict,
  Tanh,
} from "@heddle/nn";
import { checkOptions } from "@heddle/tensor/engine";
import { type ClassifierOptions, classifierOptions } from "./classifier_options.ts";
import { withNames } from "./published_names.ts";

/** The numbers of a vision transformer. */
export interface VisionTransformerSizes {
  /** Height and width of a patch. */
  readonly patchSize: number;
  readonly numLayers: number;
  readonly numHeads: number;
  /** Features of a position. */
  readonly hiddenDim: number;
  /** Features between the two linear layers of a block. */
  readonly mlpDim: number;
}

/** Options of the vision transformers, named as in torchvision. */
export interface VisionTransformerOptions extends ClassifierOptions {
  /** Height and width of the images, a multiple of the patch size; 224 by default. */
  readonly imageSize?: number;
  /** Probability of dropout after attention and linear layers; 0 by default. */
  readonly dropout?: number;
  /** Probability of dropout of attention weights; 0 by default. */
  readonly attentionDropout?: number;
  /** Features of a layer before the head; null, the default, for none. */
  readonly representationSize?: number | null;
}

interface BlockOptions extends VisionTransformerSizes {
  readonly dropout: number;
  readonly attentionDropout: number;
  readonly placement: LayerOptions;
}

function layerNorm(features: number, { device, dtype }: LayerOptions): LayerNorm {
  return new LayerNorm(features, { eps: 1e-6, device, dtype });
}

/** Attention and two linear layers, each after a normalisation and beside a shortcut. */
class EncoderBlock extends Module {
  readonly ln1: LayerNorm;
  readonly selfAttention: MultiheadAttention;
  readonly dropout: Dropout;
  readonly ln2: LayerNorm;
  readonly mlp: Sequential;

  constructor({ numHeads, hiddenDim, mlpDim, dropout, attentionDropout, placement }: BlockOptions) {
    super();
    const { generator } = placement;
    this.ln1 = layerNorm(hiddenDim, placement);
    this.selfAttention = new MultiheadAttention(hiddenDim, numHeads, {
      dropout: attentionDropout,
      batchFirst: true,
      ...placement,
    });
    this.dropout = new Dropout(dropout, { generator });
    this.ln2 = layerNorm(hiddenDim, placement);
    const linear = (from: number, to: number): Linear => {
      const layer = new Linear(from, to, placement);
      init.xavierUniform_(layer.weight, { generator });
      init.normal_(layer.bias!, 0, 1e-6, { generator });
      return layer;
    };
    this.mlp = new Sequential<readonly Layer[]>(
      linear(hiddenDim, mlpDim),
      new GELU(),
      new Dropout(dropout, { generator }),
      linear(mlpDim, hiddenDim),
      new Dropout(dropout, { generator }),
    );
  }

  override stateKey(property: string): string {
    return snakeCase(property).replace(/^ln/, "ln_");
  }

  forward(x: Tensor): Tensor {
    const [attended] = this.selfAttention.forward(this.ln1.forward(x));
    const y = this.dropout.forward(attended).add(x);
    return y.add(this.mlp.forward(this.ln2.forward(y)));
  }
}

/** Adds an embedding of the positions, and applies the blocks. */
class Encoder extends Module {
  readonly posEmbedding: Parameter;
  readonly dropout: Dropout;
  readonly layers: Sequential;
  readonly ln: LayerNorm;

  constructor(positions: number, options: BlockOptions) {
    super();
    const { numLayers, hiddenDim, dropout, placement: { generator, ...place } } = options;
    this.posEmbedding = new Parameter(empty([1, positions, hiddenDim], place));
    init.normal_(this.posEmbedding, 0, 0.02, { generator });
    this.dropout = new Dropout(dropout, { generator });
    this.layers = Sequential.named(Object.fromEntries(
      Array.from({ length: numLayers }, (_, i) => [`encoder_layer_${i}`, new EncoderBlock(options)]),
    ));
    this.ln = layerNorm(hiddenDim, place);
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }

  forward(x: Tensor): Tensor {
    return this.ln.forward(this.layers.forward(this.dropout.forward(x.add(this.posEmbedding))));
  }
}

/**
 * A vision transformer: Dosovitskiy et al., "An image is worth 16x16 words" (2020). torchvision:
 * `torchvision.models.VisionTransformer`, with its names in state dicts.
 *
 * @throws RangeError when the patches do not divide the image, and from `forward` for images of another size.
 *
 * @example
 * ```ts
 * import { VisionTransformer } from "@heddle/models";
 * import { randn } from "@heddle/tensor";
 * const sizes = { patchSize: 8, numLayers: 2, numHeads: 4, hiddenDim: 32, mlpDim: 64 };
 * const net = new VisionTransformer(sizes, { imageSize: 32, numClasses: 10 });
 * net.forward(randn([2, 3, 32, 32])).shape; // [2, 10]
 * ```
 */
export class VisionTransformer extends Module {
  readonly imageSize: number;
  readonly classToken: Parameter;
  readonly convProj: Conv2d;
  readonly encoder: Layer;
  heads: Sequential;

  constructor(sizes: VisionTransformerSizes, options: VisionTransformerOptions = {}) {
    super();
    checkOptions("VisionTransformer", sizes, ["hiddenDim", "mlpDim", "numHeads", "numLayers", "patchSize"]);
    checkOptions("VisionTransformer", options, [
      ...classifierOptions,
      "attentionDropout",
      "dropout",
      "imageSize",
      "representationSize",
    ]);
    const {
      numClasses = 1000,
      imageSize = 224,
      dropout = 0,
      attentionDropout = 0,
      representationSize = null,
      ...placement
    } = options;
    const { patchSize, hiddenDim } = sizes;
    const { generator, ...place } = placement;
    if (imageSize % patchSize !== 0) {
      throw new RangeError(`VisionTransformer: patches of ${patchSize} pixels do not divide an image of ${imageSize}`);
    }
    this.imageSize = imageSize;
    this.classToken = new Parameter(zeros([1, 1, hiddenDim], place));
    this.convProj = new Conv2d(3, hiddenDim, patchSize, { stride: patchSize, ...placement });
    const lecun = (weight: Parameter, fanIn: number): void =>
      void init.truncNormal_(weight, { std: Math.sqrt(1 / fanIn), generator });
    lecun(this.convProj.weight, 3 * patchSize ** 2);
    init.zeros_(this.convProj.bias!);
    const positions = (imageSize / patchSize) ** 2 + 1;
    this.encoder = new Encoder(positions, { ...sizes, dropout, attentionDropout, placement });
    const head = new Linear(representationSize ?? hiddenDim, numClasses, placement);
    init.zeros_(head.weight);
    init.zeros_(head.bias!);
    if (representationSize === null) this.heads = Sequential.named({ head });
    else {
      const preLogits = new Linear(hiddenDim, representationSize, placement);
      lecun(preLogits.weight, hiddenDim);
      init.zeros_(preLogits.bias!);
      this.heads = Sequential.named({ pre_logits: preLogits, act: new Tanh(), head });
    }
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }

  /** See `Module.loadStateDict`. The names of published files (`mlp.linear_1` for `mlp.0`) are understood too. */
  override loadStateDict(state: Readonly<StateDict>, options: LoadOptions = {}): LoadReport {
    const rename = (name: string): string =>
      name.replace(/\.mlp\.linear_([12])\./, (_, index) => `.mlp.${3 * (Number(index) - 1)}.`);
    return super.loadStateDict(withNames(state, rename), options);
  }

  /** Scores `[N, numClasses]` of images `[N, 3, imageSize, imageSize]`. */
  forward(x: Tensor): Tensor {
    const { imageSize } = this;
    if (x.ndim !== 4 || x.shape[2] !== imageSize || x.shape[3] !== imageSize) {
      throw new RangeError(
        `VisionTransformer: got an input of shape [${
          x.shape.join(", ")
        }]; expected [N, 3, ${imageSize}, ${imageSize}]: ` +
          `resize the images, or make the network with another imageSize`,
      );
    }
    const patches = this.convProj.forward(x).flatten(2).transpose(1, 2);
    const token = this.classToken.expand([x.shape[0]!, 1, this.classToken.shape[2]!]);
    const positions = this.encoder.forward(cat([token, patches], 1));
    return this.heads.forward(positions.select(1, 0));
  }
}

/** Makes a vision transformer. */
export type VisionTransformerFactory = (options?: VisionTransformerOptions) => VisionTransformer;

const base = { numLayers: 12, numHeads: 12, hiddenDim: 768, mlpDim: 3072 };
const large = { numLayers: 24, numHeads: 16, hiddenDim: 1024, mlpDim: 4096 };

function vit(sizes: VisionTransformerSizes): VisionTransformerFactory {
  return (options = {}) => new VisionTransformer(sizes, options);
}

/** ViT-B/16. torchvision: `vit_b_16`. */
export const vitB16: VisionTransformerFactory = vit({ patchSize: 16, ...base });
/** ViT-B/32. torchvision: `vit_b_32`. */
export const vitB32: VisionTransformerFactory = vit({ patchSize: 32, ...base });
/** ViT-L/16. torchvision: `vit_l_16`. */
export const vitL16: VisionTransformerFactory = vit({ patchSize: 16, ...large });
/** ViT-L/32. torchvision: `vit_l_32`. */
export const vitL32: VisionTransformerFactory = vit({ patchSize: 32, ...large });
