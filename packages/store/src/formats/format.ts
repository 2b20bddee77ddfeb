/** What a format does. */
import type { ByteSource } from "../files/byte_source.ts";
import type { ByteTarget } from "../files/byte_target.ts";
import type { Piece } from "../tensors/pieces.ts";
import type { Geometry, Tensor } from "@heddle/tensor";

/** The formats by name. */
export type FormatName = "safetensors" | "pytorch" | "npy" | "npz" | "gguf";

/** A value of a file's metadata. safetensors has strings only. */
export type MetadataValue = string | number | bigint | boolean | readonly MetadataValue[];

/** A tensor of a file. */
export interface PlacedTensor {
  readonly name: string;
  readonly piece: Piece;
  /** Which elements of the piece it has, and in which order; null for all of them in their order. */
  readonly geometry: Geometry | null;
}

/** A file of which everything but the tensors' elements was read and checked. */
export interface OpenedFile {
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  readonly tensors: readonly PlacedTensor[];
  /** What `load` returns, made of the tensors in their order. Without it, the tensors by name. It is called once. */
  readonly state?: (tensors: readonly Tensor[]) => unknown;
  /** What is no tensor, by name, with the reason. `load` refuses a file that has any. */
  readonly refused?: ReadonlyMap<string, string>;
  /** Sources besides the one that was opened. */
  readonly sources?: readonly ByteSource[];
}

/** How a file is opened. */
export interface OpenOptions {
  /** The function that the user called. */
  readonly operation: string;
  readonly verify: boolean;
  /** Whether objects that are no data have placeholders; otherwise they are refused. */
  readonly placeholders: boolean;
}

/** How a format is written. */
export interface Format {
  /** What names of its files end in. */
  readonly extensions: readonly string[];
  /** Null for a format that is only read. */
  readonly write: ((target: ByteTarget, state: unknown, options: WriteOptions) => Promise<void>) | null;
}

/** What `write` gets besides the state. */
export interface WriteOptions {
  readonly operation: string;
  /** Only for formats that have metadata. */
  readonly metadata: Readonly<Record<string, string>>;
}
