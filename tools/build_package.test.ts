import { expect, test } from "vitest";
import { rewriteSpecifiers } from "./build_package.ts";

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
