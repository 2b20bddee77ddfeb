/** Reads the keys of a `config.json`. */
import { snakeCase } from "@heddle/nn";

/** Keys whose values a configuration restricts, beyond having the type of their default. */
export interface ConfigRules<C> {
  /** Keys of positive integers. */
  readonly counts: readonly (keyof C & string)[];
  /** Values that the model here can have, where the published one can have others; a key that is absent has the first. */
  readonly only?: Readonly<Record<string, readonly unknown[]>>;
}

/** More than any published size; products of two are exact. */
const MOST = 2 ** 26;
/** Layers are made one by one, before the weights are compared with them. */
const MOST_LAYERS = 1024;

/**
 * The configuration with defaults for the keys that `given` lacks. Other keys of `given` stay, so that a configuration is written back
 * as it was read.
 *
 * @throws TypeError for a value of another type than its default, and for a key in camelCase; RangeError for sizes that are no positive integers and for features
 * that the model does not have.
 */
export function readConfig<C extends object>(
  model: string,
  given: Readonly<Record<string, unknown>>,
  defaults: C,
  rules: ConfigRules<C>,
): C {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError(
      `${model}: expected a configuration with the keys of config.json, got ${JSON.stringify(given)}`,
    );
  }
  checkKeys(model, given, [...Object.keys(defaults), ...Object.keys(rules.only ?? {})]);
  const config: Record<string, unknown> = { ...given };
  for (const [key, usual] of Object.entries(defaults)) {
    const value = config[key] ?? usual;
    config[key] = value;
    if (usual !== null && typeof value !== typeof usual) {
      throw new TypeError(
        `${model}: the configuration has ${key} ${JSON.stringify(value)}; expected a ${typeof usual}, such as ${
          JSON.stringify(usual)
        }`,
      );
    }
    if (typeof value === "number" && !(Math.abs(value) < Infinity)) {
      throw new RangeError(`${model}: the configuration has ${key} ${value}; expected a finite number`);
    }
  }
  for (const key of rules.counts) {
    const value = config[key];
    if (value === null) continue;
    const most = /layers?$/.test(key) ? MOST_LAYERS : MOST;
    if (!(Number.isInteger(value) && (value as number) > 0 && (value as number) <= most)) {
      throw new RangeError(`${model}: the configuration has ${key} ${value}; expected an integer from 1 to ${most}`);
    }
  }
  for (const [key, values] of Object.entries(rules.only ?? {})) {
    if (values.includes(config[key] ?? values[0])) continue;
    throw new RangeError(
      `${model}: ${key} ${JSON.stringify(config[key])} is not supported; only ${
        values.map((value) => JSON.stringify(value)).join(", ")
      }`,
    );
  }
  return config as C;
}

/** @throws TypeError for a known key that is written in camelCase, which would be ignored. */
export function checkKeys(model: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    const right = snakeCase(key);
    if (right === key || !known.includes(right) || known.includes(key)) continue;
    throw new TypeError(`${model}: the configuration has the key "${key}"; as in config.json it is ${right}`);
  }
}

/** @throws RangeError unless the heads divide the features. */
export function headSize(model: string, features: number, heads: number): number {
  if (features % heads === 0) return features / heads;
  throw new RangeError(`${model}: ${features} features cannot be split into ${heads} heads`);
}
