/** What a pickle describes, as plain data with places for its tensors. */
import { type Geometry, type Tensor } from "@heddle/tensor";
import { type Fail, joined, shortened } from "../errors.ts";
import { memorySource } from "../files/byte_source.ts";
import type { OpenedFile, PlacedTensor } from "../formats/format.ts";
import { storedBytes, swapped } from "../tensors/elements.ts";
import type { Piece } from "../tensors/pieces.ts";
import { checkGeometry, columnMajor } from "../tensors/placed.ts";
import { UnsupportedObject } from "../state/unsupported_object.ts";
import { PickledDict, PickledObject, PickledTuple } from "./pickle.ts";
import { knownName, PickledArray, PickledClass, PickledStorage, PickledTensor } from "./world.ts";

/** Containers within containers, at most, in what is read and what is written. */
export const MOST_DEPTH = 100;

/** Where the bytes of a storage lie. */
export interface StoragePlace {
  readonly source: Piece["source"];
  readonly from: number;
  readonly bytes: number;
  readonly crc: number | null;
}

/** The storages of a file. */
export interface Storages {
  /** @throws RangeError for one that the file does not have. */
  placeOf(storage: PickledStorage): StoragePlace;
  /** Whether the most significant byte of an element comes first. */
  readonly bigEndian: boolean;
}

/**
 * Plain data: dicts become objects (a `Map` if a key is neither a string nor a whole number), tuples arrays, sets a `Set`. What is no data
 * is refused, or has a placeholder.
 */
export function plainTree(value: unknown, storages: Storages, placeholders: boolean, fail: Fail): OpenedFile {
  const root: { state?: unknown } = {};
  const builder = new TreeBuilder(storages, placeholders, fail);
  builder.put(value, "", 0, (made) => root.state = made);
  const { tensors, holes } = builder;
  return {
    metadata: {},
    tensors,
    state(read) {
      for (const [i, fill] of holes.entries()) fill(read[i]!);
      return root.state;
    },
  };
}

type Fill = (value: unknown) => void;

class TreeBuilder {
  readonly tensors: PlacedTensor[] = [];
  /** What takes each tensor when it is read. */
  readonly holes: ((tensor: Tensor) => void)[] = [];
  private readonly storages: Storages;
  private readonly placeholders: boolean;
  private readonly fail: Fail;
  private readonly pieces: Map<string, Piece> = new Map();
  private readonly made: Map<unknown, unknown> = new Map();
  private readonly open: Set<unknown> = new Set();

  constructor(storages: Storages, placeholders: boolean, fail: Fail) {
    this.storages = storages;
    this.placeholders = placeholders;
    this.fail = fail;
  }

  put(value: unknown, path: string, depth: number, fill: Fill): void {
    if (value instanceof PickledArray && value.opaque !== null) return this.put(value.opaque, path, depth, fill);
    if (value instanceof PickledTensor || value instanceof PickledArray) {
      const placed = value instanceof PickledTensor ? this.placeTensor(value, path) : this.placeArray(value, path);
      fill(null); // so that the order of names stays
      this.tensors.push(placed);
      this.holes.push(fill);
      return;
    }
    if (value instanceof PickledClass && value.elements !== null && value.name.startsWith("torch.")) {
      return fill(value.name);
    }
    const plain = value === null || typeof value !== "object" || value instanceof Uint8Array;
    if (plain) return fill(value);
    if (this.made.has(value)) return fill(this.made.get(value));
    if (this.open.has(value)) this.fail(`${shortened(path)} contains itself`);
    if (depth >= MOST_DEPTH) this.fail(`${shortened(path)} lies in ${depth} others; at most ${MOST_DEPTH} are read`);
    if (value instanceof PickledObject && this.placeholders) return fill(this.unsupported(value, path, depth + 1));
    this.open.add(value);
    const made = this.container(value, path, depth + 1);
    this.open.delete(value);
    this.made.set(value, made);
    fill(made);
  }

