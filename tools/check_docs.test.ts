import { expect, test } from "vitest";
import { docFindings, unexplained } from "./check_docs.ts";

const written = `error[private-type-ref]: public type 'A' references private type 'B'
  --> /r/packages/x/src/a.ts:3:1
   |
3  | export class A extends B {
   | ^^^^^^^^^^^^^^^^^^^^^^^^^^

error[missing-jsdoc]: exported symbol is missing JSDoc documentation
  --> /r/packages/x/src/a.ts:4:3

error: Found 2 documentation lint errors.
`;

test("findings come with their place; missing comments apart", () => {
  expect(docFindings(written, "/r", false)).toEqual([
    "packages/x/src/a.ts:3:1: public type 'A' references private type 'B' (private-type-ref)",
  ]);
  expect(docFindings(written, "/r", true)).toEqual([
    "packages/x/src/a.ts:4:3: exported symbol is missing JSDoc documentation (missing-jsdoc)",
  ]);
});

test("colours do not hide findings; what deno could not do is a finding", () => {
  expect(docFindings(written.replaceAll("error", "\x1b[31merror\x1b[0m"), "/r", false)).toHaveLength(1);
  expect(docFindings("error: Module not found\n", "/r", true)).toEqual(["error: Module not found"]);
  expect(docFindings("Checked 3 files\n", "/r", true)).toEqual([]);
});

test("members that are not listed, or have no example, are named", () => {
  class A {
    get size(): number {
      return 1;
    }
    add(): void {}
    add_(): void {}
    sub(): void {}
  }
  const jsDoc = { tags: [{ kind: "throws" }, { kind: "example" }] };
  const methods = [{ name: "size", kind: "getter", jsDoc }, { name: "add", jsDoc: { tags: [] } }, { name: "add_" }];
  const json = JSON.stringify({
    nodes: { "file:///a.ts": { symbols: [{ name: "A", declarations: [{ def: { methods } }] }] } },
  });
  expect(unexplained(json, "A", A.prototype)).toEqual(["A.add has no @example", "deno doc does not list A.sub"]);
});
