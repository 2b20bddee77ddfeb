/** What a format does. */
import type { ByteSource } from "../files/byte_source.ts";
import type { ByteTarget } from "../files/byte_target.ts";
import type { Piece } from "../tensors/pieces.ts";
import type { StateDict } from "../state/state.ts";

/** The formats by name. */
export type FormatName = "safetensors" | "pytorch" | "npy" | "npz" | "gguf";

/** A value of a file's metadata. safetensors has strings only. */
export type MetadataValue = string | number | bigint | boolean | readonly MetadataValue[];

/** A file of which everything but the tensors' elements was read and checked. */
export interface OpenedFile {
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  readonly pieces: readonly Piece[];
  /** What `load` returns, made of the tensors of all pieces. Without it, the tensors by name. */
  readonly state?: (tensors: StateDict) => unknown;
  /** Sources besides the one that was opened. */
  readonly sources?: readonly ByteSource[];
}

/** How a file is opened. */
export interface OpenOptions {
  /** The function that the user called. */
  readonly operation: string;
  readonly verify: boolean;
}

/** A format: how it is known, read and written. */
export interface Format {
  readonly extensions: readonly string[];
  open(source: ByteSource, options: OpenOptions): Promise<OpenedFile>;
  /** Null for a format that is only read. */
  readonly write: ((target: ByteTarget, state: unknown, options: WriteOptions) => Promise<void>) | null;
}

/** What `write` gets besides the state. */
export interface WriteOptions {
  readonly operation: string;
  /** Only for formats that have metadata. */
  readonly metadata: Readonly<Record<string, string>>;
}
