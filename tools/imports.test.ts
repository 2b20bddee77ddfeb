import { expect, test } from "vitest";
import { scanImports } from "./imports.ts";

const specifiers = (source: string): string[] => scanImports(source).map((found) => `${found.kind} ${found.specifier}`);

test("static imports of every form are found", () => {
  expect(specifiers(`
    import "side";
    import a from "a";
    import b, { type c, d as e } from 'b';
    import * as f from "f";
    import type { G } from "g";
    import type from "h";
    import {
      i, // a comment with from "nowhere"
    } from "i";
    import j from "j" with { type: "json" };
    import { "odd name" as k } from "k";
  `)).toEqual([
    "static side",
    "static a",
    "static b",
    "static f",
    "type g",
    "static h",
    "static i",
    "static j",
    "static k",
  ]);
});

test("exports are imports when they have a source", () => {
  expect(specifiers(`
    export * from "a";
    export * as b from "b";
    export { c } from "c";
    export type { D } from "d";
    export { e };
    export const f = { from: "nowhere" };
    export type { G };
    const from = "nowhere";
  `)).toEqual(["export a", "export b", "export c", "type d"]);
});

test("dynamic imports are found in values and in types", () => {
  expect(specifiers(`
    const a = await import("a");
    type B = import("b").B;
    const c = import(\`c\`);
    const d = () => \`text \${await import("d")} text\`;
    new Worker(new URL("./e.ts", import.meta.url));
    import.meta.resolve("f");
  `)).toEqual(["dynamic a", "dynamic b", "dynamic c", "dynamic d", "url ./e.ts", "url f"]);
});

test("what only looks like an import is none", () => {
  expect(specifiers(`
    // import "a";
    /* import "b"; */
    const c = 'import "c"';
    const d = \`import "d" \${1 + 1} import("e")\`;
    const f = /import "f"\\/[/"]/;
    const g = 4 / 2; const h = "x" / 2;
    loader.import("h"); const i = { import: "i", export: "j" };
  `)).toEqual([]);
});

test("lines and offsets point at the specifier", () => {
  const source = `\n/* two\nlines */ import { a } from "./a.ts";`;
  const [found] = scanImports(source);
  expect(found?.line).toBe(3);
  expect(source.slice(found!.start, found!.end)).toBe("./a.ts");
});
