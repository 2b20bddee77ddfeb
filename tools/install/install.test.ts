/**
 * Installs the packages as users do: packed, from a registry, into new projects outside the repository, on every runtime, with both
 * compilers and with bundlers. Each project trains a small network. What the projects need besides (TypeScript, Vite, two versions of
 * Node) comes from npm, from its cache where it can; without it the tests are skipped, unless `EXPECT_INSTALL=1`.
 *
 * @module-tag once
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findChromium } from "../../conformance/browser/chromium.ts";
import { denoCommand } from "../deno.ts";
import { definitionOf } from "./definition.ts";
import { entryPoints, packAll, type Packed } from "./packages.ts";
import { consoleOf } from "./page.ts";
import { importsOf, lossesIn, TRAINING } from "./programs.ts";
import { type Registry, serveRegistry } from "./registry.ts";
import { run } from "./run.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Programs of other people, in the versions that are tested. Vite's template brings its own. */
const TOOLS: Readonly<Record<string, string>> = {
  "create-vite": "9.3.0",
  "esbuild": "0.28.2",
  "typescript": "7.0.2",
  "typescript-5": "npm:typescript@5.9.3",
  "node-20": `npm:node-${process.platform}-${process.arch}@20.20.2`,
  "node-24": `npm:node-${process.platform}-${process.arch}@24.22.3`,
};

const NPM_INSTALL = ["npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];

let work: string;
/** Why npm could not fetch the tools; null if it could. */
let missing: string | null = null;
let packed: Packed[] = [];
let registry: Registry | undefined;

/** Fetches the tools into a folder of their own. Returns npm's message if it cannot. */
async function fetchTools(): Promise<string | null> {
  const folder = join(work, "tools");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: TOOLS }));
  try {
    await run(folder, [...NPM_INSTALL, "--fetch-retries=1"]);
    return null;
  } catch (error) {
    return String(error);
  }
}

/** The path of a file of a tool. */
const tool = (path: string): string => join(work, "tools", "node_modules", path);
const node = (major: 20 | 24): string => tool(`node-${major}/bin/node`);

/** A new project that takes `@heddle/*` from the registry. */
function project(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(work, name);
  mkdirSync(folder, { recursive: true });
  const all = {
    ".npmrc": registry!.npmrc,
    "main.ts": TRAINING,
    "imports.ts": importsOf(entryPoints(packed)),
    ...files,
  };
  for (const [file, text] of Object.entries(all)) writeFileSync(join(folder, file), text);
  return folder;
}

const names = (): string[] => packed.map(({ manifest }) => manifest.name);
const exact = (): Record<string, string> =>
  Object.fromEntries(packed.map(({ manifest: { name, version } }) => [name, version]));

function expectTrained(output: string): void {
  const losses = lossesIn(output);
  expect(losses, output).toHaveLength(6);
  expect(losses[0]).toBeGreaterThan(0.6);
  expect(losses.at(-1)).toBeLessThan(0.4);
}

function expectImported(output: string): void {
  expect(output).toContain(`imported ${entryPoints(packed).length}`);
}

