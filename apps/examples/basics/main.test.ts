import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { basics, EXAMPLES } from "./main.ts";
import { testBasic } from "./test_harness.ts";

test("one page has the figures and the pictures of each example under its name", async () => {
  const { page, pictures, figures } = await testBasic(basics, "--only", "linear-regression");
  expect(page).toContain('<h2 id="linear-regression" class="section">');
  expect(page).toContain('src="linear-regression/fit.svg"');
  expect(pictures["linear-regression/fit"]).toMatch(/^<svg /);
  expect(page).toContain(">Intercept</th>");
  expect(figures["linear-regression"].slope).toBeGreaterThan(0);
});

test("a dry run passes through all of them and writes nothing", async () => {
  const { page, figures } = await testBasic(basics, "--dry-run", "--limit", "40");
  expect(page).toBeNull();
  for (const { name } of EXAMPLES) expect(Object.keys(figures[name]), name).not.toHaveLength(0);
});

test("every file of the folder is among the examples", () => {
  const shared = ["basic", "digit_matrix", "plane", "main", "pages", "test_harness", "update_rules"];
  const files = readdirSync(new URL(".", import.meta.url), { encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => file.slice(0, -3)).filter((file) => !shared.includes(file));
  expect(EXAMPLES.map(({ name }) => name.replaceAll("-", "_")).sort()).toEqual(files.sort());
});
