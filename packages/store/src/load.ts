/** Reading states and tensors. */
import { type Device, type DType, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { type ByteSource, openSource, type Source } from "./files/byte_source.ts";
import { reworded, shortened } from "./errors.ts";
import type { FormatName, MetadataValue, OpenedFile, PlacedTensor } from "./formats/format.ts";
import { checkFormat } from "./formats/formats.ts";
import { findFormat } from "./formats/open.ts";
import { indexOf } from "./safetensors/shards.ts";
import type { StateDict } from "./state/state.ts";
import { readTensors } from "./tensors/placed.ts";

/** Options of {@link load} and {@link openTensors}. */
export interface LoadOptions {
  /** The only format to accept. By default the content tells the format. */
  readonly format?: FormatName;
  /** The device of the tensors; by default `"cpu"`, whatever the default device is, since `loadStateDict` moves them. */
  readonly device?: Device | string;
  /** Whether checksums are compared, where the file has some; true by default. */
  readonly verify?: boolean;
  /**
   * Whether PyTorch's files may hold objects of Python's classes, such as an `argparse.Namespace`: each is loaded as an
   * {@link UnsupportedObject}, which has its data. Nothing of Python runs either way. False by default: such a file is refused.
   */
  readonly placeholders?: boolean;
}

/**
 * Reads a file and returns the state that was saved: tensors by name, or whatever {@link save} or `torch.save` was given. Files are read
 * in pieces, so that memory holds the tensors once and little else. The format is told from the content.
 *
 * The result's type is a promise of the caller's and is not checked: `loadStateDict` checks it against the model.
 *
 * @param source a path, a file URL, a `Blob`, an `ArrayBuffer` or `Uint8Array`, or a `Response`
 * @throws RangeError for a damaged file, and one of no known format; TypeError for content that is refused, such as pickled functions;
 *   an error with the system's code (`ENOENT`) for a file that cannot be opened. No tensor stays then.
 *
 * @example
 * ```ts
 * import { encode, load } from "@heddle/store";
 * import { tensor } from "@heddle/tensor";
 * const bytes = await encode({ weight: tensor([1, 2]) }, { format: "safetensors" });
 * const state = await load(bytes); // or load("model.safetensors"), load(await fetch(url))
 * state["weight"]!.toArray(); // [1, 2]
 * ```
 */
export async function load<S = StateDict>(source: Source, options: LoadOptions = {}): Promise<S> {
  checkOptions("load", options, ["format", "device", "verify", "placeholders"]);
  const file = await openFile("load", source, options);
  try {
    const { tensors, state, refused } = file.opened;
    for (const reason of refused?.values() ?? []) {
      throw new TypeError(`load: ${file.name}: ${reason}; openTensors reads the other arrays by name`);
    }
    const read = await readTensors(tensors, file.device);
    try {
      // Not by assignment: names come from the file.
      return (state === undefined
        ? Object.fromEntries(tensors.map(({ name }, i) => [name, read[i]!]))
        : state(read)) as S;
    } catch (error) {
      for (const tensor of read) tensor.dispose();
      throw error;
    }
  } finally {
    await file.close();
  }
}

/** What a file says about a tensor. */
export interface TensorInfo {
  /** The dtype that the tensor has when it is read. */
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The file's name of the element type, such as `"BF16"` or `"Q4_0"`. */
  readonly storedAs: string;
}

/**
 * A file whose tensors are read one by one. Close it, or declare it with `await using`.
 *
 * @example
 * ```ts
 * import { encode, openTensors } from "@heddle/store";
 * import { zeros } from "@heddle/tensor";
 * const file = await openTensors(await encode({ weight: zeros([2, 3]) }, { format: "safetensors" }));
 * for (const [name, { dtype, shape }] of file.tensors) console.log(name, dtype, shape); // weight float32 [2, 3]
 * const weight = await file.get("weight");
 * await file.close();
 * ```
 */
export class TensorFile {
  /** The file's format. */
  readonly format: FormatName;
  /** What the file says besides its tensors. */
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  /** The tensors by name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  private readonly placed: ReadonlyMap<string, PlacedTensor>;
  private readonly refused: ReadonlyMap<string, string> | undefined;
  private readonly device: Device | string;
  private readonly closeAll: () => Promise<void>;

  /** Use {@link openTensors}. */
  constructor(format: FormatName, opened: OpenedFile, device: Device | string, close: () => Promise<void>) {
    this.format = format;
    this.metadata = opened.metadata;
    this.refused = opened.refused;
    this.placed = new Map(opened.tensors.map((each) => [each.name, each]));
    this.tensors = new Map(opened.tensors.map(({ name, piece: { elements, shape }, geometry }) => {
      return [name, { dtype: elements.dtype, shape: geometry?.shape ?? shape, storedAs: elements.code }] as const;
    }));
    this.device = device;
    this.closeAll = close;
  }

  /** Reads a tensor. @throws RangeError if there is none of this name, or it is damaged; TypeError for an array of strings and such */
  async get(name: string): Promise<Tensor> {
    const placed = this.placed.get(name);
    const reason = this.refused?.get(name);
    if (reason !== undefined) throw new TypeError(`get: ${reason}`);
    if (placed === undefined) {
      const some = [...this.placed.keys()].slice(0, 5).map(shortened).join(", ");
      throw new RangeError(`get: there is no tensor ${shortened(name)}; the file has ${this.placed.size}: ${some}, …`);
    }
    const [tensor] = await readTensors([placed], this.device);
    return tensor!;
  }

  /** Closes the file. Tensors that were read stay. */
  async close(): Promise<void> {
    await this.closeAll();
  }

  /** The end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Opens a file to read some of its tensors: the names, dtypes and shapes are read, the elements when they are asked for. A `.npy` file,
 * which has no names, has one tensor named `"array"`. Arrays of an `.npz` file that no tensor can hold, such as strings, are left out.
 *
 * @throws RangeError, TypeError as {@link load} does
 */
export async function openTensors(source: Source, options: LoadOptions = {}): Promise<TensorFile> {
  checkOptions("openTensors", options, ["format", "device", "verify", "placeholders"]);
  const { format, opened, device, close } = await openFile("openTensors", source, options);
  return new TensorFile(format, opened, device, close);
}

interface Opened {
  /** What errors call the file. */
  readonly name: string;
  readonly format: FormatName;
  readonly opened: OpenedFile;
  readonly device: Device | string;
  readonly close: () => Promise<void>;
}

async function openFile(operation: string, given: Source, options: LoadOptions): Promise<Opened> {
  const { device = "cpu", verify = true, placeholders = false } = options;
  if (options.format !== undefined) checkFormat(operation, options.format);
  const source = await openSource(given, operation).catch((error: unknown) => {
    const index = (error as { code?: string }).code === "ENOENT" && typeof given === "string" ? indexOf(given) : null;
    if (index === null) throw error;
    throw reworded(error, `${(error as Error).message}; the checkpoint is in several files: ${operation}("${index}")`);
  });
  try {
    const { format, open } = await findFormat(source, { operation, verify, placeholders });
    if (options.format !== undefined && options.format !== format) {
      throw new RangeError(`${operation}: ${source.name} is in the format ${format}, not ${options.format}`);
    }
    const opened = await open();
    const sources: readonly ByteSource[] = [source, ...opened.sources ?? []];
    return {
      name: source.name,
      format,
      opened,
      device,
      async close() {
        for (const each of sources) await each.close();
      },
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}
