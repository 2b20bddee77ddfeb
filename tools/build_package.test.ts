import { expect, test } from "vitest";
import { rewriteSpecifiers, shiftedMap, withLibraries } from "./build_package.ts";

test("relative .ts specifiers become .js, and nothing else changes", () => {
  expect(rewriteSpecifiers(`
    import type { A } from "./a.ts";
    export * from '../b.ts';
    export declare const c: import("./c.ts").C;
    import { d } from "d.ts"; // "./x.ts"
    import "./e.d.ts";
    export declare const f = "./f.ts";
  `)).toBe(`
    import type { A } from "./a.js";
    export * from '../b.js';
    export declare const c: import("./c.js").C;
    import { d } from "d.ts"; // "./x.ts"
    import "./e.d.ts";
    export declare const f = "./f.ts";
  `);
});

test("declarations that name Symbol.dispose bring the library that declares it", () => {
  const scope = "export interface Scope {\n  [Symbol.dispose](): void;\n}\n";
  expect(withLibraries(scope)).toBe(`/// <reference lib="esnext.disposable" />\n${scope}`);
  expect(withLibraries("export {};\n")).toBe("export {};\n");
});

test("the source map of a declaration file moves down with its lines", () => {
  expect(JSON.parse(shiftedMap(`{"version":3,"sources":["../src/a.ts"],"mappings":"AAAA;CAAC"}`, 1)))
    .toEqual({ version: 3, sources: ["../src/a.ts"], mappings: ";AAAA;CAAC" });
});
