/** The base class of layers and networks, whose parameters are found among their properties and named as in PyTorch. */
import { Tensor, type ToTarget } from "@heddle/tensor";
import {
  activeCapture,
  checkOptions,
  checkSynchronous,
  checkTensor,
  internals,
  markClass,
  otherCopy,
  printOnConsole,
} from "@heddle/tensor/engine";
import { convert } from "./convert.ts";
import { type ForwardHook, type ForwardPreHook, hookAfter, hookBefore, type HookHandle } from "./hooks.ts";
import { checkLost } from "./unregistered_modules.ts";
import { Parameter } from "./parameter.ts";
import { type LoadOptions, type LoadReport, loadState, type StateDict } from "./state_dict.ts";
import { checkDepth, drawTree, summarise } from "./summary.ts";
import { checkSurplus } from "./surplus_arguments.ts";

/** Options of {@link Module.registerBuffer}. */
export interface BufferOptions {
  /** Whether `stateDict` holds the buffer; true by default. */
  readonly persistent?: boolean;
}

/**
 * Base class of layers and networks. PyTorch: `torch.nn.Module`.
 *
 * Parameters and modules are found among the plain properties of an object, in the order in which they are declared or first assigned;
 * put several into a {@link ModuleList}, {@link ModuleDict} or {@link Sequential}: in a plain array, object, Map or Set they are an
 * error. Properties that begin with `#` are not searched. A subclass has a `forward` method with any signature, called by its name:
 * `net.forward(x)`.
 *
 * @example
 * ```ts
 * import { Linear, Module } from "@heddle/nn";
 * import { randn, type Tensor } from "@heddle/tensor";
 * class Net extends Module {
 *   hidden = new Linear(4, 8);
 *   output = new Linear(8, 2);
 *   forward(x: Tensor): Tensor {
 *     return this.output.forward(this.hidden.forward(x).relu());
 *   }
 * }
 * const net = new Net();
 * net.forward(randn([3, 4])).shape; // [3, 2]
 * Object.keys(net.stateDict()); // ["hidden.weight", "hidden.bias", "output.weight", "output.bias"]
 * ```
 */
export abstract class Module {
  private trains: boolean = true;
  private readonly persistence: Map<string, boolean> = new Map();

  /** @throws TypeError for any argument. Those of a layer without a constructor of its own arrive here. */
  constructor() {
    checkSurplus(this.constructor.name, arguments, 0);
  }

  /**
   * Makes a tensor part of the module's state without training it. It becomes the property `name`, to be declared as `declare readonly
   * mean: Tensor`.
   */
  registerBuffer(name: string, tensor: Tensor, options: BufferOptions = {}): void {
    checkOptions("registerBuffer", options, ["persistent"]);
    if (typeof name !== "string" || name === "" || name.includes(".")) {
      throw new Error(`registerBuffer: "${name}" is no name for a buffer; it must not be empty or contain a dot`);
    }
    checkTensor("registerBuffer", tensor, `"${name}"`);
    this.checkFree(name);
    if (tensor instanceof Parameter) {
      throw new TypeError(
        `registerBuffer: "${name}" is a Parameter; assign it to a property, or register its detach()`,
      );
    }
    this.persistence.set(name, options.persistent ?? true);
    internals(tensor).kept = true;
    (this as Record<string, unknown>)[name] = tensor;
  }

  /** A buffer may replace another buffer, but neither a method nor a parameter. */
  private checkFree(name: string): void {
    const there = (this as Record<string, unknown>)[name];
    const own = Object.hasOwn(this, name);
    if (
      own
        ? there === undefined || there === null || (there instanceof Tensor && !(there instanceof Parameter))
        : !(name in this)
    ) {
      return;
    }
    const kind = there instanceof Parameter ? "a parameter" : typeof there === "function" ? "a method" : "a property";
    throw new Error(
      `registerBuffer: "${name}" is ${kind} of ${this.constructor.name}, which the buffer would hide; choose another name`,
    );
  }

