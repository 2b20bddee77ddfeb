// Sizes of programs bundled for browsers, as the table in docs/browsers.md: npx tsx tools/bundle_sizes.ts

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { rolldown } from "rolldown";
import { isMain } from "./is_main.ts";

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

/** What is measured, by the words of the table. */
export const programs: Readonly<Record<string, () => string>> = {
  "tensors": () => `import { tensor } from "@heddle/tensor";\nconsole.log(tensor([1, 2]).exp().toArray());`,
  "tensors and the GPU": () =>
    `import { webgpu } from "@heddle/gpu";\nimport { tensor } from "@heddle/tensor";\n` +
    `console.log(await tensor([1, 2], { device: await webgpu() }).exp().data());`,
  "the training above": trainingProgram,
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

async function main(): Promise<void> {
  mkdirSync(join(root, "runs"), { recursive: true });
  const folder = mkdtempSync(join(root, "runs", "bundle_sizes-"));
  try {
    const names = Object.keys(bundlers);
    console.log(`| kB, minified and gzipped | ${names.join(" | ")} |\n| --- |${" ---: |".repeat(names.length)}`);
    for (const [name, program] of Object.entries(programs)) {
      const file = join(folder, "program.ts");
      writeFileSync(file, program());
      const sizes: string[] = [];
      for (const bundle of Object.values(bundlers)) {
        sizes.push((gzipSync(await bundle(file), { level: 9 }).length / 1000).toFixed(0));
      }
      console.log(`| ${name} | ${sizes.join(" | ")} |`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (isMain(import.meta.url)) {
  await main();
  process.exit(0);
}
