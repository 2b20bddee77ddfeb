/** The base of every optimiser: parameter groups, the step over all parameters, state dicts. */
import { enableGrad, noGrad } from "@heddle/autograd";
import { scope, Tensor } from "@heddle/tensor";
import {
  activeCapture,
  checkNames,
  checkOptions,
  checkSynchronous,
  disown,
  internals,
  markClass,
  otherCopy,
  own,
  printOnConsole,
  widened,
} from "@heddle/tensor/engine";
import {
  copyArrays,
  describe,
  type GroupOptions,
  isGroup,
  merge,
  type ParamGroup,
  type ParamGroupInput,
  type ParamsInput,
} from "./parameter_groups.ts";
import { checkLayout, checkSaved, copySaved, type ParamState } from "./saved_state.ts";

export type { ParamState } from "./saved_state.ts";

/** Options and members of a group; parameters are numbered across all groups. */
export type GroupStateDict = { readonly params: readonly number[]; readonly [option: string]: unknown };

/** The result of `stateDict`, in PyTorch's layout: states by the number of the parameter, and the groups. */
export interface OptimizerStateDict {
  readonly state: { readonly [index: string]: { readonly [name: string]: Tensor | number } };
  readonly paramGroups: readonly GroupStateDict[];
}

/** The gradient of an update, and the versions of parameter and gradient after it. */
interface Updated {
  readonly grad: Tensor;
  readonly versions: readonly [param: number, grad: number];
}

/** Options of `zeroGrad`. */
export interface ZeroGradOptions {
  /** Free the gradients (the default) instead of filling them with zeros. */
  readonly setToNone?: boolean;
}

/**
 * The base of all optimisers (PyTorch's `torch.optim.Optimizer`). Updates happen in place on the parameters and are not recorded.
 * Parameters in float16 are updated in float32 and rounded once a step; their state is float32. A custom optimiser defines how to check
 * its options, what state a parameter has, and how to update one parameter.
 *
 * @example
 * ```ts
 * import { Optimizer, type GroupOptions } from "@heddle/optim";
 * import type { Tensor } from "@heddle/tensor";
 *
 * // Steps of fixed size along the sign of the gradient.
 * class SignSGD extends Optimizer<GroupOptions, Record<string, never>> {
 *   constructor(params: Iterable<Tensor>, lr: number) {
 *     super(params, { lr, maximize: false });
 *   }
 *   protected override checkOptions(): void {}
 *   protected override newState(): Record<string, never> {
 *     return {};
 *   }
 *   protected override update(param: Tensor, gradient: Tensor, { lr }: GroupOptions): void {
 *     param.sub_(gradient.sign(), { alpha: lr });
 *   }
 * }
 * ```
 */
export abstract class Optimizer<O extends GroupOptions = GroupOptions, S extends ParamState = ParamState> {
  /** The default options of groups. */
  readonly defaults: O;
  /** The parameters with their options; a changed option applies from the next step on. */
  readonly paramGroups: ParamGroup<O>[];
  private readonly states: Map<Tensor, S>;
  /** The parameters that a failed step had updated, and their versions. */
  private interrupted: ReadonlyMap<Tensor, Updated> | null = null;

  /**
   * @throws TypeError when an option is unknown or something is not a tensor; RangeError when a value is out of range;
   * Error when there are no parameters, one is given twice, or one is not a leaf.
   */
  constructor(params: ParamsInput<O>, defaults: O, options: Partial<O> = {}) {
    this.checkNames(options, Object.keys(defaults));
    this.checkTypes(options, defaults);
    this.defaults = merge(defaults, options);
    this.paramGroups = [];
    this.states = new Map();
    const given = params instanceof Tensor ? [params] : this.listOf(params as Iterable<Tensor | ParamGroupInput<O>>);
    if (given.length === 0) {
      throw new Error(`${this.name}: got no parameters; is the model empty, or was its iterator used up before?`);
    }
    const groups = given.some((item) => isGroup(item))
      ? given as ParamGroupInput<O>[]
      : [{ params: given } as unknown as ParamGroupInput<O>];
    for (const group of groups) this.addParamGroup(group);
  }

