/** Containers of modules: in sequence, in a list, by name. */
import type { Tensor } from "@heddle/tensor";
import { keepsPrepared } from "@heddle/tensor/engine";
import { isNormalisation } from "./foldable.ts";
import { checkModule, type Layer, Module } from "./module.ts";
import { ReLU } from "./rectifier.ts";
import { checkSurplus } from "./surplus_arguments.ts";

/** The position of a possibly negative index. @throws RangeError when there is none. */
export function position(container: string, index: number, length: number): number {
  if (!Number.isInteger(index) || index < -length || index >= length) {
    throw new RangeError(
      `${container}: index ${index} is out of range for ${length} modules; expected ${-length} to ${length - 1}`,
    );
  }
  return index < 0 ? index + length : index;
}

/**
 * The entries of an object of parameters or modules.
 *
 * @throws TypeError for a Map, an array and whatever else would be taken for an object without entries, or with entries called "0", "1", ….
 */
export function named<T>(container: string, items: Readonly<Record<string, T>>): [string, T][] {
  const plain = typeof items === "object" && items !== null && !(Symbol.iterator in items);
  if (plain) return Object.entries(items);
  const [shown, remedy] = (items as unknown) instanceof Map
    ? ["a Map", "Object.fromEntries(map) makes an object"]
    : Array.isArray(items)
    ? [`an array of ${items.length}`, "Object.fromEntries(pairs) makes an object of pairs"]
    : [
      typeof items === "object" && items !== null ? `an object of class ${items.constructor?.name}` : String(items),
      "write { name: value, … }",
    ];
  throw new TypeError(`${container}: expected an object of values by name, got ${shown}; ${remedy}`);
}

/** @throws Error for an empty name, or one with a dot. */
export function checkName(container: string, name: string): void {
  if (typeof name !== "string" || name === "" || name.includes(".")) {
    throw new Error(`${container}: "${name}" is not a valid name; it must not be empty or contain a dot`);
  }
}

/**
 * Layers applied one after the other, called "0", "1", … in state dicts. PyTorch: `torch.nn.Sequential`.
 *
 * @example
 * ```ts
 * import { Linear, ReLU, Sequential } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const net = new Sequential(new Linear(4, 8), new ReLU(), new Linear(8, 2));
 * net.forward(randn([3, 4])).shape; // [3, 2]
 * net.at(0).outFeatures; // 8
 * console.log(String(net));
 * ```
 */
export class Sequential<L extends readonly Layer[] = readonly Layer[]> extends Module implements Iterable<L[number]> {
  private readonly layers: Map<string, Layer>;

  constructor(...layers: L) {
    super();
    for (const layer of layers) checkModule("Sequential", layer);
    this.layers = new Map(layers.map((layer, i) => [String(i), layer]));
  }

  /**
   * Layers under given names, like an `OrderedDict` in PyTorch.
   *
   * @example
   * ```ts
   * import { Linear, ReLU, Sequential } from "@heddle/nn";
   * const net = Sequential.named({ hidden: new Linear(4, 8), relu: new ReLU(), output: new Linear(8, 2) });
   * Object.keys(net.stateDict())[0]; // "hidden.weight"
   * ```
   */
  static named(layers: Readonly<Record<string, Layer>>): Sequential {
    const result: Sequential = new Sequential<readonly Layer[]>();
    for (const [name, layer] of Object.entries(layers)) {
      checkName("Sequential", name);
      checkModule("Sequential", layer);
      result.layers.set(name, layer);
    }
    return result;
  }

  /** Number of layers. */
  get length(): number {
    return this.layers.size;
  }

  /** The layer at an index; negative ones count from the end. @throws RangeError when there is none. */
  at<I extends number>(index: I): L[I] {
    return [...this.layers.values()][position("Sequential", index, this.length)]!;
  }

  /** Replaces the layer at an index, under the same name. @throws RangeError when there is none. */
  set(index: number, layer: Layer): this {
    checkModule("Sequential", layer);
    const name = [...this.layers.keys()][position("Sequential", index, this.length)]!;
    this.layers.set(name, layer);
    return this;
  }

  /** The layers from `start` up to but not including `end` as a sequence that shares them. */
  slice(start = 0, end: number = this.length): Sequential {
    const result: Sequential = new Sequential<readonly Layer[]>();
    for (const [name, layer] of [...this.layers].slice(start, end)) result.layers.set(name, layer);
    return result;
  }

  /** Appends a layer. */
  append(layer: Layer): this {
    checkModule("Sequential", layer);
    // A slice keeps the names of its layers.
    let name = this.length;
    while (this.layers.has(String(name))) name++;
    this.layers.set(String(name), layer);
    return this;
  }

  [Symbol.iterator](): IterableIterator<L[number]> {
    return this.layers.values();
  }

  /** Applies the layers one after the other. */
  forward(input: Tensor): Tensor {
    if (keepsPrepared()) return this.forwardFolded(input);
    let result = input;
    for (const layer of this.layers.values()) result = layer.forward(result);
    return result;
  }

