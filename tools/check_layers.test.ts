import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { checkLayers, LAYERS, type Manifest, readManifests, readSources } from "./check_layers.ts";

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

  test("catches a cycle even where the table allows it", () => {
    const wrong = checkLayers(
      [
        { path: "packages/nn/src/a.ts", text: `import "@heddle/autograd";` },
        { path: "packages/autograd/src/b.ts", text: `import "@heddle/nn";` },
      ],
      manifests,
      { ...LAYERS, autograd: ["tensor", "nn"] },
    );
    expect(wrong).toEqual([
      "packages import each other in a cycle: nn → autograd (packages/nn/src/a.ts:1), autograd → nn (packages/autograd/src/b.ts:1)",
    ]);
  });

  test("passes on this repository", () => {
    const sources = readSources(root, ["packages", "apps", "conformance", "tools"]);
    expect(sources.length).toBeGreaterThan(10);
    expect(checkLayers(sources, readManifests(root))).toEqual([]);
  });
});
