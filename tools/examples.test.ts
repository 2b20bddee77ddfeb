// Runs every example of the READMEs, the documentation and the doc comments, each as its own module.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import { readSources } from "./check_layers.ts";
import { type Example, markdownExamples, sourceExamples } from "./examples.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const work = join(root, "runs", `examples-${process.pid}`);
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Runs the example; an error in it is reported with the file it came from. */
async function run(example: Example, file: string): Promise<void> {
  const module = join(work, `${file.replaceAll(/[^\w]/g, "_")}_${example.line}.ts`);
  // `export {}` makes a module of an example that imports nothing.
  writeFileSync(module, `// ${file}:${example.line}\n${example.code}\nexport {};\n`);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await import(/* @vite-ignore */ pathToFileURL(module).href);
  } catch (error) {
    throw new Error(`${file}:${example.line}: the example throws: ${error}`, { cause: error });
  } finally {
    log.mockRestore();
  }
}

describe("the examples of the READMEs and the documentation run", () => {
  const packages = readdirSync(join(root, "packages"));
  const readmes = ["README.md", ...packages.map((name) => `packages/${name}/README.md`)];
  const pages = (readdirSync(join(root, "docs"), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".md")).map((name) => `docs/${name.replaceAll("\\", "/")}`);
  for (const file of [...readmes, ...pages]) {
    const path = join(root, file);
    const examples = existsSync(path) ? markdownExamples(readFileSync(path, "utf8")) : [];
    // The GPU's package has no examples that run here.
    const owesOne = readmes.includes(file) && file !== "packages/gpu/README.md";
    if (owesOne) test(`${file} has one`, () => expect(examples).not.toEqual([]));
    for (const example of examples) test(`${file}:${example.line}`, () => run(example, file));
  }
});

describe("the examples of the doc comments run", () => {
  for (const { path, text } of readSources(root, ["packages"])) {
    if (path.endsWith(".test.ts")) continue;
    for (const example of sourceExamples(text)) {
      test(`${path}:${example.line}`, () => run(example, path));
    }
  }
});

describe("finding examples", () => {
  test("blocks marked ts are found with their lines, others are not", () => {
    const text =
      "# a\n```ts\nlet a = 1;\n```\n```sh\nls\n```\n- b\n  ```ts\n  if (a) {\n    b();\n  }\n  ```\n```ts ignore\n!\n```\n";
    expect(markdownExamples(text)).toEqual([
      { code: "let a = 1;\n", line: 3 },
      { code: "if (a) {\n  b();\n}\n", line: 10 },
    ]);
  });

  test("doc comments lose their stars and keep their indentation", () => {
    const text =
      "let x;\n/**\n * Adds.\n *\n * ```ts\n * {\n *   add();\n * }\n * ```\n */\nfunction add() {}\n/* ```ts\nno\n``` */";
    expect(sourceExamples(text)).toEqual([{ code: "{\n  add();\n}\n", line: 6 }]);
  });

  test("an example that throws fails, and says where it stands", async () => {
    await expect(run({ code: `throw new RangeError("no such dim");`, line: 7 }, "packages/x/README.md"))
      .rejects.toThrow("packages/x/README.md:7: the example throws: RangeError: no such dim");
  });
});
