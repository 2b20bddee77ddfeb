/** Reads the saved state of one parameter. */
import { freedError, isHalf } from "@heddle/tensor/engine";
import { noGrad } from "@heddle/autograd";
import { isFloat, Tensor, tidy } from "@heddle/tensor";
import { describe } from "./parameter_groups.ts";

/** The state of one parameter: tensors of its shape, and counters. */
export type ParamState = { [name: string]: Tensor | number | undefined };

/** The same, as saved. */
export type SavedState = { readonly [name: string]: Tensor | number };

/**
 * Compares a saved state with a new one, which it frees.
 *
 * @throws Error when a part is missing or unknown, or is a number in place of a tensor; TypeError or RangeError for invalid values.
 */
export function checkSaved(optimizer: string, fresh: ParamState, saved: SavedState, number: number): void {
  for (const [key, value] of Object.entries(saved)) {
    if (value instanceof Tensor) {
      if (value.isDisposed) throw freedError(value, `${optimizer}.loadStateDict: ${key} of parameter ${number}`);
      if (!isFloat(value.dtype)) {
        throw new TypeError(
          `${optimizer}.loadStateDict: ${key} of parameter ${number} is ${value.dtype}; what is remembered of a parameter is ` +
            `floating-point, cast it with .to("float32")`,
        );
      }
    } else if (typeof value !== "number" || Number.isNaN(value)) {
      throw new TypeError(
        `${optimizer}.loadStateDict: ${key} of parameter ${number} is ${
          describe(value)
        }, neither a tensor nor a number; ` +
          `tensor(…) makes tensors of nested arrays, as JSON has them`,
      );
    }
  }
  const { step } = saved;
  if (typeof step === "number" && !(Number.isSafeInteger(step) && step >= 0)) {
    throw new RangeError(
      `${optimizer}.loadStateDict: step of parameter ${number} is ${step}; it counts steps, a whole number of at least 0`,
    );
  }
  const entries = Object.entries(fresh).filter(([, value]) => value !== undefined);
  for (const [, value] of entries) if (value instanceof Tensor) value.dispose();
  const wrong = entries.find(([key, value]) => {
    const given = Object.hasOwn(saved, key) ? saved[key] : undefined;
    return value instanceof Tensor ? !(given instanceof Tensor) : typeof given !== "number";
  });
  if (wrong === undefined) {
    const strange = Object.keys(saved).find((key) => !Object.hasOwn(fresh, key));
    if (strange === undefined) return;
    throw new Error(
      `${optimizer}.loadStateDict: the saved state of parameter ${number} has "${strange}", which ${optimizer} does not remember ` +
        `(known: ${Object.keys(fresh).join(", ") || "nothing"}); is it that of another optimiser?`,
    );
  }
  const [key, value] = wrong;
  throw new Error(
    `${optimizer}.loadStateDict: the saved state of parameter ${number} has no ${
      value instanceof Tensor ? "tensor" : "number"
    } "${key}", but ${Object.keys(saved).join(", ") || "nothing"}; is it that of another optimiser?`,
  );
}

/**
 * Copies of the tensors, in the dtype (float32 for float16 and bfloat16) and on the device of their parameter.
 *
 * @throws Error for another shape than the parameter's.
 */
export function copySaved(optimizer: string, param: Tensor, saved: SavedState, number: number): ParamState {
  const state: ParamState = {};
  for (const [key, value] of Object.entries(saved)) {
    if (!(value instanceof Tensor)) {
      state[key] = value;
      continue;
    }
    if (value.shape.length !== param.shape.length || value.shape.some((size, d) => size !== param.shape[d])) {
      throw new Error(
        `${optimizer}.loadStateDict: ${key} of parameter ${number} has shape [${
          value.shape.join(", ")
        }], the parameter ` +
          `[${param.shape.join(", ")}]; was the order of the parameters another one?`,
      );
    }
    const dtype = isHalf(param) ? "float32" : param.dtype;
    state[key] = noGrad(() => tidy(() => value.detach().to(param.device, dtype).clone()));
  }
  return state;
}

/** @throws TypeError unless it has the layout of an optimiser's state, and for parameters that are not numbers or occur twice. */
export function checkLayout(optimizer: string, stateDict: unknown): void {
  const fail = (why: string): never => {
    throw new TypeError(`${optimizer}.loadStateDict: ${why}; give what its stateDict() returned`);
  };
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject(stateDict)) return fail(`expected a state, got ${describe(stateDict)}`);
  if (typeof stateDict.then === "function") {
    throw new TypeError(
      `${optimizer}.loadStateDict: the state is a Promise; await it, as in (await load(path)).optimizer`,
    );
  }
  if (typeof stateDict.stateDict === "function") {
    throw new TypeError(
      `${optimizer}.loadStateDict: expected a state, got ${describe(stateDict)}; give its stateDict()`,
    );
  }
  const { state, paramGroups } = stateDict;
  if (!isObject(state)) return fail(`its "state" is ${describe(state)}`);
  if (!Array.isArray(paramGroups)) return fail(`its "paramGroups" are ${describe(paramGroups)}`);
  const numbers: unknown[] = [];
  for (const [i, group] of paramGroups.entries()) {
    if (!isObject(group) || !Array.isArray(group.params)) return fail(`group ${i} has no list "params"`);
    if (group.initialLr !== undefined && typeof group.initialLr !== "number") {
      fail(`initialLr of group ${i} is no number`);
    }
    numbers.push(...group.params);
  }
  for (const number of numbers) {
    if (!Number.isInteger(number)) fail(`a parameter is called ${describe(number)}; they have numbers`);
  }
  if (new Set(numbers).size !== numbers.length) fail("a parameter is named twice");
  for (const [key, saved] of Object.entries(state)) {
    if (!isObject(saved)) fail(`the state of parameter ${key} is ${describe(saved)}`);
  }
}