  /** The parameters or groups that were given. @throws TypeError for something else, such as a module. */
  private listOf<T>(params: Iterable<T>): T[] {
    if (typeof params === "object" && params !== null && Symbol.iterator in params) return [...params];
    const module = typeof (params as { parameters?: unknown } | null)?.parameters === "function";
    throw new TypeError(
      `${this.name}: expected parameters or groups of them, got ${describe(params)}; give ` +
        (module ? "its parameters()" : "model.parameters(), or an array"),
    );
  }

  /** The optimiser's name in messages. */
  protected get name(): string {
    return this.constructor.name;
  }

  /** Throws RangeError for options out of range. */
  protected abstract checkOptions(options: O): void;

  /**
   * The initial state of a parameter; its tensors live as long as the parameter. A loaded state must have all its entries. Entries that
   * `update` adds only for some options are undefined here, and may be absent.
   */
  protected abstract newState(param: Tensor, group: ParamGroup<O>): S;

  /**
   * Updates one parameter in place; for float16 a float32 copy, which is written back. Nothing is recorded, and the tensors made here are
   * freed afterwards unless they are in the state. When memory runs out, the numbers in the state are restored and the step can be
   * retried; so allocate before the first write, as `fusedUpdate` does.
   */
  protected abstract update(param: Tensor, gradient: Tensor, group: ParamGroup<O>, state: S): void;

  /**
   * Adds parameters with their own options, e.g. layers that are unfrozen during training.
   *
   * @throws as the constructor does.
   */
  addParamGroup(group: ParamGroupInput<O>): void {
    if (!isGroup(group)) {
      throw new TypeError(
        `${this.name}: a parameter group is an object like { params: [...], lr: 0.1 }, got ${describe(group)}`,
      );
    }
    const { params, initialLr, name, ...options } = group;
    this.checkNames(options, Object.keys(this.defaults));
    this.checkTypes(options, this.defaults);
    const merged = merge(this.defaults, options as unknown as Partial<O>);
    this.checkOptions(merged);
    const members = params instanceof Tensor ? [params] : [...params];
    const known = new Set(this.paramGroups.flatMap((other) => other.params));
    for (const [i, param] of members.entries()) {
      if (!(param instanceof Tensor)) {
        throw new TypeError(
          `${this.name}: parameter ${i} is ${describe(param)}, not a tensor; ${
            otherCopy(param, "Tensor") ?? "pass model.parameters()"
          }`,
        );
      }
      if (!param.isLeaf) {
        throw new Error(
          `${this.name}: parameter ${i} of shape [${
            param.shape.join(", ")
          }] was computed (by ${param.gradFn?.name}), and updates would ` +
            `not reach what it was computed from; optimise the leaf, or its detach().requiresGrad_()`,
        );
      }
      if (known.has(param)) {
        throw new Error(
          `${this.name}: parameter ${i} of shape [${
            param.shape.join(", ")
          }] is given twice; each belongs to one group, once`,
        );
      }
      known.add(param);
    }
    const added = { ...merged, params: members } as ParamGroup<O>;
    if (initialLr !== undefined) added.initialLr = initialLr;
    if (name !== undefined) added.name = name;
    this.paramGroups.push(added);
  }

  /**
   * Updates every parameter that has a gradient. If it fails part-way (when memory runs out), calling it again with the same gradients
   * continues with the parameters that were not updated.
   *
   * @param closure recomputes the loss and its gradients; it is called first, and its result is returned.
   *
   * @example
   * ```ts
   * import "@heddle/autograd";
   * import { SGD } from "@heddle/optim";
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([4], { requiresGrad: true });
   * const optimizer = new SGD([x], { lr: 0.25 });
   * x.square().sum().backward();
   * optimizer.step();
   * x.item(); // 2: 4 − 0.25 · 8
   * ```
   */
  step(): void;
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | void {
    const loss = closure === undefined ? undefined : this.evaluate(closure);
    const updated: Tensor[] = [];
    try {
      noGrad(() => {
        for (const group of this.paramGroups) {
          for (const param of group.params) {
            const { grad } = param;
            if (grad === null || grad === undefined) continue;
            if (this.interrupted === null || !this.hasUpdated(param, grad)) this.updateOne(param, grad, group);
            updated.push(param);
          }
        }
      });
      this.interrupted = null;
    } catch (error) {
      this.interrupted = new Map(updated.map((param) => {
        const grad = param.grad!;
        return [param, { grad, versions: [param.storage.version, grad.storage.version] }];
      }));
      throw error;
    }
    return loss;
  }