  /**
   * The name of a property in state dicts and traversals. The layers here use it to map `runningMean` to `running_mean`; override it in
   * the same way to read state dicts of PyTorch modules with names in snake case.
   */
  stateKey(property: string): string {
    return property;
  }

  /** The configuration, printed between the brackets. */
  extraRepr(): string {
    return "";
  }

  /** The names and values among which parameters and modules are looked for; containers add theirs. */
  protected *members(): Iterable<readonly [string, unknown]> {
    const methods = Object.getPrototypeOf(this) as Readonly<Record<string, unknown>>;
    for (const property of Object.keys(this)) {
      const value = (this as Record<string, unknown>)[property];
      if (typeof methods[property] === "function" && typeof value !== "function" && !(property in Object.prototype)) {
        throw new TypeError(
          `${this.constructor.name}.${property} is a field that hides the method ${property}(); choose another name for it`,
        );
      }
      yield [this.stateKey(property), value];
    }
  }

  /** The modules directly inside, with their names. */
  namedChildren(): [string, Module][] {
    const found: [string, Module][] = [];
    for (const [name, value] of this.members()) {
      if (value instanceof Module) found.push([name, value]);
      else if (typeof value === "object" && value !== null && !(value instanceof Tensor)) this.checkField(name, value);
    }
    return found;
  }

  /** The modules directly inside. */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** This module and all within, each once, with dotted names (`""` for this one). */
  namedModules(prefix = ""): [string, Module][] {
    const found = new Map<Module, string>();
    const visit = (name: string, module: Module, depth: number): void => {
      if (found.has(module)) return;
      checkDepth(this, depth);
      found.set(module, name);
      for (const [key, child] of module.namedChildren()) visit(join(name, key), child, depth + 1);
    };
    visit(prefix, this, 0);
    return [...found].map(([module, name]) => [name, module]);
  }

  /** This module and all within, each once. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /**
   * The inner module with a dotted name; `""` is this one. PyTorch: `get_submodule`.
   *
   * @throws RangeError for an unknown name, with the known ones.
   */
  getSubmodule(name: string): Module {
    const child = (module: Module | undefined, key: string): Module | undefined =>
      module?.namedChildren().find(([known]) => known === key)?.[1];
    const found = name === "" ? this : name.split(".").reduce<Module | undefined>(child, this);
    if (found !== undefined) return found;
    const names = this.namedModules().slice(1).map(([known]) => known).join(", ") || "none";
    throw new RangeError(`${this.constructor.name}: there is no module "${name}" within; there are ${names}`);
  }

  /**
   * Calls a function after every `forward` of this module, with its arguments and result. If it returns something other than undefined,
   * that replaces the result. PyTorch: `register_forward_hook`.
   *
   * @returns a handle that removes the hook: `handle.remove()`, or `using handle = …` for a block.
   * @throws TypeError when the module has no `forward`.
   */
  registerForwardHook<Output = Tensor>(hook: ForwardHook<this, Output>): HookHandle {
    return hookAfter(this, hook as unknown as ForwardHook);
  }

  /** Calls a function before every `forward`; an array that it returns replaces the arguments. PyTorch: `register_forward_pre_hook`. */
  registerForwardPreHook(hook: ForwardPreHook<this>): HookHandle {
    return hookBefore(this, hook as unknown as ForwardPreHook);
  }

  /** The parameters, each once (tied ones under their first name), with dotted names. */
  namedParameters(prefix = ""): [string, Parameter][] {
    return this.collect(prefix, (module) => module.ownParameters());
  }

  /** The parameters, each once, for an optimiser. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** The buffers, each once, with dotted names. */
  namedBuffers(prefix = ""): [string, Tensor][] {
    return this.collect(prefix, (module) => module.ownBuffers().map(([name, tensor]) => [name, tensor]));
  }

