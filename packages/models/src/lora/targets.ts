/** Which modules adapters are added to. */
import type { Module } from "@heddle/nn";

/**
 * Which modules, by name: a string is a whole name or the end of one after a dot, as in PEFT's `target_modules` (`"q_proj"`), with `*` for
 * any text without a dot and `**` for any text; a regular expression is searched for in the whole name.
 */
export type LoraTarget = string | RegExp;

function expressionOf(target: LoraTarget): RegExp {
  if (target instanceof RegExp) return new RegExp(target.source, target.flags.replace(/[gy]/g, ""));
  const pattern = target.split(/(\*\*?)/).map((part) =>
    part === "**" ? ".*" : part === "*" ? "[^.]*" : part.replace(/[\\^$+?.()|[\]{}]/g, "\\$&")
  ).join("");
  return new RegExp(`(?:^|\\.)${pattern}$`);
}

/**
 * The modules that any of the targets names.
 *
 * @throws RangeError for a target that names none, with some names that there are
 */
export function targeted(
  operation: string,
  modules: readonly (readonly [string, Module])[],
  targets: LoraTarget | readonly LoraTarget[],
): Map<string, Module> {
  const found = new Map<string, Module>();
  const list = typeof targets === "string" || targets instanceof RegExp ? [targets] : targets;
  if (!Array.isArray(list) || list.some((each) => typeof each !== "string" && !(each instanceof RegExp))) {
    throw new TypeError(`${operation}: targets are names of modules or regular expressions, or an array of them`);
  }
  for (const target of list) {
    const expression = expressionOf(target);
    const matched = modules.filter(([name]) => name !== "" && expression.test(name));
    if (matched.length === 0) {
      const names = modules.map(([name]) => name).filter((name) => name !== "");
      const some = names.slice(0, 20).map((name) => JSON.stringify(name)).join(", ");
      const shown = typeof target === "string" ? JSON.stringify(target) : String(target);
      throw new RangeError(
        `${operation}: no module is called ${shown}; ` +
          (some === ""
            ? "the model has no modules within; to adapt an imported ONNX model, load its weights into one made of layers"
            : `there are ${some}${names.length > 20 ? ", …" : ""}`),
      );
    }
    for (const [name, module] of matched) found.set(name, module);
  }
  return found;
}