  /** Calls a closure with gradients on. @throws TypeError when it is asynchronous. */
  protected evaluate<T>(closure: () => T): T {
    return enableGrad(() => {
      const loss = closure();
      checkSynchronous(
        `${this.name}.step`,
        loss,
        "compute the loss and its gradients without awaiting, and await loss.data() after the step",
      );
      return loss;
    });
  }

  /** Whether a failed step had already updated this parameter, and neither it nor its gradient has changed since. */
  private hasUpdated(param: Tensor, grad: Tensor): boolean {
    const before = this.interrupted?.get(param);
    return before !== undefined && before.grad === grad && before.versions[0] === param.storage.version &&
      before.versions[1] === grad.storage.version;
  }

  /** Updates a parameter; on failure its state stays unchanged. */
  private updateOne(param: Tensor, grad: Tensor, group: ParamGroup<O>): void {
    const inner = scope();
    try {
      // The step and the state of float16 parameters are float32; the parameter is rounded once.
      const [wide, wideGrad] = [widened(param), widened(grad)];
      const known = this.states.get(param);
      const state: ParamState = known ?? this.newState(wide, group);
      const before = { ...state };
      try {
        this.updateWide(param, wide, group.maximize ? wideGrad.neg() : wideGrad, group, state as S);
        if (wide !== param) param.copy_(wide);
      } catch (error) {
        // The copies are freed with the scope.
        for (const key of Object.keys(state)) if (!Object.hasOwn(before, key)) delete state[key];
        Object.assign(state, before);
        throw error;
      }
      if (known === undefined) this.states.set(param, state as S);
      this.own(param, state);
    } finally {
      inner.end();
    }
  }

  /** Updates a parameter, or its float32 copy. A captured step takes the numbers of the update again before each run. */
  private updateWide(param: Tensor, wide: Tensor, gradient: Tensor, group: ParamGroup<O>, state: S): void {
    const capture = activeCapture();
    if (capture === null) return this.update(wide, gradient, group, state);
    capture.depends(`maximize of ${this.name}`, () => group.maximize);
    capture.depends(`the state of ${this.name}`, () => this.states.get(param));
    capture.update(gradient, state, (gradient) => this.update(wide, gradient, group, state));
  }

  /** Makes a parameter's state live as long as the parameter. */
  private own(param: Tensor, state: ParamState): void {
    for (const key in state) {
      const value = state[key];
      if (value instanceof Tensor && internals(value).owner !== param) own(param, value);
    }
  }

  /** Clears the gradients of all parameters; by default their memory is freed at once. */
  zeroGrad(options: ZeroGradOptions = {}): void {
    checkOptions("zeroGrad", options, ["setToNone"]);
    const { setToNone = true } = options;
    for (const { params } of this.paramGroups) {
      for (const param of params) {
        const { grad } = param;
        if (grad === null || grad === undefined) continue;
        if (setToNone) {
          grad.dispose();
          param.grad = null;
        } else if (grad.requiresGrad) {
          // It has a history (createGraph), which zeros must not have.
          param.grad = noGrad(() => grad.mul(0));
          grad.dispose();
        } else noGrad(() => grad.zero_());
      }
    }
  }

  /**
   * The state needed to resume: the state of each parameter, by its number, and the groups' options. The tensors are shared with the
   * optimiser, and the next step changes them: write or clone them before.
   */
  stateDict(): OptimizerStateDict {
    const numbers = new Map(this.paramGroups.flatMap((group) => group.params).map((param, i) => [param, i]));
    const state: Record<string, Record<string, Tensor | number>> = {};
    for (const [param, number] of numbers) {
      const entries = Object.entries(this.states.get(param) ?? {}).filter(([, value]) => value !== undefined);
      if (entries.length > 0) state[number] = Object.fromEntries(entries) as Record<string, Tensor | number>;
    }
    const paramGroups = this.paramGroups.map(({ params, ...options }) => ({
      ...copyArrays(options),
      params: params.map((param) => numbers.get(param)!),
    }));
    return { state, paramGroups };
  }

