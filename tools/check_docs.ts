// What `deno doc --lint` finds in the packages: types that public signatures name and no entry point exports, missing
// return types, and, where the packages' documentation is complete, missing comments.

import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** Entry points whose every symbol has a comment. The others are not there yet. */
export const DOCUMENTED: readonly string[] = [
  "packages/autograd/src/mod.ts",
  "packages/gpu/src/mod.ts",
  "packages/linalg/src/mod.ts",
  "packages/tensor/src/mod.ts",
];

/** All entry points of the packages under `root`, and the modules that these export as namespaces (`export * as init from …`). */
export function entryPoints(root: string): string[] {
  const found: string[] = [];
  for (const name of readdirSync(join(root, "packages"))) {
    const { exports } = JSON.parse(readFileSync(join(root, "packages", name, "deno.json"), "utf8")) as {
      exports: string | Record<string, string>;
    };
    for (const entry of typeof exports === "string" ? [exports] : Object.values(exports)) {
      const path = posix.join("packages", name, entry);
      const text = readFileSync(join(root, path), "utf8");
      const namespaces = [...text.matchAll(/^export \* as \w+ from "(\.[^"]+)";$/gm)];
      found.push(path, ...namespaces.map((match) => posix.join(posix.dirname(path), match[1]!)));
    }
  }
  return [...new Set(found)];
}

/**
 * The findings in what `deno doc --lint` wrote, one line each.
 *
 * @param comments whether a missing comment is one.
 */
export function docFindings(written: string, root: string, comments: boolean): string[] {
  // deno-lint-ignore no-control-regex
  const plain = written.replaceAll(/\x1b\[[0-9;]*m/g, "");
  const findings = plain.split(/^error(?=[[:])/m).slice(1).filter((part) => part.startsWith("["));
  if (findings.length === 0 && /^error:/m.test(plain)) return [plain.trim()];
  return findings.filter((part) => part.startsWith("[missing-jsdoc]") === comments).map((part) => {
    const [, rule, text] = /^\[([\w-]+)\]: (.*)/.exec(part)!;
    const place = /--> (.*)/.exec(part)?.[1]?.replaceAll("\\", "/").replace(`${root.replaceAll("\\", "/")}/`, "") ??
      "?";
    return `${place}: ${text} (${rule})`;
  });
}

/** What of `deno doc --json` this reads. */
interface Documentation {
  nodes: Record<string, { symbols: { name: string; declarations: { def?: { methods?: Documented[] } }[] }[] }>;
}

interface Documented {
  name: string;
  jsDoc?: { tags?: { kind: string }[] };
}

/**
 * The members of a class (methods, getters) that `deno doc --json` does not list, and those that it lists without an example, one
 * line each. In-place forms need none.
 */
export function unexplained(json: string, className: string, prototype: object): string[] {
  const symbols = Object.values((JSON.parse(json) as Documentation).nodes).flatMap(({ symbols }) => symbols);
  const members = symbols.filter(({ name }) => name === className)
    .flatMap(({ declarations }) => declarations).flatMap(({ def }) => def?.methods ?? []);
  const shown = (member: Documented) => member.jsDoc?.tags?.some(({ kind }) => kind === "example") ?? false;
  return Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor").flatMap((name) => {
    const listed = members.filter((member) => member.name === name);
    if (listed.length === 0) return [`deno doc does not list ${className}.${name}`];
    return name.endsWith("_") || listed.some(shown) ? [] : [`${className}.${name} has no @example`];
  });
}
