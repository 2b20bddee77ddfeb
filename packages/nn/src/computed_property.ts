/** Properties of single modules that are computed whenever they are read. */
import type { Tensor } from "@heddle/tensor";
import { isLazy } from "./is_lazy.ts";
import type { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** How a property is computed from the module, and what an assignment does. */
export interface Computed {
  get(module: Module): Tensor;
  set?(module: Module, value: Tensor): void;
}

/** Prototypes made here: one of their own for each module. */
const made: WeakSet<object> = new WeakSet();

/** The parameter that a property holds. @throws TypeError when it holds none. Error when its shape is not known yet. */
export function parameterOf(operation: string, module: Module, property: string): Parameter {
  const value = (module as unknown as Record<string, unknown>)[property];
  if (value instanceof Parameter) {
    if (!isLazy(module)) return value;
    throw new Error(
      `${operation}: ${module.constructor.name} does not know the shape of "${property}" before its first forward; ` +
        "call forward once, then register",
    );
  }
  const known = Object.entries(module).filter(([, each]) => each instanceof Parameter).map(([name]) => name);
  throw new TypeError(
    `${operation}: ${module.constructor.name} has no parameter "${property}"; it has ${known.join(", ") || "none"}`,
  );
}

/**
 * Replaces a property by one that is computed. The accessor belongs to a class of the module's own, as in PyTorch, so that its parameters
 * and those of its copies are found among its properties as ever.
 */
export function compute(module: Module, property: string, { get, set }: Computed): void {
  const base = Object.getPrototypeOf(module) as object;
  const { name } = base.constructor;
  const prototype = Object.create(base) as object;
  const own = made.has(base) ? name : `Parametrized${name}`;
  const constructor = Object.defineProperty(function () {}, "name", { value: own });
  Object.defineProperty(prototype, "constructor", { value: constructor, configurable: true, writable: true });
  Object.defineProperty(prototype, property, {
    configurable: true,
    get(this: Module) {
      return get(this);
    },
    set(this: Module, value: Tensor) {
      if (set === undefined) throw new TypeError(`${own}.${property} is computed, and cannot be assigned`);
      set(this, value);
    },
  });
  made.add(prototype);
  delete (module as unknown as Record<string, unknown>)[property];
  Object.setPrototypeOf(module, prototype);
}

/** Makes a property plain again, with a value of its own. */
export function restore(module: Module, property: string, value: Parameter): void {
  Object.defineProperty(module, property, { value, configurable: true, enumerable: true, writable: true });
}

/** Gives a module back its class, once no property is computed any more. */
export function restoreClass(module: Module): void {
  let prototype = Object.getPrototypeOf(module) as object;
  while (made.has(prototype)) prototype = Object.getPrototypeOf(prototype) as object;
  Object.setPrototypeOf(module, prototype);
}
