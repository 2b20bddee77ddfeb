/** What every optimiser shares: parameter groups, the step over all parameters, state that can be saved. */
import { enableGrad, noGrad } from "@heddle/autograd";
import { Tensor, tidy } from "@heddle/tensor";
import {
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

/** Options and members of a group, its parameters numbered through all groups. */
export type GroupStateDict = { readonly params: readonly number[]; readonly [option: string]: unknown };

/** What `stateDict` gives, in the layout of PyTorch's: state by number of the parameter, and the groups. */
export interface OptimizerStateDict {
  readonly state: { readonly [index: string]: { readonly [name: string]: Tensor | number } };
  readonly paramGroups: readonly GroupStateDict[];
}

/** What a parameter was updated by, and the versions of both after that. */
interface Updated {
  readonly grad: Tensor;
  readonly versions: string;
}

function versionsOf(param: Tensor, grad: Tensor): string {
  return `${param.storage.version} ${grad.storage.version}`;
}

/** Options of `zeroGrad`. */
export interface ZeroGradOptions {
  /** Free the gradients (the default) instead of filling them with zeros. */
  readonly setToNone?: boolean;
}

/**
 * The base of all optimisers (PyTorch's `torch.optim.Optimizer`). Updates happen in place on the parameters and are not
 * recorded. Parameters in float16 are updated in float32 and rounded once a step; what is remembered of them is float32. An optimiser
 * of one's own says how it checks its options, what it remembers and how it updates one parameter.
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
  /** The options of groups that say nothing else. */
  readonly defaults: O;
  /** The parameters with their options; writing an option changes what the next step does. */
  readonly paramGroups: ParamGroup<O>[];
  private readonly states: Map<Tensor, S>;
  /** Parameters that a step had updated when it failed, as they were left. */
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
    const given = params instanceof Tensor ? [params] : [...params as Iterable<Tensor | ParamGroupInput<O>>];
    if (given.length === 0) {
      throw new Error(`${this.name}: got no parameters; is the model empty, or was its iterator used up before?`);
    }
    const groups = given.some((item) => isGroup(item))
      ? given as ParamGroupInput<O>[]
      : [{ params: given } as unknown as ParamGroupInput<O>];
    for (const group of groups) this.addParamGroup(group);
  }

  /** The name in messages. */
  protected get name(): string {
    return this.constructor.name;
  }

  /** Throws RangeError for options that make no sense. */
  protected abstract checkOptions(options: O): void;

  /**
   * What to remember of a parameter that is updated for the first time; its tensors live as long as the parameter. States that are
   * loaded must have all of it. What `update` adds when an option asks for it is listed as undefined here, and may be absent.
   */
  protected abstract newState(param: Tensor, group: ParamGroup<O>): S;

  /**
   * Updates one parameter in place; of float16 a float32 copy, which is written back. Nothing is recorded, and the tensors made here are
   * freed afterwards unless they are in the state. When memory runs out here, the numbers of the state are set back and the step can be
   * tried again; so what needs memory should come before the first write, as it does in `fusedUpdate`.
   */
  protected abstract update(param: Tensor, gradient: Tensor, group: ParamGroup<O>, state: S): void;

  /**
   * Adds parameters with options of their own, e.g. layers that are unfrozen during training.
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
   * Updates every parameter that has a gradient. When it fails on its way (memory may run out), calling it again with the same gradients
   * goes on with the parameters that were not updated.
   *
   * @param closure computes the loss again, gradients included; called first, and its result returned.
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
    const loss = closure === undefined ? undefined : enableGrad(() => {
      const loss = closure();
      checkSynchronous(
        `${this.name}.step`,
        loss,
        "compute the loss and its gradients without awaiting, and await loss.data() after the step",
      );
      return loss;
    });
    const updated = new Map<Tensor, Updated>();
    try {
      noGrad(() => {
        for (const group of this.paramGroups) {
          for (const param of group.params) {
            const { grad } = param;
            if (grad === null || grad === undefined) continue;
            if (!this.hasUpdated(param, grad)) this.updateOne(param, grad, group);
            updated.set(param, { grad, versions: versionsOf(param, grad) });
          }
        }
      });
      this.interrupted = null;
    } catch (error) {
      this.interrupted = updated;
      throw error;
    }
    return loss;
  }

  /** Whether a step that failed had come past this parameter, and neither it nor its gradient has changed since. */
  private hasUpdated(param: Tensor, grad: Tensor): boolean {
    const before = this.interrupted?.get(param);
    return before !== undefined && before.grad === grad && before.versions === versionsOf(param, grad);
  }

  /** Updates a parameter, or leaves its state as it was. */
  private updateOne(param: Tensor, grad: Tensor, group: ParamGroup<O>): void {
    tidy(() => {
      // A step of float16 is computed in float32, and so is what is remembered; the parameter is rounded once.
      const [wide, wideGrad] = [widened(param), widened(grad)];
      const known = this.states.get(param);
      const state: ParamState = known ?? this.newState(wide, group);
      const before = { ...state };
      try {
        this.update(wide, group.maximize ? wideGrad.neg() : wideGrad, group, state as S);
        if (wide !== param) param.copy_(wide);
      } catch (error) {
        // What was made for it is freed with the scope.
        for (const key of Object.keys(state)) if (!Object.hasOwn(before, key)) delete state[key];
        Object.assign(state, before);
        throw error;
      }
      if (known === undefined) this.states.set(param, state as S);
      this.own(param, state);
    });
  }

  /** Has what is remembered of a parameter live as long as the parameter does. */
  private own(param: Tensor, state: ParamState): void {
    for (const key in state) {
      const value = state[key];
      if (value instanceof Tensor && internals(value).owner !== param) own(param, value);
    }
  }

  /** Forgets the gradients of all parameters; by default their memory is freed at once. */
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
          // It has a history (createGraph), which zeros do not.
          param.grad = noGrad(() => grad.mul(0));
          grad.dispose();
        } else noGrad(() => grad.zero_());
      }
    }
  }

  /**
   * All that is needed to go on later: what is remembered of each parameter, by its number, and the groups' options. The tensors
   * are the optimiser's own, which the next step changes: write or clone them before.
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
   * Takes over what `stateDict` gave. Tensors are copied, in the dtype of their parameters (float32 for float16) and onto their
   * devices, so that training goes on with the same bits.
   *
   * @throws Error when groups, parameters or shapes are not those of this optimiser, or something that it remembers is missing; it is
   * then unchanged.
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

  /** What is a flag by default stays one, and a number a number: the words "false" and "0.1" are neither. */
  private checkTypes(options: object, defaults: O): void {
    for (const [key, value] of Object.entries(options)) {
      const usual = defaults[key as keyof O];
      if (value === undefined || usual === null || usual === undefined) continue;
      const fits = Array.isArray(usual) ? Array.isArray(value) : typeof value === typeof usual;
      if (!fits || Number.isNaN(value)) {
        throw new TypeError(
          `${this.name}: ${key} is ${describe(value)}; it must be ${
            Array.isArray(usual) ? "a list of numbers" : `a ${typeof usual}`
          }, as ${String(usual)} is by default`,
        );
      }
    }
  }

  /** An optimiser is not written as JSON, which would lose what it remembers. @throws Error that says what to write. */
  toJSON(): never {
    throw new Error(
      `${this.name}: an optimiser is not written as JSON; write the tensors and options of its stateDict()`,
    );
  }

  /** Names the optimiser and the options of its groups. */
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
