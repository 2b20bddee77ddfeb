/** Freezing parts of a network by name. */
import { type Module, RunningNorm } from "@heddle/nn";
import { checkOptions } from "@heddle/tensor/engine";

/**
 * Which parameters: a name such as `"layer1.0.conv1.weight"`, the name of a module, for all that it holds, either with `*` for any text
 * without a dot and `**` for any text; or a regular expression, searched for in the names of parameters.
 */
export type NamePattern = string | RegExp;

/** Options of {@link freeze}. */
export interface FreezeOptions {
  /**
   * Whether the batch normalisations whose `running_mean` a pattern matches keep their statistics, and normalise by them, in training mode
   * too: see `RunningNorm.frozenStatistics`. False by default, as in PyTorch.
   */
  readonly normStatistics?: boolean;
}

/** What {@link freeze} and {@link unfreeze} found. */
export interface FreezeReport {
  /** Names of the parameters. */
  readonly names: readonly string[];
  /** Number of elements in them. */
  readonly elements: number;
  /** Names of the normalisations whose statistics were frozen or released. */
  readonly norms: readonly string[];
}

/**
 * Turns off the gradients of the parameters that any of the patterns matches. Gradients that nothing else needs are then not computed, and
 * optimisers skip these parameters.
 *
 * @returns the names of the parameters and the number of their elements.
 * @throws RangeError for a pattern that matches nothing; nothing is changed then.
 *
 * @example
 * ```ts
 * import { freeze, resnet18, unfreeze } from "@heddle/models";
 * const net = resnet18({ numClasses: 10 });
 * freeze(net, "**").names.length; // 62
 * unfreeze(net, ["layer4", "fc"]).elements; // 8398858
 * freeze(net, /bn\d\./, { normStatistics: true }).norms.length; // 17
 * ```
 */
export function freeze(
  model: Module,
  patterns: NamePattern | readonly NamePattern[],
  options: FreezeOptions = {},
): FreezeReport {
  checkOptions("freeze", options, ["normStatistics"]);
  return setFrozen("freeze", model, patterns, true, options.normStatistics ?? false);
}

/**
 * Turns the gradients of the parameters that any of the patterns matches on again, and lets the normalisations whose `running_mean` they
 * match learn from batches. The reverse of {@link freeze}.
 *
 * @throws RangeError for a pattern that matches nothing; nothing is changed then.
 */
export function unfreeze(model: Module, patterns: NamePattern | readonly NamePattern[]): FreezeReport {
  return setFrozen("unfreeze", model, patterns, false, true);
}

function setFrozen(
  operation: string,
  model: Module,
  patterns: NamePattern | readonly NamePattern[],
  frozen: boolean,
  statistics: boolean,
): FreezeReport {
  const list = Array.isArray(patterns) ? patterns as readonly NamePattern[] : [patterns as NamePattern];
  const tests = list.map((pattern) => [pattern, nameTest(operation, pattern)] as const);
  const matches = (name: string): boolean => tests.some(([, test]) => test.test(name));
  const parameters = model.namedParameters();
  for (const [pattern, test] of tests) {
    if (parameters.some(([name]) => test.test(name))) continue;
    const parts = model.namedChildren().map(([name]) => name);
    throw new RangeError(
      `${operation}: ${pattern instanceof RegExp ? pattern : `"${pattern}"`} matches no parameter of ` +
        `${model.constructor.name}, whose parts are ${parts.join(", ") || "none"}; namedParameters() lists all names`,
    );
  }
  const found = parameters.filter(([name]) => matches(name));
  for (const [, parameter] of found) parameter.requiresGrad = !frozen;
  const norms: string[] = [];
  for (const [name, module] of model.namedModules()) {
    if (!statistics || !(module instanceof RunningNorm) || module.frozenStatistics === frozen) continue;
    if (!matches(name === "" ? "running_mean" : `${name}.running_mean`)) continue;
    module.frozenStatistics = frozen;
    norms.push(name);
  }
  const elements = found.reduce((sum, [, { numel }]) => sum + numel, 0);
  return { names: found.map(([name]) => name), elements, norms };
}

function nameTest(operation: string, pattern: NamePattern): RegExp {
  // With the flags g and y a test depends on the one before.
  if (pattern instanceof RegExp) return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
  if (typeof pattern !== "string" || pattern === "") {
    throw new TypeError(`${operation}: expected a name, a pattern or a RegExp, got ${JSON.stringify(pattern)}`);
  }
  const source = pattern.replace(/\*\*|[^\w]/g, (part) => part === "**" ? ".*" : part === "*" ? "[^.]*" : `\\${part}`);
  return new RegExp(`^${source}(\\.|$)`);
}
