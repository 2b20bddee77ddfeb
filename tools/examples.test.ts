// Runs every example of the READMEs, the documentation and the doc comments, and compares the values that they state.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import { readSources } from "./check_layers.ts";
import { type Example, exampleModule, markdownExamples, sourceExamples, statedValues } from "./examples.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const work = join(root, "runs", `examples-${process.pid}`);
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
afterAll(() => rmSync(work, { recursive: true, force: true }));

const here = new URL("./examples.ts", import.meta.url).href;

/** Writes the examples of a file as one module, and returns for each what runs it. Errors name the file and the line. */
function runners(examples: Example[], file: string): (() => Promise<void>)[] {
  const path = join(work, `${file.replaceAll(/[^\w]/g, "_")}.ts`);
  writeFileSync(path, exampleModule(examples, here));
  return examples.map(({ line }, i) => async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    try {
      const module = await import(/* @vite-ignore */ pathToFileURL(path).href) as { examples: (() => Promise<void>)[] };
      await module.examples[i]!();
    } catch (error) {
      throw new Error(`${file}:${line}: the example throws: ${error}`, { cause: error });
    } finally {
      log.mockRestore();
    }
  });
}

function testExamples(examples: Example[], file: string): void {
  runners(examples, file).forEach((run, i) => test(`${file}:${examples[i]!.line}`, run));
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
    testExamples(examples, file);
  }
});

describe("the examples of the doc comments run", () => {
  for (const { path, text } of readSources(root, ["packages"])) {
    if (!path.endsWith(".test.ts")) testExamples(sourceExamples(text), path);
  }
});

describe("the page of Tensor", () => {
  const path = "packages/tensor/src/tensor/tensor.ts";
  const examples = sourceExamples(readFileSync(join(root, path), "utf8"));

  test("each example states a value, and each comment at the end of a line is one", () => {
    const comments = (code: string) => code.match(/; \/\/ /g)?.length ?? 0;
    const wrong = examples.filter(({ code }) => statedValues(code) === 0 || statedValues(code) !== comments(code));
    expect(wrong.map(({ line }) => `${path}:${line}`)).toEqual([]);
    expect(examples.length).toBeGreaterThan(150);
  });
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
    const [run] = runners([{ code: `throw new RangeError("no such dim");\n`, line: 7 }], "packages/x/README.md");
    await expect(run!()).rejects.toThrow("packages/x/README.md:7: the example throws: RangeError: no such dim");
  });

  test("an example whose line states another value fails, and says which", async () => {
    const right = `import { type Tensor, tensor as make } from "@heddle/tensor";
const x: Tensor = make([[1, 2]]);
x.shape; // [1, 2]
x.div(3).toArray(); // about [[0.3333, 0.6667]]
await x.data(); // [1, 2]
x.sum(); // a tensor
({ a: "b", c: 3n, d: NaN }); // { a: "b", c: 3n, d: NaN }
`;
    expect(statedValues(right)).toBe(4);
    const wrong = ["x.shape; // [1, 2, 1]", "x.div(3).toArray(); // about [[0.3333, 0.6767]]", 'x.dtype; // "bool"'];
    const examples = [right, ...wrong.map((line) => `${right}${line}\n`)].map((code, i) => ({ code, line: i }));
    const [run, ...others] = runners(examples, "packages/y/README.md");
    await run!();
    for (const [i, other] of others.entries()) await expect(other()).rejects.toThrow(`${wrong[i]}: the value is`);
  });
});
