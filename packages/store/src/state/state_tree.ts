/** Plain data with tensors, split into JSON and tensors. */
import { fromTypedArray, Tensor } from "@heddle/tensor";
import { joined } from "../errors.ts";
import { checkName, misplaced } from "./state.ts";

/** Longer lists of numbers are stored as tensors: in JSON a number takes three times the space. */
const LIST = 64;

/** A tree without its tensors, as JSON, and the tensors by their path, such as `optimizer.state.0.expAvg`. */
export interface SplitState {
  json: string;
  tensors: Record<string, Tensor>;
}

/**
 * Extracts the tensors from a tree of records, lists, tensors, typed arrays, numbers, strings, booleans and null.
 * Undefined fields are dropped; numbers that JSON lacks (NaN, infinities, -0) are preserved.
 *
 * @throws TypeError for anything else, with its path, and for the name `__proto__`.
 */
export function splitState(state: unknown, operation: string = "splitState"): SplitState {
  // Without a prototype, so that a path may have any name.
  const tensors: Record<string, Tensor> = Object.create(null);
  const put = (path: string, tensor: Tensor): string => {
    if (Object.hasOwn(tensors, path)) throw new TypeError(`${operation}: two tensors would be called "${path}"`);
    tensors[path] = tensor;
    return path;
  };
  const putArray = (path: string, values: Float64Array): string =>
    put(path, fromTypedArray(values, [values.length], { device: "cpu" }));
  const visit = (value: unknown, path: string): unknown => {
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number") {
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? "-0" : `${value}` };
    }
    if (value instanceof Tensor && path === "") {
      throw new TypeError(
        `${operation}: a tensor alone has no name in this format; give it a name, as { weight: tensor }`,
      );
    }
    if (value instanceof Tensor) return { $tensor: put(path, value) };
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
      return { $typed: putArray(path, value as Float64Array) };
    }
    if (Array.isArray(value)) {
      if (value.length > LIST && value.every((item) => typeof item === "number")) {
        return { $numbers: putArray(path, Float64Array.from(value)) };
      }
      return value.map((item, i) => visit(item, joined(path, `${i}`)));
    }
    const prototype = typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
    if (prototype !== Object.prototype && prototype !== null) {
      throw misplaced(operation, path, value);
    }
    const fields = Object.entries(value as object).filter(([, field]) => field !== undefined);
    for (const [name] of fields) checkName(operation, name);
    return Object.fromEntries(
      fields.map(([name, field]) => [escapeName(name), visit(field, joined(path, name))]),
    );
  };
  return { json: JSON.stringify(visit(state, "")), tensors };
}

/** Restores the tree that {@link splitState} split. @throws RangeError if one of its tensors is missing. */
export function joinState({ json, tensors }: SplitState): unknown {
  const find = (name: string): Tensor => {
    if (!Object.hasOwn(tensors, name)) throw new RangeError(`joinState: the tensor "${name}" is missing`);
    return tensors[name]!;
  };
  return JSON.parse(json, (_, value) => {
    if (typeof value !== "object" || value === null) return value;
    if (Object.hasOwn(value, "__proto__")) throw new RangeError('joinState: there is a field "__proto__"');
    if (typeof value.$tensor === "string") return find(value.$tensor);
    if (typeof value.$typed === "string") return find(value.$typed).toTypedArray();
    if (typeof value.$numbers === "string") return Array.from(find(value.$numbers).toTypedArray("float64"));
    if (typeof value.$number === "string") return Number(value.$number);
    if (Array.isArray(value) || !Object.keys(value).some((name) => name.startsWith("$$"))) return value;
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name.replace(/^\$\$/, "$"), field]));
  });
}

/** A name that looks like one of the forms above gets another dollar sign, to distinguish it. */
function escapeName(name: string): string {
  return name.startsWith("$") ? `$${name}` : name;
}
