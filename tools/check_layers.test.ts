import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  checkCircles,
  checkLayers,
  checkRepository,
  KNOWN_CIRCLES,
  LAYERS,
  type Manifest,
  readSources,
  type Source,
} from "./check_layers.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const manifests: Record<string, Manifest> = {
  "": { devDependencies: { vitest: "1" } },
  "packages/tensor": {},
  "packages/autograd": { dependencies: { "@heddle/tensor": "1", "@heddle/nn": "1" } },
  "packages/nn": { dependencies: { "@heddle/tensor": "1", "@heddle/autograd": "1" } },
  "packages/data": { dependencies: { "@heddle/tensor": "1" } },
  "apps/examples": { dependencies: { "@heddle/nn": "1", "@heddle/data": "1" } },
};
const check = (path: string, text: string): string[] => checkLayers([{ path, text }], manifests);

describe("the layer check", () => {
  test("lets the arrows of the design pass", () => {
    expect(check("packages/nn/src/linear.ts", `import { Tensor } from "@heddle/tensor"; import "@heddle/autograd";`))
      .toEqual([]);
    expect(check("packages/nn/src/mod.test.ts", `import { test } from "vitest"; import "./linear.ts";`)).toEqual([]);
    expect(check("apps/examples/lenet/main.ts", `import "@heddle/nn"; import "@heddle/data"; import "../cli.ts";`))
      .toEqual([]);
    expect(check("packages/data/src/idx.ts", `import { readFileSync } from "node:fs";`)).toEqual([]);
  });

  test.each([
    ["a value", `import { backward } from "@heddle/autograd";`],
    ["a type", `import type { Tape } from "@heddle/autograd";`],
    ["an export", `export * from "@heddle/autograd";`],
    ["a dynamic import", `const engine = await import("@heddle/autograd");`],
    ["the type of an import", `let tape: import("@heddle/autograd").Tape;`],
  ])("catches tensor importing autograd: %s", (_, text) => {
    const wrong = check("packages/tensor/src/tensor.ts", text);
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toContain("packages/tensor/src/tensor.ts:1: tensor may not import @heddle/autograd");
  });

  test("catches data importing nn, in a test too", () => {
    expect(check("packages/data/src/loader.test.ts", `\nimport { Linear } from "@heddle/nn";`)[0])
      .toBe("packages/data/src/loader.test.ts:2: data may not import @heddle/nn (it may import @heddle/tensor)");
  });

  test("catches packages importing applications and the conformance suite", () => {
    expect(check("packages/nn/src/a.ts", `import "@heddle/examples"; import "@heddle/conformance";`)).toHaveLength(2);
    expect(check("packages/nn/src/a.ts", `import "../../../conformance/suite.ts";`)[0]).toContain("leaves packages/nn");
  });

  test("catches a way round by relative paths", () => {
    expect(check("packages/nn/src/a.ts", `import { Tensor } from "../../tensor/src/mod.ts";`)[0])
      .toContain("import another package by its name");
  });

  test("catches dependencies that are not listed, and test tools outside tests", () => {
    expect(check("packages/tensor/src/a.ts", `import "ml-matrix";`)[0]).toContain("is not in the dependencies");
    expect(check("packages/tensor/src/a.ts", `import { test } from "vitest";`)[0]).toContain(`"vitest" is not in`);
    expect(check("packages/tensor/src/a.ts", `import { join } from "path";`)[0]).toContain(`write "node:path"`);
  });

  test("catches a package without a layer, and a package that imports itself by name", () => {
    expect(check("packages/new/src/a.ts", "")[0]).toContain("has no layer");
    expect(check("packages/nn/src/a.ts", `import "@heddle/nn";`)[0]).toContain("relative paths");
  });

  test("catches published files that import tests or what tests share", () => {
    const importing = (path: string, specifier: string) => check(path, `import { gpu } from "${specifier}";`);
    expect(importing("packages/nn/src/linear.ts", "./testing/drawn.ts")).toEqual([
      'packages/nn/src/linear.ts:1: "./testing/drawn.ts" is for tests and is not published; published files may not import it',
    ]);
    expect(importing("packages/nn/src/linear.ts", "./conv.test.ts")).toHaveLength(1);
    expect(importing("packages/nn/src/linear.test.ts", "./testing/drawn.ts")).toEqual([]);
    expect(importing("packages/nn/src/testing/drawn.ts", "./shapes.ts")).toEqual([]);
    expect(check("packages/nn/src/testing/drawn.ts", `import { expect } from "vitest";`)).toEqual([]);
  });

  test("catches a circle of packages even where the table allows it", () => {
    const wrong = checkLayers(
      [
        { path: "packages/nn/src/a.ts", text: `import "@heddle/autograd";` },
        { path: "packages/autograd/src/b.ts", text: `import "@heddle/nn";` },
      ],
      manifests,
      { ...LAYERS, autograd: ["tensor", "nn"] },
    );
    expect(wrong).toEqual([
      "packages import each other in a circle: autograd → nn (packages/autograd/src/b.ts:1), nn → autograd (packages/nn/src/a.ts:1)",
    ]);
  });
});

