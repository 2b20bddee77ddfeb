/** Modules and parameters in plain arrays, objects, maps and sets, where parameters are not looked for. */
import { Parameter } from "./parameter.ts";

/** What was found, and where. */
interface Lost {
  readonly item: object;
  /** The container that holds it, from the field on: `blocks.first`, `rows[3]`. */
  readonly path: string;
  /** "array", "object", "Map" or "Set". */
  readonly kind: string;
}

/** Limits of the search: nesting of containers, and values in total. */
const mostDepth = 4;
const mostValues = 256;

/** Objects with many properties are data; their keys are listed only once. */
const large: WeakSet<object> = new WeakSet();

/**
 * Refuses a field that is a plain container with a module or a parameter inside, which `parameters()` and `stateDict()` would not find.
 * What is registered too may stand in a container as well. Only the first values are looked at, so that data fields cost next to nothing.
 *
 * @throws TypeError naming the container and the class to use in its place.
 */
export function checkLost(owner: string, field: string, value: object, isLost: (item: object) => boolean): void {
  const lost = find(value, field, isLost, mostDepth, { left: mostValues });
  if (lost === null) return;
  const listed = lost.kind === "array" || lost.kind === "Set";
  const remedy = lost.item instanceof Parameter
    ? "ParameterList([…])"
    : listed
    ? "ModuleList([…])"
    : "ModuleDict({ … })";
  throw new TypeError(
    `${owner}.${lost.path} is a plain ${lost.kind} that holds an object of class ${lost.item.constructor.name}, whose parameters would not be found; ` +
      `make it a new ${remedy}, or let the field's name begin with # if they are not to be found`,
  );
}

function find(
  value: object,
  path: string,
  isLost: (item: object) => boolean,
  depth: number,
  budget: { left: number },
): Lost | null {
  const container = containerOf(value);
  if (container === null) return null;
  for (const [key, item] of container.entries) {
    if (budget.left-- <= 0) return null;
    if (typeof item !== "object" || item === null) continue;
    if (isLost(item)) return { item, path, kind: container.kind };
    if (depth === 1) continue;
    const inner = typeof key === "number" ? `${path}[${key}]` : `${path}.${String(key)}`;
    const found = find(item, inner, isLost, depth - 1, budget);
    if (found !== null) return found;
  }
  return null;
}

function containerOf(value: object): { readonly kind: string; readonly entries: Iterable<[unknown, unknown]> } | null {
  if (Array.isArray(value)) return { kind: "array", entries: value.entries() };
  if (value instanceof Map) return { kind: "Map", entries: value.entries() };
  if (value instanceof Set) return { kind: "Set", entries: value.entries() };
  const prototype = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || large.has(value)) return null;
  const keys = Object.keys(value);
  if (keys.length > mostValues) large.add(value);
  return { kind: "object", entries: entriesOf(value as Record<string, unknown>, keys) };
}

function* entriesOf(value: Record<string, unknown>, keys: readonly string[]): Generator<[string, unknown]> {
  for (const key of keys) yield [key, value[key]];
}
