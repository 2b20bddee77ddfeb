/**
 * Programs by operation and geometry, so that an operation that ran before on operands of the same geometry finds its program without
 * building a kernel.
 */
import type { Backend, Program } from "../backend.ts";
import { type DType, dtypeIndex, type Scalar } from "../dtype.ts";
import { isKey, NumberKey } from "../number_key.ts";
import type { Geometry, Shape } from "../shape.ts";

/** An output of a launch, which is allocated with contiguous elements. */
export interface LaunchOutput {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly bytes: number;
}

/** The kinds of launches, with which their keys begin. */
export const launchKinds = { computed: 0, written: 1, reduction: 2, rows: 3, update: 4, routine: 5 } as const;

/** A program with everything that an operation on operands of its geometry needs. */
export interface Launch {
  /** Null if there is nothing to compute, since the outputs are empty. */
  readonly program: Program | null;
  /**
   * For each operand, inputs before outputs, three numbers: the first and the last element that the program accesses, relative to the
   * operand's offset, and the bytes of an element.
   */
  readonly reach: readonly number[];
  /** The outputs to allocate. */
  readonly outputs: readonly LaunchOutput[];
  /** Scalars that belong to the operation itself. */
  readonly scalars: readonly Scalar[];
}

/** A key that was searched for without success. */
export interface Key {
  readonly numbers: Float64Array;
  readonly hash: number;
}

interface Entry {
  readonly numbers: Float64Array;
  readonly launch: Launch;
  next: Entry | undefined;
}

/** The number of programs in each of two generations. */
const generation = 2048;

/**
 * The programs of a backend. A key is built part by part; {@link find} searches for it and starts the next one.
 *
 * There are two generations of programs. When the younger one is full, the programs of the older one, which were not used since the
 * last time, are released.
 */
export class ProgramCache extends NumberKey {
  private readonly backend: Backend;
  private readonly most: number;
  private young: Map<number, Entry> = new Map();
  private old: Map<number, Entry> = new Map();
  private count = 0;
  private objects: WeakMap<object, number> = new WeakMap();
  private shown: Map<string, number> = new Map();
  private nextObject = 0;

  /** @param most the number of programs in a generation. */
  constructor(backend: Backend, most: number = generation) {
    super();
    this.backend = backend;
    this.most = most;
  }

  /** Begins a key. */
  begin(kind: keyof typeof launchKinds, operands: number): void {
    this.length = this.hash = 0; // whatever an error left
    this.addNumber(8 * operands + launchKinds[kind]);
  }

  /** Adds an object to the key. `show` describes it: objects of the same description are the same. */
  addObject<T extends object>(value: T, show: (value: T) => string): void {
    this.addNumber(this.objects.get(value) ?? this.numberOf(value, show(value)));
  }

  private numberOf(value: object, text: string): number {
    let id = this.shown.get(text);
    if (id === undefined) {
      if (this.shown.size >= 2 * this.most) {
        // Numbers are not used again, so that programs of forgotten objects are only found by nobody.
        this.shown = new Map();
        this.objects = new WeakMap();
      }
      this.shown.set(text, id = this.nextObject++);
    }
    this.objects.set(value, id);
    return id;
  }

  /** Adds the dtype, the shape and the strides of an operand to the key. */
  addOperand({ dtype, shape, strides }: Pick<Geometry, "shape" | "strides"> & { readonly dtype: DType }): void {
    this.addNumber(16 * shape.length + dtypeIndex[dtype]);
    for (let i = 0; i < shape.length; i++) {
      this.addNumber(shape[i]!);
      this.addNumber(strides[i]!);
    }
  }

  /** Adds attributes to the key: numbers, strings, booleans and arrays of numbers. */
  addAttrs(attrs: object): void {
    for (const name in attrs) {
      const value = (attrs as Record<string, unknown>)[name];
      this.addText(name);
      if (typeof value === "number") this.addNumber(value);
      else if (Array.isArray(value)) this.addNumbers(value);
      else this.addText(String(value));
    }
  }

  /** What was kept under the key, or undefined; then {@link takeKey} gives the key. */
  find(): Launch | undefined {
    const { words, length, hash } = this;
    for (let entry = this.young.get(hash); entry !== undefined; entry = entry.next) {
      if (isKey(entry.numbers, words, length)) {
        this.length = this.hash = 0;
        return entry.launch;
      }
    }
    return this.findOld();
  }

  private findOld(): Launch | undefined {
    const { words, length, hash, old } = this;
    let before: Entry | undefined;
    for (let entry = old.get(hash); entry !== undefined; before = entry, entry = entry.next) {
      if (!isKey(entry.numbers, words, length)) continue;
      if (before !== undefined) before.next = entry.next;
      else if (entry.next !== undefined) old.set(hash, entry.next);
      else old.delete(hash);
      this.length = this.hash = 0;
      this.insert(hash, entry);
      return entry.launch;
    }
    return undefined;
  }

  /** The key that {@link find} did not find. Call this right after it. */
  takeKey(): Key {
    const key = { numbers: this.words.slice(0, this.length), hash: this.hash };
    this.length = this.hash = 0;
    return key;
  }

  /** Keeps a launch under a key. */
  keep({ numbers, hash }: Key, launch: Launch): Launch {
    this.insert(hash, { numbers, launch, next: undefined });
    return launch;
  }

  private insert(hash: number, entry: Entry): void {
    if (this.count >= this.most) this.age();
    entry.next = this.young.get(hash);
    this.young.set(hash, entry);
    this.count++;
  }

  /** Releases the programs of the older generation; the younger one becomes the older. */
  private age(): void {
    const { old, backend } = this;
    this.old = this.young;
    this.young = new Map();
    this.count = 0;
    for (let entry of old.values()) {
      for (;;) {
        if (entry.launch.program !== null) backend.release?.(entry.launch.program);
        if (entry.next === undefined) break;
        entry = entry.next;
      }
    }
  }
}

const caches: WeakMap<Backend, ProgramCache> = new WeakMap();

/** The programs of a backend. */
export function programsOf(backend: Backend): ProgramCache {
  let cache = caches.get(backend);
  if (cache === undefined) caches.set(backend, cache = new ProgramCache(backend));
  return cache;
}
