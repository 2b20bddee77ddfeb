// Sizes of programs bundled for browsers. Writes the table of docs/browsers.md: npx tsx tools/bundle_sizes.ts

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { rolldown } from "rolldown";
import { isMain } from "./is_main.ts";
import { markdownTable } from "./markdown_table.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
/** Node's modules are imported only where Node is found, and the package `webgpu` only there. */
const external = ["node:*", "webgpu"];

/** The first example of docs/browsers.md. */
function trainingProgram(): string {
  const page = readFileSync(join(root, "docs", "browsers.md"), "utf8");
  const code = /```ts ignore\n(.*?)```/s.exec(page)?.[1];
  if (code === undefined) throw new Error("docs/browsers.md: there is no example to measure");
  return code;
}

/** The loop of both networks below. */
const loop = `const optimizer = new SGD(net.parameters(), { lr: 0.1 });
for (let step = 0; step < 100; step++) {
  using _ = scope();
  const loss = F.crossEntropy(net.forward(images), labels);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  console.log(loss.item());
}`;
const head = `import * as F from "@heddle/nn/functional";
import { SGD } from "@heddle/optim";
import { randint, randn, scope } from "@heddle/tensor";
const labels = randint(0, 10, [64]);
`;

/** A program that is bundled, and the most that its bundle by esbuild may have, in kB. */
export interface Program {
  readonly source: () => string;
  readonly ceiling: number;
}

/** Everything that a package exports, with the packages that it needs. */
const whole = (name: string, ceiling: number): Program => ({
  source: () => `import * as all from "@heddle/${name}";\nconsole.log(all);`,
  ceiling,
});

/** What is measured, by the words of the table. Raise a ceiling only for a reason; lower it after a gain. */
export const programs: Readonly<Record<string, Program>> = {
  "tensors": {
    source: () => `import { tensor } from "@heddle/tensor";\nconsole.log(tensor([1, 2]).exp().toArray());`,
    ceiling: 113,
  },
  "tensors and the GPU": {
    source: () =>
      `import { webgpu } from "@heddle/gpu";\nimport { tensor } from "@heddle/tensor";\n` +
      `console.log(await tensor([1, 2], { device: await webgpu() }).exp().data());`,
    ceiling: 173,
  },
  "training of linear layers": {
    source: () =>
      `import { Linear, ReLU, Sequential } from "@heddle/nn";\n${head}const images = randn([64, 784]);\n` +
      `const net = new Sequential(new Linear(784, 64), new ReLU(), new Linear(64, 10));\n${loop}`,
    ceiling: 138,
  },
  "training of LeNet": {
    source: () =>
      `import { Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential } from "@heddle/nn";\n${head}` +
      `const images = randn([64, 1, 28, 28]);\nconst net = new Sequential(new Conv2d(1, 6, 5, { padding: 2 }), new ReLU(), ` +
      `new MaxPool2d(2), new Conv2d(6, 16, 5), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(400, 120), new ReLU(), ` +
      `new Linear(120, 84), new ReLU(), new Linear(84, 10));\n${loop}`,
    ceiling: 173,
  },
  "the training above": { source: trainingProgram, ceiling: 151 },
  "all of `@heddle/tensor`": whole("tensor", 166),
  "all of `@heddle/autograd`": whole("autograd", 128),
  "all of `@heddle/nn`": whole("nn", 229),
  "all of `@heddle/optim`": whole("optim", 143),
  "all of `@heddle/data`": whole("data", 183),
  "all of `@heddle/store`": whole("store", 230),
  "all of `@heddle/gpu`": whole("gpu", 174),
  "all of `@heddle/linalg`": whole("linalg", 155),
  "all of `@heddle/onnx`": whole("onnx", 282),
  "all of `@heddle/models`": whole("models", 368),
};

/** Minified for ES2022, by the bundler's name. */
const bundlers: Readonly<Record<string, (file: string) => Promise<string>>> = {
  async esbuild(file) {
    const result = await build({
      entryPoints: [file],
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      external,
      tsconfig: join(root, "tsconfig.json"),
      write: false,
    });
    return result.outputFiles[0]!.text;
  },
  async rolldown(file) {
    const bundle = await rolldown({
      input: file,
      platform: "browser",
      external: [/^node:/, "webgpu"],
      transform: { target: "es2022" },
      tsconfig: join(root, "tsconfig.json"),
    });
    const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false });
    await bundle.close();
    return output[0].code;
  },
};

/** A row of the table: the program's words and its sizes in kB, one for each bundler. */
export type Row = readonly [name: string, ...sizes: readonly number[]];

/** The sizes of all programs in kB, minified and gzipped. */
export async function measure(): Promise<Row[]> {
  mkdirSync(join(root, "runs"), { recursive: true });
  const folder = mkdtempSync(join(root, "runs", "bundle_sizes-"));
  try {
    const rows: Row[] = [];
    for (const [name, { source }] of Object.entries(programs)) {
      const file = join(folder, "program.ts");
      writeFileSync(file, source());
      const sizes: number[] = [];
      for (const bundle of Object.values(bundlers)) {
        sizes.push(Math.round(gzipSync(await bundle(file), { level: 9 }).length / 1000));
      }
      rows.push([name, ...sizes]);
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The table of docs/browsers.md. */
function tableOf(rows: readonly Row[]): string {
  const head = ["kB, minified and gzipped", ...Object.keys(bundlers)];
  return `${markdownTable([head, ...rows.map((row) => row.map(String))])}\n`;
}

const page = join(root, "docs", "browsers.md");
const place = /(?<=^What a page downloads:\n\n)(\|.*\n)+/m;

/** What is wrong with sizes: those above their ceilings, and those that the page has otherwise, by more than a twentieth. */
export function wrongSizes(
  rows: readonly Row[],
  text: string,
  all: Readonly<Record<string, Program>> = programs,
): string[] {
  const shown = new Map(
    [...text.matchAll(/^\| (.+?) +\| (\d+) +\| (\d+) +\|$/gm)].map((row) => [row[1]!, row.slice(2).map(Number)]),
  );
  return rows.flatMap(([name, ...sizes]) => {
    const { ceiling } = all[name]!;
    if (sizes[0]! > ceiling) {
      return [`${name}: ${sizes[0]} kB, at most ${ceiling}; see what the bundle has with esbuild's --analyze`];
    }
    const off = sizes.some((size, i) => !(Math.abs(size - (shown.get(name)?.[i] ?? NaN)) <= size / 20));
    return off ? [`${name}: docs/browsers.md has other sizes; npx tsx tools/bundle_sizes.ts writes them`] : [];
  });
}

/** The check `sizes`. */
export async function checkSizes(): Promise<string[]> {
  return wrongSizes(await measure(), readFileSync(page, "utf8"));
}

if (isMain(import.meta.url)) {
  const table = tableOf(await measure());
  writeFileSync(page, readFileSync(page, "utf8").replace(place, table));
  console.log(table);
  process.exit(0);
}
