/** Residual networks: ResNet, ResNeXt and Wide ResNet. */
import type { Tensor } from "@heddle/tensor";
import { AdaptiveAvgPool2d, Conv2d, init, type Layer, Linear, MaxPool2d, Module, ReLU, Sequential } from "@heddle/nn";
import { checkOptions } from "@heddle/tensor/engine";
import {
  batchNorm,
  type Building,
  type ClassifierOptions,
  classifierOptions,
  type NormLayer,
} from "./classifier_options.ts";
import { convNormRelu } from "./conv_norm_activation.ts";
import { initialWeights } from "./initial_weights.ts";

/** Options of {@link ResNet}, named as in torchvision. */
export interface ResNetOptions extends ClassifierOptions {
  /** Whether each residual branch starts as zero, so that the blocks start as identities; false by default. */
  readonly zeroInitResidual?: boolean;
  /** Groups of the 3×3 convolutions in {@link Bottleneck}; 1 by default. */
  readonly groups?: number;
  /** Channels of a group in {@link Bottleneck} for every 64 channels of its stage; 64 by default. */
  readonly widthPerGroup?: number;
  /** For the second, third and fourth stage: whether to dilate its convolutions and keep the size of the image; false by default. */
  readonly replaceStrideWithDilation?: readonly [boolean, boolean, boolean];
  /** Makes the normalisation for a number of channels; `BatchNorm2d` by default. */
  readonly normLayer?: NormLayer;
}

/** The numbers of a residual block. */
export interface BlockSizes {
  readonly inPlanes: number;
  readonly planes: number;
  readonly stride: number;
  readonly dilation: number;
  readonly groups: number;
  readonly widthPerGroup: number;
}

function conv3x3({ placement }: Building, from: number, to: number, sizes: Partial<BlockSizes> = {}): Conv2d {
  const { stride = 1, dilation = 1, groups = 1 } = sizes;
  return new Conv2d(from, to, 3, { stride, padding: dilation, dilation, groups, bias: false, ...placement });
}

function conv1x1({ placement }: Building, from: number, to: number, stride = 1): Conv2d {
  return new Conv2d(from, to, 1, { stride, bias: false, ...placement });
}

/** Two 3×3 convolutions beside a shortcut: the block of ResNet-18 and ResNet-34. */
export class BasicBlock extends Module {
  /** Output channels for each of `planes`. */
  static readonly expansion: number = 1;
  readonly conv1: Conv2d;
  readonly bn1: Layer;
  readonly relu: ReLU;
  readonly conv2: Conv2d;
  readonly bn2: Layer;
  readonly downsample: Layer | null;

  constructor(building: Building, sizes: BlockSizes, downsample: Layer | null) {
    super();
    const { inPlanes, planes, stride, dilation, groups, widthPerGroup } = sizes;
    if (groups !== 1 || widthPerGroup !== 64 || dilation !== 1) {
      throw new RangeError(
        `BasicBlock: groups ${groups}, widthPerGroup ${widthPerGroup}, dilation ${dilation}: it has 1, 64 and 1 only; ` +
          `the networks of Bottleneck, such as resnet50, take others`,
      );
    }
    this.conv1 = conv3x3(building, inPlanes, planes, { stride });
    this.bn1 = building.norm(planes);
    this.relu = new ReLU();
    this.conv2 = conv3x3(building, planes, planes);
    this.bn2 = building.norm(planes);
    this.downsample = downsample;
  }

  /** The normalisation that ends the residual branch. */
  get lastNorm(): Layer {
    return this.bn2;
  }

  forward(x: Tensor): Tensor {
    const y = convNormRelu(this.conv1, this.bn1, this.relu, x);
    return convNormRelu(this.conv2, this.bn2, this.relu, y, this.downsample?.forward(x) ?? x);
  }
}

/** A 3×3 convolution between two 1×1 ones beside a shortcut: the block of ResNet-50 and larger ones. The stride is in the 3×3. */
export class Bottleneck extends Module {
  /** Output channels for each of `planes`. */
  static readonly expansion: number = 4;
  readonly conv1: Conv2d;
  readonly bn1: Layer;
  readonly conv2: Conv2d;
  readonly bn2: Layer;
  readonly conv3: Conv2d;
  readonly bn3: Layer;
  readonly relu: ReLU;
  readonly downsample: Layer | null;

  constructor(building: Building, sizes: BlockSizes, downsample: Layer | null) {
    super();
    const { inPlanes, planes, groups, widthPerGroup } = sizes;
    const width = Math.floor(planes * widthPerGroup / 64) * groups;
    this.conv1 = conv1x1(building, inPlanes, width);
    this.bn1 = building.norm(width);
    this.conv2 = conv3x3(building, width, width, sizes);
    this.bn2 = building.norm(width);
    this.conv3 = conv1x1(building, width, planes * Bottleneck.expansion);
    this.bn3 = building.norm(planes * Bottleneck.expansion);
    this.relu = new ReLU();
    this.downsample = downsample;
  }

  /** The normalisation that ends the residual branch. */
  get lastNorm(): Layer {
    return this.bn3;
  }

  forward(x: Tensor): Tensor {
    let y = convNormRelu(this.conv1, this.bn1, this.relu, x);
    y = convNormRelu(this.conv2, this.bn2, this.relu, y);
    return convNormRelu(this.conv3, this.bn3, this.relu, y, this.downsample?.forward(x) ?? x);
  }
}

/** A kind of residual block. */
export type ResNetBlock = typeof BasicBlock | typeof Bottleneck;

