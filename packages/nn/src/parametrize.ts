/** Parameters that are functions of other parameters. PyTorch: `torch.nn.utils.parametrize`. */
import { noGrad } from "@heddle/autograd";
import { Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { compute, parameterOf, restore, restoreClass } from "./computed_property.ts";
import { ModuleDict, ModuleList } from "./container.ts";
import { checkModule, type Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { showSizes } from "./sizes.ts";

/** A module that computes a parameter from one or more others, and perhaps these from the parameter. */
export interface Parametrization extends Module {
  forward(...originals: Tensor[]): Tensor;
  /** What `forward` makes the given value of; needed to register for a value, and to assign one. */
  rightInverse?(value: Tensor): Tensor | readonly Tensor[];
}

/** The parametrizations of one parameter, and its originals: `original`, or `original0`, `original1`, … */
export class ParametrizationList extends ModuleList<Parametrization> {
  constructor(parametrization: Parametrization, value: Parameter) {
    super([parametrization]);
    const originals = inverseOf(parametrization, value);
    if (originals.length === 1) {
      // The same object, which an optimizer may have already.
      const [original] = originals as [Tensor];
      const same = showSizes(original.shape) === showSizes(value.shape) && original.dtype === value.dtype;
      this.keep("original", same ? value : new Parameter(original, { requiresGrad: value.requiresGrad }));
      if (same && original !== value) noGrad(() => value.copy_(original));
    } else {
      originals.forEach((original, i) =>
        this.keep(`original${i}`, new Parameter(original, { requiresGrad: value.requiresGrad }))
      );
    }
  }

  private keep(name: string, original: Parameter): void {
    (this as unknown as Record<string, unknown>)[name] = original;
  }

  /** The value of the parameter. */
  forward(): Tensor {
    const [first, ...others] = this as Iterable<Parametrization> as unknown as [Parametrization, ...Parametrization[]];
    const value = first.forward(...this.ownParameters().map(([, original]) => original));
    return others.reduce((value, each) => each.forward(value), value);
  }

  /** Writes the originals from which the value is computed. @throws TypeError when a parametrization has no `rightInverse`. */
  assign(value: Tensor): void {
    noGrad(() => {
      const [first, ...others] = [...this] as [Parametrization, ...Parametrization[]];
      const before = others.reverse().reduce((value, each) => inverseOf(each, value)[0]!, value);
      const originals = inverseOf(first, before);
      this.ownParameters().forEach(([, original], i) => original.copy_(originals[i]!));
    });
  }
}

function inverseOf(parametrization: Parametrization, value: Tensor): readonly Tensor[] {
  if (parametrization.rightInverse === undefined) return [value];
  const found = noGrad(() => parametrization.rightInverse!(value instanceof Parameter ? value.detach() : value));
  return found instanceof Tensor ? [found] : found;
}

/** Option of {@link registerParametrization}. */
export interface RegisterOptions {
  /** Whether the parametrization may change shape and dtype, which is not checked then; false by default. */
  readonly unsafe?: boolean;
}

type Parametrized = Module & { parametrizations?: ModuleDict<Record<string, ParametrizationList>> };

const listOf = (module: Module, property: string): ParametrizationList | undefined => {
  const { parametrizations } = module as Parametrized;
  const key = module.stateKey(property);
  return parametrizations?.namedChildren().find(([name]) => name === key)?.[1] as ParametrizationList | undefined;
};

/**
 * Makes a parameter a function of another: `module.weight` is then `parametrization.forward(original)`, computed whenever it is read. In
 * state dicts the other is `parametrizations.weight.original`, and the parametrization `parametrizations.weight.0`. Several are applied
 * one after the other. PyTorch: `torch.nn.utils.parametrize.register_parametrization`.
 *
 * Give the optimizer `module.parameters()` afterwards.
 *
 * @param property name of the parameter in the module, such as "weight".
 * @returns the module.
 * @throws TypeError when there is no such parameter. RangeError when the parametrization changes its shape or dtype.
 *
 * @example
 * ```ts
 * import { Linear, Module, parametrize } from "@heddle/nn";
 * import { type Tensor } from "@heddle/tensor";
 * class Symmetric extends Module {
 *   forward(x: Tensor): Tensor {
 *     return x.triu().add(x.triu(1).t());
 *   }
 * }
 * const layer = parametrize.registerParametrization(new Linear(3, 3), "weight", new Symmetric());
 * layer.weight.equal(layer.weight.t()); // true
 * Object.keys(layer.stateDict()); // ["bias", "parametrizations.weight.original"]
 * ```
 */
export function registerParametrization<M extends Module>(
  module: M,
  property: string,
  parametrization: Parametrization,
  options: RegisterOptions = {},
): M {
  checkOptions("registerParametrization", options, ["unsafe"]);
  checkModule("registerParametrization", module);
  checkModule("registerParametrization", parametrization);
  parametrization.train(module.training);
  const there = listOf(module, property);
  if (there !== undefined) {
    if (!options.unsafe) checkSame(property, there.forward(), [there.forward()], parametrization);
    there.append(parametrization);
    return module;
  }
  const value = parameterOf("registerParametrization", module, property);
  if (!options.unsafe) checkSame(property, value, inverseOf(parametrization, value), parametrization);
  const list = new ParametrizationList(parametrization, value);
  const target = module as Parametrized;
  const before = target.parametrizations?.namedChildren() ?? [];
  compute(module, property, {
    get: (self) => listOf(self, property)!.forward(),
    set: (self, value) => listOf(self, property)!.assign(value),
  });
  target.parametrizations = new ModuleDict(
    Object.fromEntries([...before, [module.stateKey(property), list]]) as Record<string, ParametrizationList>,
  );
  return module;
}

/** @throws RangeError unless the parametrization keeps shape and dtype. */
function checkSame(
  property: string,
  value: Tensor,
  originals: readonly Tensor[],
  parametrization: Parametrization,
): void {
  const found = noGrad(() => parametrization.forward(...originals));
  if (showSizes(found.shape) === showSizes(value.shape) && found.dtype === value.dtype) return;
  throw new RangeError(
    `registerParametrization: ${parametrization.constructor.name} makes ${found.dtype} ${
      showSizes(found.shape)
    } of "${property}", ` +
      `which is ${value.dtype} ${showSizes(value.shape)}; { unsafe: true } allows that`,
  );
}

/** Whether a parameter, or any, of the module itself is a function of another. PyTorch: `is_parametrized`. */
export function isParametrized(module: Module, property?: string): boolean {
  if (property !== undefined) return listOf(module, property) !== undefined;
  return ((module as Parametrized).parametrizations?.children().length ?? 0) > 0;
}

/** Option of {@link removeParametrizations}. */
export interface RemoveOptions {
  /** Whether the parameter keeps its computed value (the default) rather than become the original again. */
  readonly leaveParametrized?: boolean;
}

/**
 * Makes a parameter a plain one again. PyTorch: `torch.nn.utils.parametrize.remove_parametrizations`.
 *
 * @returns the module.
 * @throws Error when the parameter has no parametrization, or several originals and is to become one of them.
 */
export function removeParametrizations<M extends Module>(module: M, property: string, options: RemoveOptions = {}): M {
  checkOptions("removeParametrizations", options, ["leaveParametrized"]);
  const { leaveParametrized = true } = options;
  const list = listOf(module, property);
  if (list === undefined) {
    throw new Error(`removeParametrizations: ${module.constructor.name}.${property} has no parametrization`);
  }
  const originals = list.ownParameters().map(([, original]) => original);
  const [original] = originals as [Parameter];
  if (!leaveParametrized && originals.length > 1) {
    throw new Error(
      `removeParametrizations: "${property}" is computed from ${originals.length} originals; leave its value with { leaveParametrized: true }`,
    );
  }
  const value = noGrad(() => list.forward());
  const same = originals.length === 1 && showSizes(value.shape) === showSizes(original.shape);
  if (leaveParametrized && same) noGrad(() => original.copy_(value));
  const plain = leaveParametrized && !same
    ? new Parameter(value, { requiresGrad: originals.some(({ requiresGrad }) => requiresGrad) })
    : original;
  const target = module as Parametrized;
  const others = target.parametrizations!.namedChildren().filter(([, each]) => each !== list);
  if (others.length > 0) {
    target.parametrizations = new ModuleDict(Object.fromEntries(others) as Record<string, ParametrizationList>);
  } else {
    delete target.parametrizations;
    restoreClass(module);
  }
  restore(module, property, plain);
  return module;
}
