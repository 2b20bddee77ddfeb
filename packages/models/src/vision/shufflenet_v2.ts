/** ShuffleNet V2. */
import { cat, type Tensor } from "@heddle/tensor";
import { Conv2d, functional, type Layer, Linear, MaxPool2d, Module, ReLU, Sequential } from "@heddle/nn";
import { checkOptions } from "@heddle/tensor/engine";
import { batchNorm, type Building, type ClassifierOptions, classifierOptions } from "./classifier_options.ts";
import { convNormActivation } from "./conv_norm_activation.ts";

/** Two branches whose channels are interleaved; at stride 1 one of them is half of the input as it is. */
class InvertedResidual extends Module {
  readonly branch1: Sequential;
  readonly branch2: Sequential;
  private readonly stride: number;

  constructor({ norm, placement }: Building, from: number, to: number, stride: number) {
    super();
    const half = to / 2;
    const depthwise = (channels: number): Layer[] => {
      const options = { stride, padding: 1, groups: channels, bias: false, ...placement };
      return [new Conv2d(channels, channels, 3, options), norm(channels)];
    };
    const pointwise = (inChannels: number): Layer[] => [
      new Conv2d(inChannels, half, 1, { bias: false, ...placement }),
      norm(half),
      new ReLU(),
    ];
    this.stride = stride;
    this.branch1 = new Sequential<readonly Layer[]>(...(stride === 1 ? [] : [...depthwise(from), ...pointwise(from)]));
    this.branch2 = new Sequential<readonly Layer[]>(
      ...pointwise(stride === 1 ? half : from),
      ...depthwise(half),
      ...pointwise(half),
    );
  }

  forward(x: Tensor): Tensor {
    const [first, second] = this.stride === 1 ? x.chunk(2, 1) as [Tensor, Tensor] : [this.branch1.forward(x), x];
    return functional.channelShuffle(cat([first, this.branch2.forward(second)], 1), 2);
  }
}

/**
 * ShuffleNet V2: Ma et al., "ShuffleNet V2: practical guidelines for efficient CNN architecture design" (2018). torchvision:
 * `torchvision.models.ShuffleNetV2`, with its names in state dicts.
 */
export class ShuffleNetV2 extends Module {
  readonly conv1: Sequential;
  readonly maxpool: MaxPool2d;
  readonly stage2: Sequential;
  readonly stage3: Sequential;
  readonly stage4: Sequential;
  readonly conv5: Sequential;
  fc: Linear;

  /**
   * @param stagesRepeats blocks of the three stages.
   * @param stagesOutChannels channels after the first convolution, the three stages and the last convolution.
   */
  constructor(
    stagesRepeats: readonly [number, number, number],
    stagesOutChannels: readonly [number, number, number, number, number],
    options: ClassifierOptions = {},
  ) {
    super();
    checkOptions("ShuffleNetV2", options, classifierOptions);
    const { numClasses = 1000, ...placement } = options;
    const building: Building = { norm: batchNorm(placement), placement };
    const stage = (index: 0 | 1 | 2): Sequential => {
      const [from, to] = [stagesOutChannels[index], stagesOutChannels[index + 1]!];
      return new Sequential<readonly Layer[]>(
        ...Array.from(
          { length: stagesRepeats[index] },
          (_, i) => i === 0 ? new InvertedResidual(building, from, to, 2) : new InvertedResidual(building, to, to, 1),
        ),
      );
    };
    this.conv1 = convNormActivation(building, 3, stagesOutChannels[0], { stride: 2, activation: new ReLU() });
    this.maxpool = new MaxPool2d(3, { stride: 2, padding: 1 });
    this.stage2 = stage(0);
    this.stage3 = stage(1);
    this.stage4 = stage(2);
    const [, , , from, to] = stagesOutChannels;
    this.conv5 = convNormActivation(building, from, to, { kernelSize: 1, activation: new ReLU() });
    this.fc = new Linear(to, numClasses, placement);
  }

  /** Scores `[N, numClasses]` of images `[N, 3, H, W]`. */
  forward(x: Tensor): Tensor {
    let y = this.maxpool.forward(this.conv1.forward(x));
    for (const layer of [this.stage2, this.stage3, this.stage4, this.conv5]) y = layer.forward(y);
    return this.fc.forward(y.mean([2, 3]));
  }
}

/** Makes a ShuffleNet V2. */
export type ShuffleNetFactory = (options?: ClassifierOptions) => ShuffleNetV2;

function shufflenet(...channels: readonly [number, number, number, number, number]): ShuffleNetFactory {
  return (options = {}) => new ShuffleNetV2([4, 8, 4], channels, options);
}

/** ShuffleNet V2 with half the channels. torchvision: `shufflenet_v2_x0_5`. */
export const shufflenetV2X05: ShuffleNetFactory = shufflenet(24, 48, 96, 192, 1024);
/** ShuffleNet V2. torchvision: `shufflenet_v2_x1_0`. */
export const shufflenetV2X10: ShuffleNetFactory = shufflenet(24, 116, 232, 464, 1024);
/** ShuffleNet V2 with 1.5 times the channels. torchvision: `shufflenet_v2_x1_5`. */
export const shufflenetV2X15: ShuffleNetFactory = shufflenet(24, 176, 352, 704, 1024);
/** ShuffleNet V2 with twice the channels. torchvision: `shufflenet_v2_x2_0`. */
export const shufflenetV2X20: ShuffleNetFactory = shufflenet(24, 244, 488, 976, 2048);
