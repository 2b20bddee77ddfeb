/** Image classifiers with torchvision's names and options. */
export { AlexNet, alexnet, type AlexNetOptions } from "./alexnet.ts";
export { type Architecture, type ArchitectureName, architectures } from "./architectures.ts";
export type { Building, ClassifierOptions, NormLayer } from "./classifier_options.ts";
export * from "./densenet.ts";
export * from "./efficientnet.ts";
export { MobileNetV2, mobilenetV2, type MobileNetV2Options } from "./mobilenet_v2.ts";
export { MobileNetV3, mobilenetV3Large, type MobileNetV3Options, mobilenetV3Small } from "./mobilenet_v3.ts";
export { imagenetMean, imagenetStd, preprocess, type PreprocessOptions } from "./preprocess.ts";
export * from "./resnet.ts";
export * from "./shufflenet_v2.ts";
export * from "./squeezenet.ts";
export { SqueezeExcitation } from "./squeeze_excitation.ts";
export { StochasticDepth } from "./stochastic_depth.ts";
export * from "./vgg.ts";
export * from "./vision_transformer.ts";
