/** State dicts: the tensors of a module by name, and how they are loaded. */
import { noGrad } from "@heddle/autograd";
import { type DType, isFloat, Tensor, tidy, zeros } from "@heddle/tensor";
import { otherCopy } from "@heddle/tensor/engine";
import { showSizes } from "./sizes.ts";

/** Tensors by dotted name, in order. */
export type StateDict = Record<string, Tensor>;

/** Options of `loadStateDict`. */
export interface LoadOptions {
  /** Whether the names must be the same on both sides; true by default. */
  readonly strict?: boolean;
}

/** What `loadStateDict` could not match. */
export interface LoadReport {
  /** Names that the module has and the state lacks. */
  readonly missingKeys: string[];
  /** Names that the state has and the module lacks. */
  readonly unexpectedKeys: string[];
}

/** Copies `state` into the tensors of `own`, all or nothing. */
export function loadState(
  module: string,
  own: ReadonlyMap<string, Tensor>,
  state: Readonly<StateDict>,
  options: LoadOptions,
): LoadReport {
  const { strict = true } = options;
  checkDict(state);
  const given = (key: string): unknown => Object.hasOwn(state, key) ? state[key] : undefined;
  const missing = [...own.keys()].filter((key) => given(key) === undefined);
  const uncounted = new Set(missing.filter((key) => isUncounted(key, state)));
  const missingKeys = missing.filter((key) => !uncounted.has(key));
  const unexpectedKeys = Object.keys(state).filter((key) => !own.has(key));
  const wrong: string[] = [];
  if (strict && missingKeys.length > 0) wrong.push(`missing from the state: ${missingKeys.join(", ")}`);
  if (strict && unexpectedKeys.length > 0) wrong.push(`not in the module: ${unexpectedKeys.join(", ")}`);
  const pairs: [Tensor, Tensor][] = [];
  let typesFit = true;
  for (const [key, tensor] of own) {
    const { shape, dtype, device } = tensor;
    const source = uncounted.has(key) ? zeros(shape, { dtype, device }) : given(key);
    if (source === undefined) continue;
    if (source instanceof Tensor) {
      const why = misfit(tensor, source);
      if (why === null) pairs.push([tensor, source]);
      else wrong.push(`${key} ${why}`);
    } else {
      typesFit = false;
      wrong.push(`${key} is ${describe(source)}`);
    }
  }
  if (wrong.length > 0) {
    const hint = !typesFit
      ? "\n  the values of a state dict are tensors; tensor([…]) makes one of nested arrays, as JSON has them"
      : strict && missingKeys.length + unexpectedKeys.length > 0
      ? nameHint(state, [...own.keys()], missingKeys, unexpectedKeys)
      : "";
    throw new (typesFit ? Error : TypeError)(
      `loadStateDict: the state does not fit ${module}:\n  ${wrong.join("\n  ")}${hint}`,
    );
  }
  copyAll(pairs);
  return { missingKeys, unexpectedKeys };
}

/** What is likely to mend names that do not match. */
function nameHint(
  state: Readonly<Record<string, unknown>>,
  own: readonly string[],
  missing: readonly string[],
  unexpected: readonly string[],
): string {
  for (const key of unexpected) {
    const value = state[key];
    if (typeof value !== "object" || value === null || value instanceof Tensor || missing.length === 0) continue;
    const inner = `state[${JSON.stringify(key)}]`, prefix = commonPrefix(missing, Object.keys(value));
    if (Object.hasOwn(value, missing[0]!)) return `\n  the state lies within: loadStateDict(${inner})`;
    if (prefix !== null) {
      return `\n  the state lies within, and its names begin with "${prefix}": loadStateDict(stripPrefix(${inner}, "${prefix}"))`;
    }
  }
  if (unexpected.length > 0 && !Object.values(state).some((value) => value instanceof Tensor)) {
    return "\n  no value is a tensor: of a checkpoint give the part that has tensors by name; of a model that torch.save wrote whole, " +
      "save model.state_dict() in Python";
  }
  const surplus = commonPrefix(missing, unexpected);
  if (surplus !== null) {
    return `\n  the names in the state begin with "${surplus}", which loadStateDict(stripPrefix(state, "${surplus}")) takes away`;
  }
  const lacking = commonPrefix(unexpected, missing);
  if (lacking === null && !own.some((key) => Object.hasOwn(state, key))) {
    return "\n  the state and the module have no name in common; { strict: false } would load nothing";
  }
  return lacking === null
    ? "\n  { strict: false } loads the names that both sides have"
    : `\n  the names in the module begin with "${lacking}": getSubmodule("${
      lacking.slice(0, -1)
    }").loadStateDict(state)`;
}

/** The prefix, with its dot, that makes names of `short` those of `long`, if it is so for most of them. */
function commonPrefix(short: readonly string[], long: readonly string[]): string | null {
  const [first] = short;
  const match = first === undefined ? undefined : long.find((name) => name.endsWith(`.${first}`));
  if (match === undefined) return null;
  const prefix = match.slice(0, -first!.length), all = new Set(long);
  return 2 * short.filter((name) => all.has(prefix + name)).length > short.length ? prefix : null;
}