describe("installed from packed tarballs", { tags: ["long"] }, () => {
  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), "heddle-install-"));
    missing = await fetchTools();
    if (missing !== null) {
      if (process.env["EXPECT_INSTALL"] === "1") throw new Error(missing);
      return console.warn(`the installation is not tested: ${missing}`);
    }
    mkdirSync(join(work, "tarballs"));
    packed = await packAll(root, join(work, "tarballs"));
    registry = await serveRegistry(packed);
  });
  beforeEach(({ skip }) => skip(missing !== null, "npm could not fetch the tools"));
  afterAll(() => {
    registry?.close();
    rmSync(work, { recursive: true, force: true });
  });

  test("Deno", async () => {
    const imports = Object.fromEntries(
      entryPoints(packed).map((entry) => [entry, `npm:${entry.replace(/^(@heddle\/\w+)/, "$1@0")}`]),
    );
    const folder = project("deno", { "deno.json": JSON.stringify({ imports, lock: false }) });
    // A cache of its own, since it would take packages of the same name and version from an earlier run.
    const env = { DENO_DIR: join(work, "deno-cache"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
    const deno = (...args: string[]): Promise<string> => run(folder, [...denoCommand(), ...args], env);
    expectImported(await deno("run", "-A", "imports.ts"));
    expectTrained(await deno("run", "main.ts"));
    await deno("check", "main.ts", "imports.ts");
  });

  test("Bun", async () => {
    const folder = project("bun", { "package.json": JSON.stringify({ private: true, type: "module" }) });
    const bun = join(root, "node_modules", ".bin", "bun");
    const env = { BUN_INSTALL_CACHE_DIR: join(work, "bun-cache") };
    await run(folder, [bun, "add", ...names()], env);
    expectTrained(await run(folder, [bun, "main.ts"]));
    expectImported(await run(folder, [bun, "imports.ts"]));
  });

  test("Node 20 and 24 with TypeScript 5.9 and 7, and esbuild", async () => {
    const folder = project("node", {
      "package.json": JSON.stringify({ private: true, type: "module", dependencies: exact() }),
    });
    await run(folder, NPM_INSTALL);
    const options = { target: "ES2022", strict: true, skipLibCheck: false, types: [] };
    const compile = async (compiler: string, name: string, compilerOptions: object): Promise<void> => {
      const config = { compilerOptions: { ...options, ...compilerOptions }, files: ["main.ts", "imports.ts"] };
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(config));
      await run(folder, [node(24), tool(`${compiler}/bin/tsc`), "-p", `${name}.json`]);
    };
    for (const compiler of ["typescript", "typescript-5"]) {
      await compile(compiler, "bundler", { module: "ESNext", moduleResolution: "Bundler", noEmit: true });
      await compile(compiler, "tsconfig", { module: "NodeNext", outDir: compiler });
      for (const major of [20, 24] as const) {
        expectTrained(await run(folder, [node(major), `${compiler}/main.js`]));
        expectImported(await run(folder, [node(major), `${compiler}/imports.js`]));
      }
    }

    for (const word of ["Linear", "Adam", "rand", "backward"]) {
      const file = await definitionOf(tool("typescript-5/lib/tsserver.js"), join(folder, "main.ts"), TRAINING, word);
      expect(file, `where ${word} is defined`).toMatch(/node_modules\/@heddle\/\w+\/src\/.*(?<!\.d)\.ts$/);
    }

    const bundling = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--outfile=bundle.mjs"];
    await run(folder, [tool(".bin/esbuild"), "main.ts", ...bundling]);
    expectTrained(await run(folder, [node(24), "bundle.mjs"]));
  });

  test("Vite's template vanilla-ts, in Chromium", async () => {
    await run(work, [node(24), tool("create-vite/index.js"), "vite", "--template", "vanilla-ts", "--no-interactive"]);
    const folder = join(work, "vite");
    writeFileSync(join(folder, ".npmrc"), registry!.npmrc);
    // The page trains in its main thread, and in a worker that loads every package.
    writeFileSync(join(folder, "src", "train.ts"), TRAINING);
    writeFileSync(join(folder, "src", "worker.ts"), importsOf(entryPoints(packed)) + "import './train.ts'\n");
    const page = readFileSync(join(folder, "src", "main.ts"), "utf8");
    writeFileSync(
      join(folder, "src", "main.ts"),
      `import './train.ts'\n${page}\n` +
        `new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })\n`,
    );
    await run(folder, [...NPM_INSTALL, ...names()]);
    const env = { PATH: `${dirname(node(24))}:${process.env["PATH"]}` };
    await run(folder, ["npm", "run", "build"], env);
    const chromium = findChromium();
    if (chromium === null) return console.warn("the page is not opened: no Chromium or Chrome on the PATH");
    const lines = (output: string): string[] => output.split("\n").filter((line) => line.includes("losses "));
    const output = await consoleOf(chromium, join(folder, "dist"), (output) => lines(output).length === 2);
    for (const line of lines(output)) expectTrained(line);
    expectImported(output);
  });
});
