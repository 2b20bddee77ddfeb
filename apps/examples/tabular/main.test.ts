import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testRun } from "../runner/test_harness.ts";
import { tabular } from "./main.ts";
import { readModel } from "./model_file.ts";

let out: string;
beforeEach(() => out = mkdtempSync(join(tmpdir(), "heddle-tabular-")));
afterEach(() => rmSync(out, { recursive: true }));

const runtime = "deno" in process.versions ? ["run", "-A"] : "bun" in process.versions ? [] : ["--import", "tsx"];

/** The replies of another process, which reads the model from the folder. */
function asked(lines: string): Promise<string> {
  const script = fileURLToPath(new URL("./main.ts", import.meta.url));
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [...runtime, script, "--ask", "--out", out], {
    env: { ...inherited, NO_COLOR: "1" },
  });
  let said = "", remarks = "";
  child.stdout.on("data", (data) => said += data);
  child.stderr.on("data", (data) => remarks += data);
  child.stdin.end(lines);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => code === 0 ? resolve(said) : reject(new Error(remarks)));
  });
}

const flowers = ["5.1,3.5,1.4,0.2", "6.0,,4.5,1.5", "6.7,3.0,5.2,2.3"];

test("it learns, and another process predicts the same from the files", async () => {
  const { code, stdout } = await testRun(tabular, ["--repeat", "1", "--epochs", "15", "--json", "--out", out]);
  expect(code).toBe(0);
  const { testErrorPercent, results } = JSON.parse(stdout);
  expect(results.length).toBe(2);
  expect(results[0].tested).toBe(30);
  expect(Math.max(...Object.values(testErrorPercent) as number[])).toBeLessThan(34);
  expect(readFileSync(join(out, "losses.svg"), "utf8")).toContain("validation");

  const here = await testRun(tabular, ["--ask", "--out", out], { typed: `${flowers.join("\n")}\n` });
  expect(here.stdout.split("\n").map((line) => line.split(" ")[0])).toEqual(["setosa", "versicolor", "virginica", ""]);
  expect(await asked(`${flowers.join("\n")}\n`)).toBe(here.stdout);
  const { features, classes } = await readModel(out);
  expect([features.length, classes]).toEqual([4, ["setosa", "versicolor", "virginica"]]);
});

test("a line that is no row is refused, and the next is read", async () => {
  await testRun(tabular, ["--repeat", "1", "--epochs", "1", "--out", out]);
  const { stdout, stderr } = await testRun(tabular, ["--ask", "--out", out], {
    typed: "1,2\n1,x,2,3\n5.1,3.5,1.4,0.2\n",
  });
  expect(stdout.split("\n").slice(0, 2)).toEqual(["", ""]);
  expect(stdout.split("\n")[2]).toMatch(/^\w+ [\d. ]+$/);
  expect(stderr).toContain("line 1 has 2 fields, but there are 4 columns");
  expect(stderr).toContain('column "sepal width": "x" is not a number');
});

test("files that are missing or damaged are named", async () => {
  expect((await testRun(tabular, ["--ask", "--out", out])).stderr).toContain("there is no");
  await testRun(tabular, ["--repeat", "1", "--epochs", "1", "--out", out]);
  writeFileSync(join(out, "model.safetensors"), "no");
  expect((await testRun(tabular, ["--ask", "--out", out])).stderr).toContain("--ask: load");
});

test("a dry run writes nothing", async () => {
  const { code, stdout } = await testRun(tabular, ["--dry-run", "--out", out]);
  expect([code, stdout.includes("Dry run: nothing was written.")]).toEqual([0, true]);
});
