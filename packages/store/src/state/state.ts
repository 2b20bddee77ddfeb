/** What is saved and loaded. */
import { Tensor } from "@heddle/tensor";
import { otherCopy } from "@heddle/tensor/engine";
import { described, shortened } from "../errors.ts";
import { UnsupportedObject } from "./unsupported_object.ts";

/** Tensors by name, such as a module's `stateDict()` returns. */
export type StateDict = Record<string, Tensor>;

/** What has a state: a module, an optimiser, a schedule, a loader. */
export interface Stateful {
  /** The state: tensors by name, or plain data with tensors in it. */
  stateDict(): unknown;
}

/** The state of what has one, or the value itself. */
export function stateOf(value: unknown): unknown {
  return isStateful(value) ? value.stateDict() : value;
}

function isStateful(value: unknown): value is Stateful {
  return typeof value === "object" && value !== null && !(value instanceof Tensor) &&
    typeof (value as Partial<Stateful>).stateDict === "function";
}

/** Whether it is an object whose values are all tensors. */
export function isStateDict(state: unknown): state is StateDict {
  if (!isPlainObject(state)) return false;
  return Object.values(state).every((value) => value instanceof Tensor);
}

/** Whether it is an object that no class made. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Tensors by name, in order.
 *
 * @throws TypeError for anything else, and for a name that no reader can be trusted with.
 */
export function checkStateDict(operation: string, state: unknown, format: string): StateDict {
  if (!isPlainObject(state)) {
    throw new TypeError(
      `${operation}: expected tensors by name or an object with stateDict(), got ${
        otherCopy(state, "Tensor") ?? described(state)
      }`,
    );
  }
  for (const [name, value] of Object.entries(state)) {
    checkName(operation, name);
    if (!(value instanceof Tensor)) {
      throw new TypeError(
        `${operation}: ${shortened(name)} is ${
          otherCopy(value, "Tensor") ?? described(value)
        }; a file in the ${format} format has tensors only. safetensors and pytorch hold nested states`,
      );
    }
  }
  return state as StateDict;
}

/** The error of a value that no state holds; its path is dotted, with the indices of arrays. */
export function misplaced(operation: string, path: string, value: unknown): TypeError {
  const indexed = path.replace(/(^|\.)(\d+)(?=\.|$)/g, "[$2]");
  const place = path === "" ? "the state" : indexed.startsWith("[") ? `state${indexed}` : indexed;
  const shown = place.length > 80 ? `${place.slice(0, 80)}…` : place;
  if (value instanceof UnsupportedObject) {
    return new TypeError(
      `${operation}: ${shown} is a placeholder of Python's ${
        shortened(`${value.module}.${value.name}`)
      }, which cannot be written; leave it out, or give its data`,
    );
  }
  const remedy = isStateful(value)
    ? `give its state, ${shown}.stateDict()`
    : value instanceof Map || value instanceof Set || typeof value === "bigint"
    ? "the format pytorch holds it; others hold objects, arrays, numbers and tensors"
    : "a state is made of plain data and tensors";
  return new TypeError(`${operation}: ${shown} is ${otherCopy(value, "Tensor") ?? described(value)}; ${remedy}`);
}

/** @throws TypeError for `__proto__`, which objects treat in a way of their own. */
export function checkName(operation: string, name: string): void {
  if (name === "__proto__") throw new TypeError(`${operation}: the name "__proto__" is not allowed`);
}
