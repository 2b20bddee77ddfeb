import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXAMPLES, runByName } from "./main.ts";

/** Runs with these arguments and collects what is printed. */
async function started(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = "", stderr = "";
  const code = await runByName(args, {
    stdout: { write: (text) => stdout += text },
    stderr: { write: (text) => stderr += text },
  });
  return { code, stdout, stderr };
}

const here = (path: string): URL => new URL(path, import.meta.url);

test("every example is listed, and nothing else", () => {
  const folders = readdirSync(here("."), { withFileTypes: true, encoding: "utf8" })
    .filter((entry) => entry.isDirectory() && existsSync(here(`${entry.name}/main.ts`)))
    .map(({ name }) => name);
  expect(Object.keys(EXAMPLES).sort()).toEqual(folders.sort());
});

test("the README has the list's lines", () => {
  const rows = readFileSync(here("README.md"), "utf8").matchAll(/^\| \[`([^`]+)`\]\(\1\) +\| (.*?) +\|$/gm);
  expect([...rows].map(([, name, about]) => [name, about]))
    .toEqual(Object.entries(EXAMPLES).map(([name, { about }]) => [name, about]));
});

test("four examples have tasks of their own; the others run by name", () => {
  const read = (file: string): Record<string, Record<string, unknown>> =>
    JSON.parse(readFileSync(here(`../../${file}`), "utf8"));
  const deno = Object.keys(read("deno.json")["tasks"]!), npm = Object.keys(read("package.json")["scripts"]!);
  for (const tasks of [deno, npm]) {
    expect(tasks.filter((task) => task in EXAMPLES).sort()).toEqual(["basics", "gpt", "lenet", "translate"]);
    expect(tasks).toContain("example");
  }
});

test("without a name, or with --help, the examples are listed", async () => {
  for (const args of [[], ["--help"], ["-h"]]) {
    const { code, stdout, stderr } = await started(...args);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n").filter((line) => line.startsWith("  "));
    expect(lines.map((line) => line.trim().split(/ {3,}/)))
      .toEqual(Object.entries(EXAMPLES).map(([name, { about }]) => [name, about]));
  }
});

test("an unknown name is an error that says what was meant", async () => {
  expect(await started("vea", "--epochs", "1")).toEqual({
    code: 2,
    stdout: "",
    stderr: 'example: there is no example "vea"; did you mean vae?\n',
  });
  expect((await started("toString")).stderr).toContain("expected basics, lenet, ");
  expect((await started("--epochs", "1", "vae")).stderr)
    .toBe("example: expected the name of an example before the option --epochs\n");
});

test("options reach the example unchanged", async () => {
  expect((await started("vae", "--latent", "0")).stderr)
    .toBe("vae: --latent 0: expected a whole number of at least 1\n");
  expect((await started("vae", "--help")).stdout).toContain("Usage: deno task example vae [options]");
  expect((await started("lenet", "--help")).stdout).toContain("Usage: deno task lenet [options]");
  const out = mkdtempSync(join(tmpdir(), "heddle-example-"));
  try {
    const { code, stdout } = await started("tensors-and-images", "--limit", "8", "--json", "--out", out);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(join(out, "figures.json"), "utf8")));
  } finally {
    rmSync(out, { recursive: true });
  }
});