  /** The buffers, each once. */
  buffers(): Tensor[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** The parameters of this module itself. */
  ownParameters(): [string, Parameter][] {
    return [...this.members()].filter((member): member is [string, Parameter] => member[1] instanceof Parameter);
  }

  /** The buffers of this module itself, and whether they are persistent. */
  ownBuffers(): [name: string, tensor: Tensor, persistent: boolean][] {
    const found: [string, Tensor, boolean][] = [];
    for (const [property, persistent] of this.persistence) {
      const value = (this as Record<string, unknown>)[property];
      if (value instanceof Tensor) found.push([this.stateKey(property), value, persistent]);
    }
    return found;
  }

  /** Whether the module is in training mode, which dropout and batch normalisation depend on. See {@link train}. */
  get training(): boolean {
    activeCapture()?.depends(`the mode (train or eval) of a ${this.constructor.name}`, () => this.trains);
    return this.trains;
  }

  set training(value: boolean) {
    this.trains = value;
  }

  /** Puts the module and all within into training mode (or, with false, into evaluation mode). @throws TypeError for another value */
  train(mode = true): this {
    checkFlag(`${this.constructor.name}.train`, mode);
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Puts the module and all within into evaluation mode: no dropout, running statistics. */
  eval(): this {
    return this.train(false);
  }

  /** Calls a function with every module once, inner modules first. */
  apply(fn: (module: Module) => void): this {
    const seen = new Set<Module>();
    const visit = (module: Module, depth: number): void => {
      if (seen.has(module)) return;
      checkDepth(this, depth);
      seen.add(module);
      for (const child of module.children()) visit(child, depth + 1);
      checkSynchronous("Module.apply", fn(module) as unknown, "await before, and apply a function of the values");
    };
    visit(this, 0);
    return this;
  }

  /** Whether gradients are computed for all parameters: false freezes the module. */
  requiresGrad_(value = true): this {
    checkFlag(`${this.constructor.name}.requiresGrad_`, value);
    for (const parameter of this.parameters()) parameter.requiresGrad = value;
    return this;
  }

  /** Clears the gradients of all parameters and frees their memory. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) {
      parameter.grad?.dispose();
      parameter.grad = null;
    }
  }

  /**
   * Converts parameters and buffers to a dtype (floating-point ones only), a device, or both. The parameters remain the same objects, so
   * an existing optimiser keeps working; its state is not converted.
   *
   * @throws TypeError for a dtype that is not floating-point.
   *
   * @example
   * ```ts
   * import { Linear } from "@heddle/nn";
   * new Linear(2, 3).to("float64").weight.dtype; // "float64"
   * ```
   */
  to<S extends string>(...targets: ToTarget<S>[]): this {
    convert([...this.parameters(), ...this.buffers()], targets);
    return this;
  }

  /**
   * The parameters and persistent buffers by name, in PyTorch's order and with PyTorch's names for the layers of this package. The
   * tensors are detached and share the module's memory: use `clone()` for values that must not change.
   */
  stateDict(prefix = ""): StateDict {
    return Object.fromEntries([...this.state(prefix)].map(([name, tensor]) => [name, tensor.detach()]));
  }

  /**
   * Copies values from a state dict into the parameters and buffers, casting them where the dtype differs. Either all values are copied
   * or, on an error, none; a name whose value is undefined counts as missing.
   *
   * @returns the names of this module that the state lacks, and those in the state that the module lacks; both empty when strict.
   * @throws Error that lists all missing and unexpected names (unless `strict` is false) and all shapes that differ; TypeError when a
   * value is not a tensor.
   *
   * @example
   * ```ts
   * import { Linear } from "@heddle/nn";
   * const [a, b] = [new Linear(2, 3), new Linear(2, 3)];
   * b.loadStateDict(a.stateDict());
   * a.weight.equal(b.weight); // true
   * ```
   */
  loadStateDict(state: Readonly<StateDict>, options: LoadOptions = {}): LoadReport {
    checkOptions("loadStateDict", options, ["strict"]);
    return loadState(this.constructor.name, this.state(""), state, options);
  }

  /** A table of the layers with the shapes and counts of their parameters. */
  summary(): string {
    return summarise(this);
  }

  /** The tree of modules as PyTorch prints it. */
  toString(): string {
    return drawTree(this);
  }

  /** Refuses to write a module as JSON, which would lose its weights or be far too long. @throws Error that says what to write. */
  toJSON(): never {
    throw new Error(
      `${this.constructor.name}: a module is not written as JSON; write the tensors of stateDict() to a file, or String(module), ` +
        `which describes it`,
    );
  }

  /** Parameters and persistent buffers under every name they have. @throws Error when two have one name. */
  private state(prefix: string): Map<string, Tensor> {
    const found = new Map<string, Tensor>();
    const add = (name: string, tensor: Tensor): void => {
      const before = found.get(name);
      if (before !== undefined && before !== tensor) {
        throw new Error(`${this.constructor.name}: two tensors are called "${name}" in the state; rename one`);
      }
      found.set(name, tensor);
    };
    // A module that an inner one points back to is not entered again.
    const path = new Set<Module>();
    const visit = (name: string, module: Module): void => {
      if (path.has(module)) return;
      checkDepth(this, path.size);
      path.add(module);
      for (const [key, tensor] of module.ownParameters()) add(join(name, key), tensor);
      for (const [key, tensor, persistent] of module.ownBuffers()) if (persistent) add(join(name, key), tensor);
      for (const [key, child] of module.namedChildren()) visit(join(name, key), child);
      path.delete(module);
    };
    visit(prefix, this);
    return found;
  }

  private collect<T extends Tensor>(prefix: string, own: (module: Module) => [string, T][]): [string, T][] {
    const found = new Map<T, string>();
    for (const [name, module] of this.namedModules(prefix)) {
      for (const [key, tensor] of own(module)) if (!found.has(tensor)) found.set(tensor, join(name, key));
    }
    return [...found].map(([tensor, name]) => [name, tensor]);
  }

  /** Whether a module or parameter is found from this module on, by whatever path: a container may hold it as well. */
  private reaches(wanted: Module | Parameter): boolean {
    const seen = new Set<Module>();
    const visit = (module: Module): boolean => {
      seen.add(module);
      for (const [, value] of module.members()) {
        if (value === wanted || (value instanceof Module && !seen.has(value) && visit(value))) return true;
      }
      return false;
    };
    return visit(this);
  }

  /** Refuses fields whose parameters would not be found. */
  private checkField(name: string, value: object): void {
    const owner = this.constructor.name;
    checkLost(
      owner,
      name,
      value,
      (item) => (item instanceof Module || item instanceof Parameter) && !this.reaches(item),
    );
    const other = otherCopy(value, "Module") ?? otherCopy(value, "Parameter");
    if (other !== null) throw new TypeError(`${owner}.${name}: ${other}`);
  }
}

/** @throws TypeError unless the value is a module. */
export function checkModule(container: string, value: unknown): asserts value is Module {
  if (value instanceof Module) return;
  const other = otherCopy(value, "Module");
  if (other !== null) throw new TypeError(`${container}: ${other}`);
  const [shown, remedy] = Array.isArray(value)
    ? [
      `an array of ${value.length}`,
      container === "Sequential" ? "write new Sequential(...layers)" : "give its elements",
    ]
    : typeof value === "function"
    ? [
      `the function ${value.name || "(without a name)"}`,
      "functions go into a module's forward; classes are made with new",
    ]
    : [
      typeof value === "object" && value !== null
        ? `an object of class ${value.constructor?.name ?? "null"}`
        : String(value),
      "give what extends Module",
    ];
  throw new TypeError(`${container}: expected a module, got ${shown}; ${remedy}`);
}

/** A module that maps one tensor to one tensor, as all layers do. */
export interface Layer extends Module {
  forward(input: Tensor): Tensor;
}

function checkFlag(operation: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new TypeError(`${operation}: expected true or false, got ${JSON.stringify(value)}`);
}

function join(prefix: string, key: string): string {
  return prefix === "" ? key : `${prefix}.${key}`;
}

printOnConsole(Module.prototype);
markClass(Module, "@heddle/nn");