  /**
   * Loads a state from `stateDict`. Tensors are copied in the dtype (float32 for float16) and to the device of their parameters, so that
   * training continues bit for bit.
   *
   * @throws Error when groups, parameters or shapes differ from those of this optimiser, or a part of the state is missing; the optimiser
   * is then unchanged.
   */
  loadStateDict(stateDict: OptimizerStateDict): void {
    checkLayout(this.name, stateDict);
    const { paramGroups } = stateDict;
    const here = this.paramGroups.map((group) => group.params.length);
    const there = paramGroups.map((group) => group.params.length);
    if (here.length !== there.length || here.some((count, i) => count !== there[i])) {
      throw new Error(
        `${this.name}.loadStateDict: the saved groups have [${there.join(", ")}] parameters, those of this optimiser ` +
          `[${here.join(", ")}]; build it from the same model with the same groups`,
      );
    }
    const options = paramGroups.map(({ params: _, initialLr, name, ...saved }, i) => {
      this.checkNames(saved, Object.keys(this.defaults));
      this.checkTypes(saved, this.defaults);
      const merged = merge(this.paramGroups[i]! as O, copyArrays(saved) as Partial<O>);
      this.checkOptions(merged);
      return { ...saved, ...(initialLr === undefined ? {} : { initialLr }), ...(name === undefined ? {} : { name }) };
    });
    const numbers = paramGroups.flatMap(({ params }) => params);
    const strange = Object.keys(stateDict.state).find((key) => !numbers.includes(Number(key)));
    if (strange !== undefined) {
      throw new Error(
        `${this.name}.loadStateDict: there is a state of parameter ${strange}, which no group has; is part of it missing?`,
      );
    }
    const states = new Map<Tensor, S>();
    for (const [i, group] of this.paramGroups.entries()) {
      for (const [j, param] of group.params.entries()) {
        const number = paramGroups[i]!.params[j]!;
        const saved = stateDict.state[number];
        if (saved === undefined) continue;
        checkSaved(this.name, noGrad(() => this.newState(param, group)), saved, number);
        states.set(param, copySaved(this.name, param, saved, number) as S);
      }
    }
    for (const [i, group] of this.paramGroups.entries()) Object.assign(group, copyArrays(options[i]!));
    for (const [param, state] of this.states) {
      for (const value of Object.values(state)) if (value instanceof Tensor) disown(param, value);
    }
    this.states.clear();
    for (const [param, state] of states) {
      this.states.set(param, state);
      this.own(param, state);
    }
  }

  private checkNames(options: object, known: readonly string[]): void {
    checkNames(this.name, options, known);
  }

  /** Flags must be flags and numbers numbers: the strings "false" and "0.1" are neither. */
  private checkTypes(options: object, defaults: O): void {
    for (const [key, value] of Object.entries(options)) {
      const usual = defaults[key as keyof O];
      if (value === undefined || usual === null || usual === undefined) continue;
      const fits = Array.isArray(usual)
        ? Array.isArray(value) && value.every((item) => typeof item === "number")
        : typeof value === typeof usual;
      if (!fits || Number.isNaN(value)) {
        throw new TypeError(
          `${this.name}: ${key} is ${describe(value)}; it must be ${
            Array.isArray(usual) ? "a list of numbers" : `a ${typeof usual}`
          }, as ${String(usual)} is by default`,
        );
      }
    }
  }

  /** Refuses to write the optimiser as JSON, which would lose its state. @throws Error that says what to write. */
  toJSON(): never {
    throw new Error(
      `${this.name}: an optimiser is not written as JSON; write the tensors and options of its stateDict()`,
    );
  }

  /** The optimiser's name and the options of its groups. */
  toString(): string {
    const groups = this.paramGroups.map(({ params, ...options }, i) =>
      `  group ${i}: ${params.length} parameters, ` +
      Object.entries(options).map(([key, value]) => `${key} ${Array.isArray(value) ? `[${value.join(", ")}]` : value}`)
        .join(", ")
    );
    return `${this.name} (\n${groups.join("\n")}\n)`;
  }
}

markClass(Optimizer, "@heddle/optim");
printOnConsole(Optimizer.prototype);