describe("the check for circles", () => {
  const files = (texts: Record<string, string>): Source[] =>
    Object.entries(texts).map(([name, text]) => ({ path: `packages/nn/src/${name}.ts`, text }));
  const circles = (texts: Record<string, string>, known: Record<string, string> = {}, typeOnlyTargets: string[] = []) =>
    checkCircles(files(texts), { known, typeOnlyTargets });

  test("lets files that share a third one pass", () => {
    expect(circles({ a: `import "./b.ts"; import "./c.ts";`, b: `import "./c.ts";`, c: `import "@heddle/tensor";` }))
      .toEqual([]);
  });

  test.each([
    ["values", `import { b } from "./b.ts";`],
    ["types", `import type { B } from "./b.ts";`],
    ["exports", `export * from "./b.ts";`],
    ["dynamic imports", `const b = await import("./b.ts");`],
    ["the type of an import", `let b: import("./b.ts").B;`],
  ])("catches a circle of %s, and shows it", (_, text) => {
    expect(circles({ a: text, b: `\nimport type { A } from "./a.ts";` })).toEqual([
      "files import each other in a circle: packages/nn/src/a.ts → packages/nn/src/b.ts (packages/nn/src/a.ts:1), " +
      "packages/nn/src/b.ts → packages/nn/src/a.ts (packages/nn/src/b.ts:2); move what they share into a file of its own",
    ]);
  });

  test("catches a file that imports itself, but not the URL of a worker that imports the file", () => {
    expect(circles({ a: `export * from "./a.ts";` })).toHaveLength(1);
    expect(circles({ a: `new Worker(new URL("./b.ts", import.meta.url));`, b: `import "./a.ts";` })).toEqual([]);
  });

  test("shows the shortest of several circles, and counts the files in all of them", () => {
    const wrong = circles({
      a: `import "./b.ts";`,
      b: `import "./c.ts";`,
      c: `import "./d.ts"; import "./b.ts";`,
      d: `import "./a.ts";`,
    });
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toContain(
      "b.ts → packages/nn/src/c.ts (packages/nn/src/b.ts:1), packages/nn/src/c.ts → packages/nn/src/b.ts (packages/nn/src/c.ts:1)",
    );
    expect(wrong[0]).toContain("(4 files are in circles with these)");
  });

  test("tolerates the circles of a known folder, and only those within it", () => {
    const circle = { "deep/a": `import "./b.ts";`, "deep/b": `import "./a.ts";` };
    expect(circles(circle, { "packages/nn/src/deep": "a reason" })).toEqual([]);
    expect(circles(circle, { "packages/nn/src/dee": "a reason" })).toHaveLength(1);
    const outside = { "deep/a": `import "../b.ts";`, b: `import "./deep/a.ts";` };
    expect(circles(outside, { "packages/nn/src/deep": "a reason" })[0]).toContain("import each other in a circle");
  });

  test("asks for the removal of a known folder without circles", () => {
    expect(circles({ a: "" }, { "packages/nn/src": "a reason" })).toEqual([
      "KNOWN_CIRCLES in tools/check_layers.ts lists packages/nn/src, which has no circle: remove it",
    ]);
    expect(circles({ a: "" }, { "packages/optim/src": "a reason" })).toEqual([]);
  });

  test("type imports of an exempt file make no circle, value imports of it do", () => {
    const exempt = ["packages/nn/src/page.ts"];
    const page = `import { f } from "./family.ts";`;
    expect(circles({ page, family: `import type { Page } from "./page.ts";` }, {}, exempt)).toEqual([]);
    expect(circles({ page, family: `import { Page } from "./page.ts";` }, {}, exempt)).toHaveLength(1);
    expect(circles({ page, family: `import { type Page } from "./page.ts";` }, {}, exempt)).toHaveLength(1);
    expect(
      circles(
        { page: `import type { F } from "./family.ts";`, family: `import { Page } from "./page.ts";` },
        {},
        exempt,
      ),
    )
      .toHaveLength(1);
  });
});

test("this repository passes", () => {
  expect(readSources(root, ["packages", "bench"]).length).toBeGreaterThan(10);
  expect(checkRepository(root)).toEqual([]);
  for (const reason of Object.values(KNOWN_CIRCLES)) expect(reason).not.toBe("");
});
