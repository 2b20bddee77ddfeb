/** Containers of parameters: in a list, by name. */
import type { Tensor } from "@heddle/tensor";
import { checkName, named, position } from "./container.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { checkSurplus } from "./surplus_arguments.ts";

const asParameter = (tensor: Tensor): Parameter => tensor instanceof Parameter ? tensor : new Parameter(tensor);

/** A list of parameters. PyTorch: `torch.nn.ParameterList`. */
export class ParameterList extends Module implements Iterable<Parameter> {
  private readonly items: Parameter[];

  /** Tensors become parameters. */
  constructor(tensors: Iterable<Tensor> = []) {
    super();
    checkSurplus("ParameterList", arguments, 1);
    this.items = [];
    for (const tensor of tensors) this.append(tensor);
  }

  /** Number of parameters. */
  get length(): number {
    return this.items.length;
  }

  /** The parameter at an index; negative ones count from the end. @throws RangeError when there is none. */
  at(index: number): Parameter {
    return this.items[position("ParameterList", index, this.length)]!;
  }

  /** Appends a parameter. */
  append(tensor: Tensor): this {
    this.items.push(asParameter(tensor));
    return this;
  }

  [Symbol.iterator](): IterableIterator<Parameter> {
    return this.items.values();
  }

  protected override *members(): Iterable<readonly [string, unknown]> {
    for (const [name, value] of super.members()) if (value !== this.items) yield [name, value];
    for (const [i, parameter] of this.items.entries()) yield [String(i), parameter];
  }
}

/**
 * Parameters by name, in the order of insertion. Tensors become parameters. PyTorch: `torch.nn.ParameterDict`.
 *
 * @example
 * ```ts
 * import { ParameterDict } from "@heddle/nn";
 * import { ones, zeros } from "@heddle/tensor";
 * const scales = new ParameterDict({ left: ones([2]), right: zeros([3]) });
 * scales.get("right").shape; // [3]
 * Object.keys(scales.stateDict()); // ["left", "right"]
 * ```
 */
export class ParameterDict extends Module implements Iterable<[string, Parameter]> {
  private readonly items: Map<string, Parameter>;

  /** From an object of tensors. */
  constructor(tensors: Readonly<Record<string, Tensor>> = {}) {
    super();
    checkSurplus("ParameterDict", arguments, 1);
    this.items = new Map();
    this.update(tensors);
  }

  /** Number of parameters. */
  get size(): number {
    return this.items.size;
  }

  /** The parameter with a name. @throws RangeError that lists the existing names. */
  get(name: string): Parameter {
    const found = this.items.get(name);
    if (found !== undefined) return found;
    const names = [...this.items.keys()].map((key) => `"${key}"`).join(", ") || "none";
    throw new RangeError(`ParameterDict: there is no parameter "${name}"; there are ${names}`);
  }

  /** Whether there is a parameter with that name. */
  has(name: string): boolean {
    return this.items.has(name);
  }

  /** Adds a parameter, or replaces the one with that name. @throws Error for an empty name, or one with a dot. */
  set(name: string, tensor: Tensor): this {
    checkName("ParameterDict", name);
    this.items.set(name, asParameter(tensor));
    return this;
  }

  /** Adds or replaces several parameters. */
  update(tensors: Readonly<Record<string, Tensor>>): this {
    for (const [name, tensor] of named("ParameterDict", tensors)) this.set(name, tensor);
    return this;
  }

  /** Removes a parameter. Returns whether it was there. */
  delete(name: string): boolean {
    return this.items.delete(name);
  }

  /** The names. */
  keys(): IterableIterator<string> {
    return this.items.keys();
  }

  /** The parameters. */
  values(): IterableIterator<Parameter> {
    return this.items.values();
  }

  /** Pairs of names and parameters. */
  entries(): IterableIterator<[string, Parameter]> {
    return this.items.entries();
  }

  /** Pairs of names and parameters. */
  [Symbol.iterator](): IterableIterator<[string, Parameter]> {
    return this.items.entries();
  }

  protected override *members(): Iterable<readonly [string, unknown]> {
    for (const [name, value] of super.members()) if (value !== this.items) yield [name, value];
    yield* this.items;
  }
}
