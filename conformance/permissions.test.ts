/** The table of permissions in docs/devices.md: with those of a row, its program runs on Deno, and never asks. */
import { encodeIdx, type IdxArray } from "@heddle/data";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const opens = "deno" in process.versions;
if (!opens) console.warn("permissions are not tested: only Deno has them");

const table = [
  ...readFileSync(join(root, "docs", "devices.md"), "utf8").matchAll(
    /^\| (.+?) +\| (none|`--allow-.+?`)(,[^|]*)? +\|$/gm,
  ),
].map((row) => ({ what: row[1]!, flags: row[2] === "none" ? [] : row[2]!.replaceAll("`", "").split(" ") }));

const folder = mkdtempSync(join(tmpdir(), "heddle-permissions-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const training = `import { Linear } from "@heddle/nn";
import { SGD } from "@heddle/optim";
import { randn } from "@heddle/tensor";
const layer = new Linear(400, 400);
const optimizer = new SGD(layer.parameters(), { lr: 0.1 });
for (let step = 0; step < 3; step++) {
  optimizer.zeroGrad();
  layer.forward(randn([400, 400])).square().mean().backward();
  optimizer.step();
}`;

const programs: Readonly<Record<string, string>> = {
  "compute and train on the CPU, on all cores": training,
  "read variables such as `HEDDLE_THREADS`": `import { threadCount } from "@heddle/tensor";
if (threadCount() !== 3) throw new Error("HEDDLE_THREADS was not read");`,
  "batches from a `DataLoader` with workers": `import { DataLoader, ListDataset } from "@heddle/data";
import { tensor } from "@heddle/tensor";
const samples = Array.from({ length: 8 }, (_, i) => tensor([i]));
export const dataset = (): ListDataset<typeof samples[0]> => new ListDataset(samples.map((sample) => sample.mul(2)));
if (isMainThread) {
  const loader = new DataLoader(dataset(), { batchSize: 4, workers: { module: import.meta.url, export: "dataset" } });
  let sum = 0;
  for await (const batch of loader) sum += batch.sum().item();
  if (sum !== 56) throw new Error(String(sum));
  loader.close();
}`,
  "`MNIST.load({ root })` from files": `import { MNIST } from "@heddle/data";
const { length } = await MNIST.load({ root: FOLDER + "/heddle/mnist", verify: false });
if (length !== 2) throw new Error(String(length));`,
  "`MNIST.load()` from the cache": `import { MNIST } from "@heddle/data";
const { length } = await MNIST.load({ verify: false });
if (length !== 2) throw new Error(String(length));`,
  "save and load a model": `import { Linear } from "@heddle/nn";
import { load, save } from "@heddle/store";
const layer = new Linear(2, 2);
await save(layer, FOLDER + "/model.safetensors");
layer.loadStateDict(await load(FOLDER + "/model.safetensors"));`,
};

/** Runs a program under the repository, so that it finds the packages. */
async function run(source: string, flags: readonly string[]): Promise<string> {
  const place = mkdtempSync(join(root, "runs", "permissions-"));
  try {
    const file = join(place, "program.ts");
    writeFileSync(
      file,
      `const FOLDER = ${JSON.stringify(folder)};\nvoid FOLDER;\nimport { isMainThread } from "node:worker_threads";\n` +
        `${source}\nif (isMainThread) console.log("done");\n`,
    );
    const given = flags.map((flag) => flag.replace("FOLDER", folder));
    // Through a shell: where Deno's `spawn` sees that it starts Deno, it adds -A.
    const words = ["run", "--no-prompt", "--no-check", "--quiet", ...given, file];
    const child = spawn("sh", ["-c", 'exec "$DENO" "$@"', "sh", ...words], {
      cwd: root,
      env: {
        NO_COLOR: "1",
        DENO: process.execPath,
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        DENO_DIR: process.env["DENO_DIR"],
        XDG_CACHE_HOME: folder,
        HEDDLE_THREADS: "3",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => output.push(text));
    }
    await new Promise((resolve) => child.on("close", resolve));
    return output.join("");
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

test("every row of the table has a program", () => {
  expect(table.map(({ what }) => what)).toEqual(Object.keys(programs));
});

describe.skipIf(!opens)("with the permissions of the table", () => {
  mkdirSync(join(root, "runs"), { recursive: true });
  const mnist = join(folder, "heddle", "mnist");
  mkdirSync(mnist, { recursive: true });
  const write = (name: string, shape: number[]): void => {
    const array: IdxArray = { dtype: "uint8", shape, data: new Uint8Array(shape.reduce((a, b) => a * b)) };
    writeFileSync(join(mnist, name), encodeIdx(array));
  };
  write("train-images-idx3-ubyte", [2, 28, 28]);
  write("train-labels-idx1-ubyte", [2]);

  test.each(Object.keys(programs))("%s", async (what) => {
    const { flags } = table.find((row) => row.what === what)!;
    expect(await run(programs[what]!, flags)).toBe("done\n");
  });

  test("without them the cache's location is an error that names the permission", async () => {
    expect(await run(programs["`MNIST.load()` from the cache"]!, [])).toContain("--allow-env=HOME");
  });
});
