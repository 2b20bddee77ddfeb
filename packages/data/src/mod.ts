/**
 * Data sets, samplers, loaders and transforms.
 *
 * @module
 */
export type { BatchOf, Dataset, IterableDataset } from "./datasets/dataset.ts";
export { ListDataset } from "./datasets/list_dataset.ts";
export { TensorDataset } from "./datasets/tensor_dataset.ts";
export { Subset } from "./datasets/subset.ts";
export { ConcatDataset } from "./datasets/concat_dataset.ts";
export { type Fold, kFold, type KFoldOptions, randomSplit, type RandomSplitOptions } from "./datasets/split.ts";
export type { Sampler } from "./samplers/sampler.ts";
export {
  RandomSampler,
  type RandomSamplerOptions,
  SequentialSampler,
  type Sized,
  SubsetRandomSampler,
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from "./samplers/index_samplers.ts";
export { BatchSampler } from "./samplers/batch_sampler.ts";
export { type Collated, defaultCollate, type SampleArray } from "./loader/collate.ts";
export { DataLoader, type LoaderOptions } from "./loader/data_loader.ts";
export type { LoaderState } from "./loader/loader_state.ts";
export type { Transform } from "./transforms/transform.ts";
export { Compose } from "./transforms/compose.ts";
export { Lambda } from "./transforms/lambda.ts";
export { Normalize } from "./transforms/normalize.ts";
export { Pad, type PadOptions } from "./transforms/pad.ts";
export { type ImageLayout, ToTensor } from "./transforms/to_tensor.ts";
export { encodeIdx, type IdxArray, type IdxData, type IdxDType, parseIdx } from "./images/idx.ts";
export { readIdx } from "./images/idx_file.ts";
export type { IdxLoadOptions } from "./images/idx_dataset.ts";
export { type ImageOptions, LabelledImages, type LabelledImagesParts } from "./images/labelled_images.ts";
export { MNIST } from "./images/mnist.ts";
export { FashionMNIST } from "./images/fashion_mnist.ts";
export { CIFAR10 } from "./images/cifar10.ts";
export { CIFAR100, type Cifar100LoadOptions } from "./images/cifar100.ts";
export type { CifarLoadOptions } from "./images/cifar_files.ts";
export { DrawnDigits, type DrawnDigitsOptions } from "./drawn_digits/drawn_digits.ts";
export { cacheDir, type CachePlace } from "./cache_dir.ts";
export { download, type DownloadOptions, type DownloadResult } from "./download/download.ts";
export type { DownloadProgress } from "./download/transfer.ts";
