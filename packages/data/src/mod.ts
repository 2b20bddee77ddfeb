/**
 * Data sets, samplers, loaders, transforms, text and metrics.
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
export { BucketBatchSampler, type BucketBatchSamplerOptions } from "./samplers/bucket_batch_sampler.ts";
export { type Collated, defaultCollate, type SampleArray } from "./loader/collate.ts";
export { DataLoader } from "./loader/data_loader.ts";
export type { LoaderOptions } from "./loader/loader_options.ts";
export type { LoaderState } from "./loader/loader_state.ts";
export { getWorkerInfo, type WorkerInfo } from "./loader/worker_info.ts";
export type { WorkerOptions } from "./loader/worker_pool.ts";
export type { Transform } from "./transforms/transform.ts";
export { type Pictures } from "./transforms/pictures.ts";
export { PictureTransform } from "./transforms/picture_transform.ts";
export type { PaddingMode } from "./transforms/border.ts";
export type { Range, Size } from "./transforms/parameters.ts";
export type { Interpolation, ResizeInterpolation } from "./transforms/resample.ts";
export { Compose } from "./transforms/compose.ts";
export { RandomApply, RandomChoice, RandomOrder } from "./transforms/random_apply.ts";
export { Lambda } from "./transforms/lambda.ts";
export { Normalize } from "./transforms/normalize.ts";
export { RandomFlip, RandomHorizontalFlip, RandomVerticalFlip } from "./transforms/flip.ts";
export { CenterCrop, RandomCrop, type RandomCropOptions } from "./transforms/crop.ts";
export { FiveCrop, TenCrop } from "./transforms/several_crops.ts";
export { RandomResizedCrop, type RandomResizedCropOptions, Resize, type ResizeOptions } from "./transforms/resize.ts";
export {
  RandomAffine,
  type RandomAffineOptions,
  RandomRotation,
  type RandomRotationOptions,
} from "./transforms/affine.ts";
export { RandomPerspective, type RandomPerspectiveOptions } from "./transforms/perspective.ts";
export { type ElasticOptions, ElasticTransform } from "./transforms/elastic.ts";
export { ColorJitter, type ColorJitterOptions } from "./transforms/color_jitter.ts";
export { ColorShift } from "./transforms/color_shift.ts";
export { RandomContrast } from "./transforms/contrast.ts";
export {
  RandomAdjustSharpness,
  RandomAutocontrast,
  RandomEqualize,
  RandomInvert,
  RandomPosterize,
  RandomSolarize,
} from "./transforms/random_tones.ts";
export { Grayscale, RandomGrayscale } from "./transforms/grayscale.ts";
export { GaussianNoise, type GaussianNoiseOptions } from "./transforms/gaussian_noise.ts";
export { GaussianBlur } from "./transforms/gaussian_blur.ts";
export {
  AutoAugment,
  type AutoAugmentPolicy,
  RandAugment,
  type RandAugmentOptions,
  type TrivialAugmentOptions,
  TrivialAugmentWide,
} from "./transforms/augment.ts";
export type { AugmentOptions } from "./transforms/augment_operations.ts";
export { AugMix, type AugMixOptions } from "./transforms/aug_mix.ts";
export { Cutout, type CutoutOptions, RandomErasing, type RandomErasingOptions } from "./transforms/erase.ts";
export { CutMix, type Mix, type MixOptions, MixUp } from "./transforms/mix.ts";
export type { Draws } from "./transforms/random_draws.ts";
export { Pad, type PadOptions } from "./transforms/pad.ts";
export { type ImageLayout, ToTensor } from "./transforms/to_tensor.ts";
export { encodeIdx, type IdxArray, type IdxData, type IdxDType, parseIdx } from "./images/idx.ts";
export { readIdx } from "./images/idx_file.ts";
export type { PublishedOptions } from "./images/published.ts";
export type { IdxLoadOptions } from "./images/idx_dataset.ts";
export { type ImageOptions, LabelledImages, type LabelledImagesParts } from "./images/labelled_images.ts";
export { MNIST } from "./images/mnist.ts";
export { FashionMNIST } from "./images/fashion_mnist.ts";
export { KMNIST } from "./images/kmnist.ts";
export { EMNIST, type EmnistLoadOptions, type EmnistSplit } from "./images/emnist.ts";
export { SVHN, type SvhnLoadOptions, type SvhnSplit } from "./images/svhn.ts";
export { CIFAR10 } from "./images/cifar10.ts";
export { CIFAR100, type Cifar100LoadOptions } from "./images/cifar100.ts";
export type { CifarLoadOptions } from "./images/cifar_files.ts";
export { type ImageFile, ImageFolder, type ImageFolderOptions } from "./images/image_folder.ts";
export { decodeImage, encodeImage, type ImageReadOptions, readImage, saveImage } from "./images/image_file.ts";
export type { ImageMode } from "./images/pixels.ts";
export { type GridOptions, makeGrid } from "./images/grid.ts";
export { DrawnDigits, type DrawnDigitsOptions } from "./drawn_digits/drawn_digits.ts";
export { cacheDir, type CachePlace } from "./cache_dir.ts";
export type { AbortSignalLike } from "./download/abort_signal.ts";
export { download, type DownloadOptions, type DownloadResult } from "./download/download.ts";
export type { DownloadProgress } from "./download/transfer.ts";
export { type SpecialTokens, Vocabulary, type VocabularyOptions, type VocabularyState } from "./text/vocabulary.ts";
export { normalizeText, type NormalizeTextOptions } from "./text/normalize_text.ts";
export { characters, joinWords, words } from "./text/words.ts";
export { decodeText, linesOf, readLines, readText } from "./text/text_file.ts";
export { ParallelText, type SentencePair, type TsvOptions } from "./text/parallel_text.ts";
export {
  collatePairs,
  type PaddedPairs,
  type PaddedSequences,
  padSequences,
  type PadSequencesOptions,
} from "./text/pad_sequences.ts";
export { LanguageModelWindows, type WindowOptions } from "./text/language_model_windows.ts";
export { type BleuOptions, type BleuScore, type BleuSmoothing, corpusBleu } from "./metrics/bleu.ts";
export type { BleuTokenize } from "./metrics/bleu_tokens.ts";
export { type EntityF1, entityF1, type EntityScore } from "./metrics/entity_f1.ts";
export { perplexity } from "./metrics/perplexity.ts";
export { type TokenAccuracy, tokenAccuracy } from "./metrics/token_accuracy.ts";
