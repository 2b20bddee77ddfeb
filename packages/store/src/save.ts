/** Writing states. */
import type { Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { pathOf, type UrlLike } from "./files/byte_source.ts";
import { AtomicFile, type ByteTarget, MemoryTarget, removeFiles } from "./files/byte_target.ts";
import type { FormatName } from "./formats/format.ts";
import { checkFormat, formatOfName } from "./formats/formats.ts";
import { filesBefore, indexOf, saveShards } from "./safetensors/shards.ts";
import { type Stateful, stateOf } from "./state/state.ts";

/** What is saved: an object with `stateDict()`, such as a module; tensors by name; or plain data with tensors in it. */
export type Savable = Stateful | Tensor | { readonly [name: string]: unknown } | readonly unknown[];

/** Options of {@link encode}. */
export interface EncodeOptions {
  /** The format of the bytes. */
  readonly format: FormatName;
  /** Strings that the file holds besides the tensors, in the format safetensors. `openTensors` reads them. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Options of {@link save}. */
export interface SaveOptions {
  /** The format; by default the path's extension tells it. */
  readonly format?: FormatName;
  /** Strings that the file holds besides the tensors, in the format safetensors. `openTensors` reads them. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** A path under which the file that was there is kept; by default it is replaced. */
  readonly previous?: string;
  /**
   * Writes `model.safetensors` as files `model-00001-of-00003.safetensors` of at most so many bytes (a larger tensor has a file of its
   * own), and the index `model.safetensors.index.json`, which `load` reads; as one file if the tensors fit.
   */
  readonly maxShardBytes?: number;
}

/**
 * Writes a state to a file, in the format that its extension names. The file appears complete or not at all: it is written under a
 * temporary name, flushed to disk, and renamed. Then the files that a checkpoint in several files had under this path are removed, and with
 * `maxShardBytes` the single file, so that no load finds old tensors. Nothing may change the tensors until it has finished.
 *
 * @param state a module or anything else with `stateDict()`, tensors by name, or (in the formats safetensors and pytorch) plain data with
 *   tensors in it: records, arrays, numbers, strings, booleans, null
 * @param target a path or a file URL
 * @throws TypeError for a state or metadata that the format cannot hold; an error with the system's code (`ENOENT`) if the file cannot be
 *   written. Nothing is left of it then, and a file that was there stays.
 *
 * @example
 * ```ts ignore
 * await save(model, "model.safetensors");
 * model.loadStateDict(await load("model.safetensors"));
 * await save({ model: model.stateDict(), optimizer: optimizer.stateDict(), step: 3 }, "checkpoint.safetensors");
 * ```
 */
export async function save(state: Savable, target: string | UrlLike, options: SaveOptions = {}): Promise<void> {
  checkOptions("save", options, ["format", "metadata", "previous", "maxShardBytes"]);
  const path = pathOf(target, "save");
  const { format = formatOfName("save", path), metadata, previous, maxShardBytes } = options;
  if (maxShardBytes !== undefined) {
    checkShards(path, format, maxShardBytes, previous);
    return await saveShards(path, stateOf(state), metadata ?? {}, maxShardBytes);
  }
  if (path.endsWith(".json")) {
    throw new TypeError(
      `save: ${path} is an index; name the file of tensors, and give maxShardBytes to write several and their index`,
    );
  }
  const index = indexOf(path);
  if (previous !== undefined && index !== null) {
    throw new TypeError(
      `save: previous keeps one file, and the checkpoint there has several, which ${index} names; move them to another folder, or ` +
        "save without previous, which removes them",
    );
  }
  const write = writerOf("save", state, format, metadata);
  const file = new AtomicFile(path);
  try {
    await write(file);
    const before = filesBefore(path);
    file.commit(previous);
    removeFiles(before.filter((name) => name !== path));
  } catch (error) {
    file.abort();
    throw error;
  }
}

/**
 * The bytes that {@link save} writes to a file, for a browser's download or a request.
 *
 * @throws TypeError for a state or metadata that the format cannot hold
 *
 * @example
 * ```ts
 * import { encode } from "@heddle/store";
 * import { zeros } from "@heddle/tensor";
 * const bytes = await encode({ weight: zeros([2, 3]) }, { format: "safetensors" });
 * const blob = new Blob([bytes]);
 * ```
 */
export async function encode(state: Savable, options: EncodeOptions): Promise<Uint8Array<ArrayBuffer>> {
  checkOptions("encode", options, ["format", "metadata"]);
  const target = new MemoryTarget();
  await writerOf("encode", state, options.format, options.metadata)(target);
  return target.bytes();
}

function checkShards(path: string, format: FormatName, maxShardBytes: number, previous: string | undefined): void {
  if (!(typeof maxShardBytes === "number" && maxShardBytes >= 1)) {
    throw new RangeError(`save: maxShardBytes is ${maxShardBytes}; it must be a number of bytes from 1`);
  }
  if (format !== "safetensors" || !path.toLowerCase().endsWith(".safetensors")) {
    throw new TypeError(
      `save: maxShardBytes is for files that end in .safetensors, not for ${path} in the format ${format}`,
    );
  }
  if (previous !== undefined) {
    throw new TypeError("save: previous keeps one file; with maxShardBytes save to another folder");
  }
}

function writerOf(
  operation: string,
  state: Savable,
  format: FormatName,
  metadata: Readonly<Record<string, string>> = {},
): (target: ByteTarget) => Promise<void> {
  const { write } = checkFormat(operation, format);
  if (write === null) {
    throw new TypeError(`${operation}: the format ${format} is only read; write safetensors or pytorch`);
  }
  if (format !== "safetensors" && Object.keys(metadata).length > 0) {
    throw new TypeError(`${operation}: the format ${format} has no metadata; safetensors has`);
  }
  return (target) => write(target, stateOf(state), { operation, metadata });
}