  /** Batch normalisation in evaluation takes the layer before it and a ReLU after it along; see `BatchNorm.after`. */
  private forwardFolded(input: Tensor): Tensor {
    const layers = [...this.layers.values()];
    let result = input;
    for (let i = 0; i < layers.length; i++) {
      const [layer, norm, last] = [layers[i]!, layers[i + 1], layers[i + 2]];
      if (!isNormalisation(norm) || norm.training) {
        result = layer.forward(result);
        continue;
      }
      const rectified = last?.forward === ReLU.prototype.forward;
      result = norm.after(layer, result, { activation: rectified ? "relu" : "none" });
      i += rectified ? 2 : 1;
    }
    return result;
  }

  protected override *members(): Iterable<readonly [string, unknown]> {
    for (const [name, value] of super.members()) if (value !== this.layers) yield [name, value];
    yield* this.layers;
  }
}

/**
 * A list of modules whose parameters are found; it has no `forward`. PyTorch: `torch.nn.ModuleList`.
 *
 * @example
 * ```ts
 * import { Linear, Module, ModuleList } from "@heddle/nn";
 * import { randn, type Tensor } from "@heddle/tensor";
 * class Deep extends Module {
 *   layers = new ModuleList([1, 2, 3].map(() => new Linear(4, 4)));
 *   forward(x: Tensor): Tensor {
 *     for (const layer of this.layers) x = layer.forward(x).tanh();
 *     return x;
 *   }
 * }
 * new Deep().forward(randn([4])).shape; // [4]
 * ```
 */
export class ModuleList<M extends Module = Module> extends Module implements Iterable<M> {
  private readonly items: M[];

  constructor(modules: Iterable<M> = []) {
    super();
    checkSurplus("ModuleList", arguments, 1);
    this.items = [];
    this.extend(modules);
  }

  /** Number of modules. */
  get length(): number {
    return this.items.length;
  }

  /** The module at an index; negative ones count from the end. @throws RangeError when there is none. */
  at(index: number): M {
    return this.items[position("ModuleList", index, this.length)]!;
  }

  /** Replaces the module at an index. */
  set(index: number, module: M): this {
    checkModule("ModuleList", module);
    this.items[position("ModuleList", index, this.length)] = module;
    return this;
  }

  /** Appends a module. */
  append(module: M): this {
    checkModule("ModuleList", module);
    this.items.push(module);
    return this;
  }

  /** Appends several modules. */
  extend(modules: Iterable<M>): this {
    for (const module of modules) this.append(module);
    return this;
  }

  /** Inserts a module before the one at an index. */
  insert(index: number, module: M): this {
    checkModule("ModuleList", module);
    this.items.splice(index === this.length ? index : position("ModuleList", index, this.length), 0, module);
    return this;
  }

  [Symbol.iterator](): IterableIterator<M> {
    return this.items.values();
  }

  protected override *members(): Iterable<readonly [string, unknown]> {
    for (const [name, value] of super.members()) if (value !== this.items) yield [name, value];
    for (const [i, module] of this.items.entries()) yield [String(i), module];
  }
}

/**
 * Modules by name, in the order of insertion. PyTorch: `torch.nn.ModuleDict`.
 *
 * @example
 * ```ts
 * import { Linear, ModuleDict } from "@heddle/nn";
 * const heads = new ModuleDict({ mean: new Linear(8, 1), spread: new Linear(8, 1) });
 * heads.get("mean").outFeatures; // 1
 * ```
 */
export class ModuleDict<
  D extends Readonly<Record<string, Module>> = Readonly<Record<string, Module>>,
  M extends Module = D[keyof D],
> extends Module {
  private readonly items: Map<string, Module>;

  constructor(modules: D = {} as D) {
    super();
    checkSurplus("ModuleDict", arguments, 1);
    this.items = new Map();
    for (const [name, module] of named("ModuleDict", modules)) this.set(name, module);
  }

  /** Number of modules. */
  get size(): number {
    return this.items.size;
  }

  /** The module with a name. @throws RangeError that lists the existing names. */
  get<K extends keyof D & string>(name: K): D[K] {
    const found = this.items.get(name);
    if (found === undefined) {
      throw new RangeError(
        `ModuleDict: there is no module "${name}"; there are ${
          [...this.items.keys()].map((key) => `"${key}"`).join(", ") || "none"
        }`,
      );
    }
    return found as D[K];
  }

  /** Whether there is a module with that name. */
  has(name: string): boolean {
    return this.items.has(name);
  }

  /** Adds a module, or replaces the one with that name. */
  set(name: string, module: Module): this {
    checkName("ModuleDict", name);
    checkModule("ModuleDict", module);
    this.items.set(name, module);
    return this;
  }

  /** Removes a module. Returns whether it was there. */
  delete(name: string): boolean {
    return this.items.delete(name);
  }

  /** The names. */
  keys(): IterableIterator<string> {
    return this.items.keys();
  }

  /** The modules. */
  values(): IterableIterator<M> {
    return this.items.values() as IterableIterator<M>;
  }

  /** Pairs of names and modules. */
  entries(): IterableIterator<[string, M]> {
    return this.items.entries() as IterableIterator<[string, M]>;
  }

  protected override *members(): Iterable<readonly [string, unknown]> {
    for (const [name, value] of super.members()) if (value !== this.items) yield [name, value];
    yield* this.items;
  }
}