  private container(value: object, path: string, depth: number): unknown {
    const within = (key: unknown): string => joined(path, String(key));
    const list = (items: readonly unknown[]): unknown[] => {
      const made: unknown[] = new Array(items.length);
      items.forEach((item, i) => this.put(item, within(i), depth, (part) => made[i] = part));
      return made;
    };
    if (Array.isArray(value)) return list(value);
    if (value instanceof PickledTuple) return list(value.items);
    if (value instanceof Set) {
      const items = list([...value]);
      if (items.includes(null) && !value.has(null)) this.fail(`${shortened(path)} is a set of tensors`);
      return new Set(items);
    }
    if (value instanceof PickledDict) return this.dict(value, path, depth, within);
    if (!this.placeholders) return this.fail(`${shortened(path)} is ${this.nameOf(value)}, and no plain data`);
    const full = knownName(value) ?? (value instanceof PickledStorage ? "torch.Storage" : "numpy.dtype");
    const dot = full.lastIndexOf(".");
    return new UnsupportedObject(full.slice(0, dot), full.slice(dot + 1));
  }

  /** Objects may refer to each other in circles, so that a placeholder is there before what it holds. */
  private unsupported(object: PickledObject, path: string, depth: number): UnsupportedObject {
    const made = new UnsupportedObject(object.module, object.name);
    this.made.set(object, made);
    const parts = made as unknown as Record<"args" | "state" | "items", unknown>;
    for (const part of ["args", "state", "items"] as const) {
      this.put(object[part], joined(path, part), depth, (value) => parts[part] = value);
    }
    return made;
  }

  private dict({ entries }: PickledDict, path: string, depth: number, within: (key: unknown) => string): unknown {
    const named = [...entries.keys()].every((key) => typeof key === "string" || Number.isSafeInteger(key));
    if (!named) {
      const made = new Map<unknown, unknown>();
      for (const [key, value] of entries) {
        let plain: unknown;
        this.put(key, within(describe(key)), depth, (part) => plain = part);
        this.put(value, within(describe(key)), depth, (part) => made.set(plain, part));
      }
      return made;
    }
    const made: Record<string, unknown> = {};
    for (const [key, value] of entries) {
      const name = String(key);
      if (name === "__proto__") this.fail(`${shortened(path)} has the key "__proto__"`);
      if (Object.hasOwn(made, name)) this.fail(`${shortened(path)} has the key ${shortened(name)} twice`);
      this.put(value, within(name), depth, (part) => made[name] = part);
    }
    return made;
  }

  private placeTensor(tensor: PickledTensor, name: string): PlacedTensor {
    const { storage, shape, strides } = tensor;
    const elements = this.storages.bigEndian ? swapped(tensor.elements) : tensor.elements;
    const key = `${storage.key} ${elements.code}`;
    let piece = this.pieces.get(key);
    if (piece === undefined) {
      const { source, from, bytes, crc } = this.storages.placeOf(storage);
      const numel = bytes / elements.blockBytes;
      if (!Number.isInteger(numel)) {
        this.fail(`the storage ${shortened(storage.key)} has ${bytes} bytes for ${elements.code}`);
      }
      piece = { name: `storage ${storage.key}`, source, from, bytes, elements, shape: [numel], crc, fail: this.fail };
      this.pieces.set(key, piece);
    }
    const geometry: Geometry = { shape, strides, offset: storage.start + tensor.offset };
    checkGeometry(name, geometry, piece.shape[0]!, this.fail);
    return { name, piece, geometry };
  }

  private placeArray({ bytes, elements, shape, fortran }: PickledArray, name: string): PlacedTensor {
    if (elements === null || storedBytes(shape, elements) !== bytes.length) {
      return this.fail(
        `${shortened(name)} is an array of ${bytes.length} bytes for the shape [${shape.slice(0, 8).join(", ")}]`,
      );
    }
    const source = memorySource(bytes, name);
    const piece = (sizes: readonly number[]): Piece => {
      return { name, source, from: 0, bytes: bytes.length, elements, shape: sizes, crc: null, fail: this.fail };
    };
    return fortran ? columnMajor(name, shape, piece) : { name, piece: piece(shape), geometry: null };
  }

  private nameOf(value: object): string {
    if (value instanceof PickledObject) {
      return `a ${value.module}.${value.name} of elements that tensors have no dtype for ({ placeholders: true } loads the rest)`;
    }
    if (value instanceof PickledClass) return `the class ${value.name}`;
    return value instanceof PickledStorage ? "a bare storage" : "an unfinished object";
  }
}

function describe(key: unknown): string {
  return key instanceof PickledTuple ? key.items.map(describe).join(",") : String(key);
}
