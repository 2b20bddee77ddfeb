/** Arguments and results of steps: tensors, alone or in arrays and plain objects, and other values. */
import { Tensor } from "@heddle/tensor";

/** A copy of a value with other tensors. */
export function mapTensors(value: unknown, map: (tensor: Tensor) => Tensor): unknown {
  if (value instanceof Tensor) return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTensors(item, map));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTensors(item, map)]));
}

/** Numbers for objects that are arguments, by identity. */
const identities: WeakMap<object, number> = new WeakMap();
let nextIdentity = 0;

function identityOf(value: object): number {
  let id = identities.get(value);
  if (id === undefined) identities.set(value, id = nextIdentity++);
  return id;
}

/** Adds the tensors of a value to a list. Returns a key of everything else: of the structure, other values, and the tensors' geometry. */
export function keyOf(value: unknown, tensors: Tensor[]): string {
  if (value instanceof Tensor) {
    tensors.push(value);
    return `${value.dtype}[${value.shape.join()}]${value.device.name}`;
  }
  if (Array.isArray(value)) {
    let key = "(";
    for (let i = 0; i < value.length; i++) key += `${keyOf(value[i], tensors)},`;
    return `${key})`;
  }
  if (isPlain(value)) {
    let key = "{";
    for (const name in value) key += `${JSON.stringify(name)}:${keyOf(value[name], tensors)},`;
    return `${key}}`;
  }
  if ((typeof value === "object" && value !== null) || typeof value === "function") return `#${identityOf(value)}`;
  return typeof value === "string" ? JSON.stringify(value) : `${typeof value} ${String(value)}`;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
