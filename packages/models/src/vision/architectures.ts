/** The image classifiers by torchvision's names. */
import type { Layer } from "@heddle/nn";
import type { ResizeInterpolation } from "@heddle/data";
import { alexnet } from "./alexnet.ts";
import type { ClassifierOptions } from "./classifier_options.ts";
import {
  efficientnetB0,
  efficientnetB1,
  efficientnetB2,
  efficientnetB3,
  efficientnetB4,
  efficientnetB5,
  efficientnetB6,
  efficientnetB7,
} from "./efficientnet.ts";
import { densenet121, densenet161, densenet169, densenet201 } from "./densenet.ts";
import { mobilenetV2 } from "./mobilenet_v2.ts";
import { mobilenetV3Large, mobilenetV3Small } from "./mobilenet_v3.ts";
import {
  resnet101,
  resnet152,
  resnet18,
  resnet34,
  resnet50,
  resnext101,
  resnext50,
  wideResnet101,
  wideResnet50,
} from "./resnet.ts";
import { shufflenetV2X05, shufflenetV2X10, shufflenetV2X15, shufflenetV2X20 } from "./shufflenet_v2.ts";
import { squeezenet10, squeezenet11 } from "./squeezenet.ts";
import { vgg11, vgg11Bn, vgg13, vgg13Bn, vgg16, vgg16Bn, vgg19, vgg19Bn } from "./vgg.ts";
import { vitB16, vitB32, vitL16, vitL32 } from "./vision_transformer.ts";

/** An architecture, and the images that its published weights expect. */
export interface Architecture {
  /** Makes a network from images `[N, 3, H, W]` to scores `[N, numClasses]`. */
  readonly create: (options?: ClassifierOptions) => Layer;
  /** Length to which the shorter side of an image is resized. */
  readonly resize: number;
  /** Height and width of the part that is then cropped from the middle. */
  readonly crop: number;
  readonly interpolation: ResizeInterpolation;
  /** The paper, by its number on arXiv. */
  readonly paper: string;
}

const standard: Omit<Architecture, "create" | "paper"> = { resize: 256, crop: 224, interpolation: "bilinear" };
const efficient: Pick<Architecture, "interpolation" | "paper"> = { interpolation: "bicubic", paper: "1905.11946" };

/** A name of an architecture, as torchvision spells it. */
export type ArchitectureName =
  | `resnet${18 | 34 | 50 | 101 | 152}`
  | "resnext50_32x4d"
  | "resnext101_32x8d"
  | `wide_resnet${50 | 101}_2`
  | `vgg${11 | 13 | 16 | 19}${"" | "_bn"}`
  | "alexnet"
  | `densenet${121 | 161 | 169 | 201}`
  | `shufflenet_v2_x${"0_5" | "1_0" | "1_5" | "2_0"}`
  | `squeezenet1_${0 | 1}`
  | "mobilenet_v2"
  | `mobilenet_v3_${"large" | "small"}`
  | `efficientnet_b${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`
  | `vit_${"b" | "l"}_${16 | 32}`;

/**
 * The image classifiers by torchvision's names, with the images of their first published weights (`IMAGENET1K_V1`).
 *
 * @example
 * ```ts
 * import { architectures } from "@heddle/models";
 * const { create, crop } = architectures.efficientnet_b1;
 * crop; // 240
 * create({ numClasses: 10, device: "null" }).parameters().length; // 301
 * ```
 */
export const architectures: Readonly<Record<ArchitectureName, Architecture>> = {
  resnet18: { create: resnet18, ...standard, paper: "1512.03385" },
  resnet34: { create: resnet34, ...standard, paper: "1512.03385" },
  resnet50: { create: resnet50, ...standard, paper: "1512.03385" },
  resnet101: { create: resnet101, ...standard, paper: "1512.03385" },
  resnet152: { create: resnet152, ...standard, paper: "1512.03385" },
  resnext50_32x4d: { create: resnext50, ...standard, paper: "1611.05431" },
  resnext101_32x8d: { create: resnext101, ...standard, paper: "1611.05431" },
  wide_resnet50_2: { create: wideResnet50, ...standard, paper: "1605.07146" },
  wide_resnet101_2: { create: wideResnet101, ...standard, paper: "1605.07146" },
  vgg11: { create: vgg11, ...standard, paper: "1409.1556" },
  vgg11_bn: { create: vgg11Bn, ...standard, paper: "1409.1556" },
  vgg13: { create: vgg13, ...standard, paper: "1409.1556" },
  vgg13_bn: { create: vgg13Bn, ...standard, paper: "1409.1556" },
  vgg16: { create: vgg16, ...standard, paper: "1409.1556" },
  vgg16_bn: { create: vgg16Bn, ...standard, paper: "1409.1556" },
  vgg19: { create: vgg19, ...standard, paper: "1409.1556" },
  vgg19_bn: { create: vgg19Bn, ...standard, paper: "1409.1556" },
  alexnet: { create: alexnet, ...standard, paper: "1404.5997" },
  densenet121: { create: densenet121, ...standard, paper: "1608.06993" },
  densenet161: { create: densenet161, ...standard, paper: "1608.06993" },
  densenet169: { create: densenet169, ...standard, paper: "1608.06993" },
  densenet201: { create: densenet201, ...standard, paper: "1608.06993" },
  shufflenet_v2_x0_5: { create: shufflenetV2X05, ...standard, paper: "1807.11164" },
  shufflenet_v2_x1_0: { create: shufflenetV2X10, ...standard, paper: "1807.11164" },
  shufflenet_v2_x1_5: { create: shufflenetV2X15, ...standard, resize: 232, paper: "1807.11164" },
  shufflenet_v2_x2_0: { create: shufflenetV2X20, ...standard, resize: 232, paper: "1807.11164" },
  squeezenet1_0: { create: squeezenet10, ...standard, paper: "1602.07360" },
  squeezenet1_1: { create: squeezenet11, ...standard, paper: "1602.07360" },
  mobilenet_v2: { create: mobilenetV2, ...standard, paper: "1801.04381" },
  mobilenet_v3_large: { create: mobilenetV3Large, ...standard, paper: "1905.02244" },
  mobilenet_v3_small: { create: mobilenetV3Small, ...standard, paper: "1905.02244" },
  efficientnet_b0: { create: efficientnetB0, ...efficient, resize: 256, crop: 224 },
  efficientnet_b1: { create: efficientnetB1, ...efficient, resize: 256, crop: 240 },
  efficientnet_b2: { create: efficientnetB2, ...efficient, resize: 288, crop: 288 },
  efficientnet_b3: { create: efficientnetB3, ...efficient, resize: 320, crop: 300 },
  efficientnet_b4: { create: efficientnetB4, ...efficient, resize: 384, crop: 380 },
  efficientnet_b5: { create: efficientnetB5, ...efficient, resize: 456, crop: 456 },
  efficientnet_b6: { create: efficientnetB6, ...efficient, resize: 528, crop: 528 },
  efficientnet_b7: { create: efficientnetB7, ...efficient, resize: 600, crop: 600 },
  vit_b_16: { create: vitB16, ...standard, paper: "2010.11929" },
  vit_b_32: { create: vitB32, ...standard, paper: "2010.11929" },
  vit_l_16: { create: vitL16, ...standard, paper: "2010.11929" },
  vit_l_32: { create: vitL32, ...standard, paper: "2010.11929" },
};
