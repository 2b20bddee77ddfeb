/** State dicts: the tensors of a module by name, and how they are loaded. */
import { noGrad } from "@heddle/autograd";
import type { Tensor } from "@heddle/tensor";
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
  { strict = true }: LoadOptions,
): LoadReport {
  const missingKeys = [...own.keys()].filter((key) => !Object.hasOwn(state, key));
  const unexpectedKeys = Object.keys(state).filter((key) => !own.has(key));
  const wrong: string[] = [];
  if (strict && missingKeys.length > 0) wrong.push(`missing from the state: ${missingKeys.join(", ")}`);
  if (strict && unexpectedKeys.length > 0) wrong.push(`not in the module: ${unexpectedKeys.join(", ")}`);
  const pairs: [Tensor, Tensor][] = [];
  for (const [key, tensor] of own) {
    const source = Object.hasOwn(state, key) ? state[key]! : undefined;
    if (source === undefined) continue;
    if (source.isDisposed) throw source.freedError(`loadStateDict: "${key}"`);
    if (showSizes(source.shape) === showSizes(tensor.shape)) pairs.push([tensor, source]);
    else {wrong.push(
        `${key} has shape ${showSizes(source.shape)} in the state, ${showSizes(tensor.shape)} in the module`,
      );}
  }
  if (wrong.length > 0) {
    const hint = strict && missingKeys.length + unexpectedKeys.length > 0
      ? "\n  { strict: false } loads the names that both sides have"
      : "";
    throw new Error(`loadStateDict: the state does not fit ${module}:\n  ${wrong.join("\n  ")}${hint}`);
  }
  noGrad(() => {
    for (const [tensor, source] of pairs) tensor.copy_(source);
  });
  return { missingKeys, unexpectedKeys };
}

/** The name in snake case, as PyTorch writes it: `runningMean` → `running_mean`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