/**
 * A residual network: He et al., "Deep residual learning for image recognition" (2015). torchvision: `torchvision.models.ResNet`, with
 * its names in state dicts.
 *
 * @throws RangeError unless there are four stages, and for options that the block does not have.
 *
 * @example
 * ```ts
 * import { Bottleneck, ResNet } from "@heddle/models";
 * import { randn } from "@heddle/tensor";
 * const net = new ResNet(Bottleneck, [1, 1, 1, 1], { numClasses: 10, widthPerGroup: 16 });
 * net.forward(randn([2, 3, 32, 32])).shape; // [2, 10]
 * ```
 */
export class ResNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: Layer;
  readonly relu: ReLU;
  readonly maxpool: MaxPool2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  /** The head: replace it to predict other classes. */
  fc: Linear;

  /** @param layers the number of blocks in each of the four stages. */
  constructor(block: ResNetBlock, layers: readonly number[], options: ResNetOptions = {}) {
    super();
    checkOptions("ResNet", options, [
      ...classifierOptions,
      "groups",
      "normLayer",
      "replaceStrideWithDilation",
      "widthPerGroup",
      "zeroInitResidual",
    ]);
    if (layers.length !== 4) {
      throw new RangeError(`ResNet: expected the numbers of blocks of 4 stages, got [${layers}]`);
    }
    const {
      numClasses = 1000,
      zeroInitResidual = false,
      groups = 1,
      widthPerGroup = 64,
      replaceStrideWithDilation = [false, false, false],
      normLayer,
      ...placement
    } = options;
    const building: Building = { norm: normLayer ?? batchNorm(placement), placement };
    this.conv1 = new Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false, ...placement });
    this.bn1 = building.norm(64);
    this.relu = new ReLU();
    this.maxpool = new MaxPool2d(3, { stride: 2, padding: 1 });
    let inPlanes = 64;
    let dilation = 1;
    const stage = (index: number): Sequential => {
      const planes = 64 * 2 ** index;
      const dilate = index > 0 && replaceStrideWithDilation[index - 1] === true;
      const stride = index > 0 && !dilate ? 2 : 1;
      // The first block still has the dilation of the stage before.
      const first = dilation;
      if (dilate) dilation *= 2;
      const blocks = Array.from({ length: layers[index]! }, (_, i) => {
        const sizes = { inPlanes, planes, groups, widthPerGroup };
        const changes = i === 0 && (stride !== 1 || inPlanes !== planes * block.expansion);
        const downsample = changes
          ? new Sequential<readonly Layer[]>(
            conv1x1(building, inPlanes, planes * block.expansion, stride),
            building.norm(planes * block.expansion),
          )
          : null;
        inPlanes = planes * block.expansion;
        return new block(
          building,
          { ...sizes, stride: i === 0 ? stride : 1, dilation: i === 0 ? first : dilation },
          downsample,
        );
      });
      return new Sequential<readonly Layer[]>(...blocks);
    };
    this.layer1 = stage(0);
    this.layer2 = stage(1);
    this.layer3 = stage(2);
    this.layer4 = stage(3);
    this.avgpool = new AdaptiveAvgPool2d(1);
    this.fc = new Linear(inPlanes, numClasses, placement);
    initialWeights(this, placement.generator);
    if (!zeroInitResidual) return;
    for (const module of this.modules()) {
      if (!(module instanceof BasicBlock || module instanceof Bottleneck)) continue;
      for (const [name, parameter] of module.lastNorm.ownParameters()) if (name === "weight") init.zeros_(parameter);
    }
  }

  /** Scores `[N, numClasses]` of images `[N, 3, H, W]`. */
  forward(x: Tensor): Tensor {
    let y = this.maxpool.forward(convNormRelu(this.conv1, this.bn1, this.relu, x));
    for (const layer of [this.layer1, this.layer2, this.layer3, this.layer4]) y = layer.forward(y);
    return this.fc.forward(this.avgpool.forward(y).flatten(1));
  }
}

/** Makes a residual network. */
export type ResNetFactory = (options?: ResNetOptions) => ResNet;

function resnet(block: ResNetBlock, layers: readonly number[], fixed: ResNetOptions = {}): ResNetFactory {
  return (options = {}) => new ResNet(block, layers, { ...fixed, ...options });
}

/** ResNet-18. torchvision: `resnet18`. */
export const resnet18: ResNetFactory = resnet(BasicBlock, [2, 2, 2, 2]);
/** ResNet-34. torchvision: `resnet34`. */
export const resnet34: ResNetFactory = resnet(BasicBlock, [3, 4, 6, 3]);
/** ResNet-50. torchvision: `resnet50`. */
export const resnet50: ResNetFactory = resnet(Bottleneck, [3, 4, 6, 3]);
/** ResNet-101. torchvision: `resnet101`. */
export const resnet101: ResNetFactory = resnet(Bottleneck, [3, 4, 23, 3]);
/** ResNet-152. torchvision: `resnet152`. */
export const resnet152: ResNetFactory = resnet(Bottleneck, [3, 8, 36, 3]);
/** ResNeXt-50 32×4d: Xie et al. (2016). torchvision: `resnext50_32x4d`. */
export const resnext50: ResNetFactory = resnet(Bottleneck, [3, 4, 6, 3], { groups: 32, widthPerGroup: 4 });
/** ResNeXt-101 32×8d. torchvision: `resnext101_32x8d`. */
export const resnext101: ResNetFactory = resnet(Bottleneck, [3, 4, 23, 3], { groups: 32, widthPerGroup: 8 });
/** Wide ResNet-50-2: Zagoruyko & Komodakis (2016). torchvision: `wide_resnet50_2`. */
export const wideResnet50: ResNetFactory = resnet(Bottleneck, [3, 4, 6, 3], { widthPerGroup: 128 });
/** Wide ResNet-101-2. torchvision: `wide_resnet101_2`. */
export const wideResnet101: ResNetFactory = resnet(Bottleneck, [3, 4, 23, 3], { widthPerGroup: 128 });
