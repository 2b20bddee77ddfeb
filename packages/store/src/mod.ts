/**
 * Reading and writing tensors in files: safetensors, PyTorch's, NumPy's, GGUF.
 *
 * @example
 * ```ts
 * import { encode, load } from "@heddle/store";
 * import { tensor } from "@heddle/tensor";
 * const bytes = await encode({ weight: tensor([1, 2]) }, { format: "safetensors" });
 * console.log((await load(bytes))["weight"]!.toArray()); // [1, 2]
 * ```
 * @module
 */
export { load, type LoadOptions, openTensors, TensorFile, type TensorInfo } from "./load.ts";
export { encode, type EncodeOptions, type Savable, save, type SaveOptions } from "./save.ts";
export type { FormatName, MetadataValue, OpenedFile, PlacedTensor } from "./formats/format.ts";
export type { BlobLike, ByteSource, ResponseLike, Source, UrlLike } from "./files/byte_source.ts";
export { putFile } from "./files/byte_target.ts";
export type { StateDict, Stateful } from "./state/state.ts";
export { UnsupportedObject } from "./state/unsupported_object.ts";
export type { Fail } from "./errors.ts";
export type { Convert, Elements } from "./tensors/elements.ts";
export type { Piece } from "./tensors/pieces.ts";
