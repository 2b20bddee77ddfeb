/** Copies of modules that share nothing with the original. */
import { internals } from "@heddle/tensor/engine";
import { noGrad } from "@heddle/autograd";
import { keep, Tensor, tidy } from "@heddle/tensor";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/**
 * A copy of a module with its own parameters, buffers and modules; what is tied or shared in the original is so in the copy. Gradients
 * and hooks are not copied. PyTorch: `copy.deepcopy(module)`.
 *
 * Arrays, maps, sets and plain objects among the properties are copied too; functions, random generators and all other objects are
 * shared.
 *
 * …` makes it, which would go on using the original's parameters. Error for a tensor that was computed, since its history cannot be
 * copied. => @throws TypeError when `forward` is a function in a property (`forward = (x) => …`), which would still use the original's
 * parameters. Error for a tensor that was computed, since its history cannot be copied. => …` makes it, which would go on using the
 * original's parameters. Error for a tensor that was computed, since its history cannot be copied.
 *
 * @example
 * ```ts
 * import { deepCopy, Linear } from "@heddle/nn";
 * const student = new Linear(4, 2);
 * const teacher = deepCopy(student).eval().requiresGrad_(false);
 * teacher.weight.equal(student.weight); // true
 * teacher.weight.storage === student.weight.storage; // false
 * ```
 */
export function deepCopy<M extends Module>(module: M): M {
  return noGrad(() => copyOf(module, new Map(), module.constructor.name)) as M;
}

/** Copies a value; `seen` maps objects to their copies, so that shared objects stay shared. */
function copyOf(value: unknown, seen: Map<object, object>, path: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  const before = seen.get(value);
  if (before !== undefined) return before;
  if (value instanceof Tensor) return remember(seen, value, copyTensor(value, path));
  if (value instanceof Module) return copyModule(value, seen, path);
  if (Array.isArray(value)) {
    const copy: unknown[] = remember(seen, value, []);
    value.forEach((item, i) => copy[i] = copyOf(item, seen, `${path}[${i}]`));
    return copy;
  }
  if (value instanceof Map) {
    const copy: Map<unknown, unknown> = remember(seen, value, new Map());
    for (const [key, item] of value) copy.set(copyOf(key, seen, path), copyOf(item, seen, `${path}.${String(key)}`));
    return copy;
  }
  if (value instanceof Set) {
    const copy: Set<unknown> = remember(seen, value, new Set());
    for (const item of value) copy.add(copyOf(item, seen, path));
    return copy;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return copyProperties(value, remember(seen, value, {}), seen, path);
}

function remember<T extends object>(seen: Map<object, object>, original: object, copy: T): T {
  seen.set(original, copy);
  return copy;
}

function copyProperties<T extends object>(from: object, to: T, seen: Map<object, object>, path: string): T {
  for (const [key, value] of Object.entries(from)) {
    (to as Record<string, unknown>)[key] = copyOf(value, seen, `${path}.${key}`);
  }
  return to;
}

function copyModule(module: Module, seen: Map<object, object>, path: string): Module {
  if (Object.getOwnPropertyDescriptor(module, "forward")?.enumerable) {
    throw new TypeError(
      `deepCopy: ${path}.forward is a function in a property, which would use the original's parameters in the copy; make it a ` +
        `method: forward(x) { … }`,
    );
  }
  const copy = Object.create(Object.getPrototypeOf(module)) as Module;
  return copyProperties(module, remember(seen, module, copy), seen, path);
}

function copyTensor(original: Tensor, path: string): Tensor {
  if (!original.isLeaf) {
    throw new Error(
      `deepCopy: ${path} was computed (by ${original.gradFn?.name}), and its history cannot be copied; keep a detach() of it, or none`,
    );
  }
  const { requiresGrad } = original;
  if (original instanceof Parameter) return tidy(() => new Parameter(original.detach().clone(), { requiresGrad }));
  const copy = tidy(() => keep(original.detach().clone()));
  internals(copy).kept = internals(original).kept;
  if (requiresGrad) copy.requiresGrad = true;
  return copy;
}