/**
 * A state without the prefix of its names: PyTorch's `DataParallel` begins them with `module.`, `torch.compile` with `_orig_mod.`, and
 * Lightning with the name of the field, such as `model.`. Names that begin otherwise stay. PyTorch:
 * `torch.nn.modules.utils.consume_prefix_in_state_dict_if_present`.
 *
 * @param prefix the prefix, with its dot
 * @throws RangeError if two names become one
 *
 * @example
 * ```ts
 * import { Linear, stripPrefix } from "@heddle/nn";
 * import { zeros } from "@heddle/tensor";
 * const state = { "module.weight": zeros([2, 3]), "module.bias": zeros([2]) };
 * new Linear(3, 2).loadStateDict(stripPrefix(state, "module."));
 * ```
 */
export function stripPrefix<T>(state: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  const stripped = new Map<string, T>();
  for (const [name, value] of Object.entries(state)) {
    const key = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    if (stripped.has(key)) {
      throw new RangeError(`stripPrefix: two names would be "${key}"; one has the prefix "${prefix}"`);
    }
    stripped.set(key, value);
  }
  return Object.fromEntries(stripped);
}

/** The count of batches of a normalisation whose statistics are given without one: PyTorch had none before 0.4.1, and takes it to be 0. */
function isUncounted(key: string, state: Readonly<StateDict>): boolean {
  const mean = key.replace(/(^|\.)num_batches_tracked$/, "$1running_mean");
  return mean !== key && !Object.hasOwn(state, key) && Object.hasOwn(state, mean);
}

/** @throws TypeError unless it is an object of tensors by name. */
function checkDict(state: unknown): void {
  if (typeof state === "object" && state !== null && !Array.isArray(state) && !(state instanceof Tensor)) {
    const { then, stateDict } = state as { then?: unknown; stateDict?: unknown };
    if (typeof then === "function") {
      throw new TypeError("loadStateDict: the state is a Promise; await it, as in loadStateDict(await load(path))");
    }
    if (typeof stateDict === "function") {
      throw new TypeError(`loadStateDict: expected a state, got ${describe(state)}; give its stateDict()`);
    }
    if (!(state instanceof Map)) return;
    throw new TypeError("loadStateDict: the state is a Map; give an object, as Object.fromEntries(map) makes it");
  }
  throw new TypeError(`loadStateDict: expected an object of tensors by name, got ${describe(state)}`);
}

/** The reason why a tensor cannot take the values of another, or null. */
function misfit(tensor: Tensor, source: Tensor): string | null {
  if (source.isDisposed) return "was freed in the state; keep(t) or clone() it in the scope that it was made in";
  if (tensor.isDisposed) return "was freed in the module";
  if (showSizes(source.shape) !== showSizes(tensor.shape)) {
    return `has shape ${showSizes(source.shape)} in the state, ${showSizes(tensor.shape)} in the module`;
  }
  if (isFloat(source.dtype) && !isFloat(tensor.dtype)) {
    return `is ${source.dtype} in the state, ${tensor.dtype} in the module, which would cut off fractions`;
  }
  if (!holds(tensor.dtype, source)) {
    return `is ${source.dtype} in the state with values that ${tensor.dtype}, its dtype in the module, cannot hold`;
  }
  if (tensor.strides.some((stride, d) => stride === 0 && tensor.shape[d]! > 1)) {
    return "is expanded in the module: its elements share memory, and cannot be written";
  }
  return null;
}

/** Whether integers keep their values in another integer dtype; assumed where the device cannot be read synchronously. */
function holds(dtype: DType, source: Tensor): boolean {
  const isInteger = (name: DType): boolean => !isFloat(name) && name !== "bool";
  if (dtype === source.dtype || !isInteger(dtype) || !isInteger(source.dtype)) return true;
  if (!source.device.backend.readsSynchronously) return true;
  return tidy(() => Boolean(source.to(dtype).to(source.dtype).eq(source).all().item()));
}

function describe(value: unknown): string {
  const other = otherCopy(value, "Tensor") ?? otherCopy(value, "Parameter");
  if (other !== null) return `no tensor of this copy: ${other}`;
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" ? `an object of class ${value.constructor?.name ?? "null"}` : `a ${typeof value}`;
}

/** Everything that can fail comes before the first write. */
function copyAll(pairs: readonly (readonly [Tensor, Tensor])[]): void {
  const written = new Set(pairs.map(([tensor]) => tensor.storage));
  noGrad(() =>
    tidy(() => {
      const ready = pairs.map(([tensor, source]) => {
        if (source.device !== tensor.device) return source.detach().to(tensor.device);
        // A tensor that is also a target would be read too late, as when two names are swapped.
        const same = source.storage === tensor.storage && source.offset === tensor.offset;
        return written.has(source.storage) && !same ? source.clone() : source;
      });
      pairs.forEach(([tensor], i) => tensor.copy_(ready[i]!));
    })
  );
}

/** The name in snake case, as PyTorch writes it: `runningMean` → `running_mean`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
