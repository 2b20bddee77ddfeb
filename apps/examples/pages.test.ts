/**
 * What the pages say of pictures and figures, against what the examples produce.
 *
 * @module-tag once
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { PAGES } from "./basics/pages.ts";
import { EXAMPLES } from "./main.ts";
import { writeSmallRecogniser } from "./ocr/small_recogniser.ts";
import { OutFolder } from "./runner/out_folder.ts";
import { type FigurePlan, type PagePlan, patternOf, plannedFigures, SETTINGS } from "./runner/page_plan.ts";

let folder: string;
beforeAll(() => folder = mkdtempSync(join(tmpdir(), "heddle-pages-")));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
});

/** The runs that together produce everything that a page declares. A dry run takes one step and draws all pictures. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  "lenet": ["--dry-run", "--dry-run --repeat 2"],
  "cifar": [
    "--dry-run --model mlp-1x512 --augment crop",
    "--dry-run --model mlp-1x512 --against crop --batch 8",
  ],
  "random-labels": ["--limit 20 --epochs 1 --batch 10 --model mlp-1x512"],
  "equivariance": ["--dry-run --batch 5 --test-limit 10"],
  "vae": ["--dry-run --latent 2"],
  "embeddings": ["--limit 6000 --batch 512 --dim 4 --epochs 3"],
};

/** What a run produced. */
interface Produced {
  figures: Record<string, unknown>;
  pictures: string[];
}

async function produce(name: string, options: string): Promise<Produced> {
  const pictures: string[] = [];
  vi.spyOn(OutFolder.prototype, "picture").mockImplementation(function (this: OutFolder, file) {
    pictures.push(join(this.path, file).slice(folder.length + 1).replaceAll("\\", "/"));
  });
  let stdout = "", stderr = "";
  const model = name === "ocr" ? ["--model", await writeSmallRecogniser(folder)] : [];
  const args = [...options.split(" "), ...model, "--json", "--out", folder];
  const code = await EXAMPLES[name]!.run(args, {
    stdout: { write: (text) => stdout += text },
    stderr: { write: (text) => stderr += text },
  });
  expect(code, stderr).toBe(0);
  return { figures: JSON.parse(stdout), pictures };
}

/** Compares a plan with everything that the runs produced. */
function compare(plan: PagePlan, produced: readonly Produced[]): void {
  // What a part draws in its own folder is not on the page.
  const pictures = new Set(produced.flatMap(({ pictures }) => pictures.filter((file) => !file.includes("/"))));
  const declared = Object.keys(plan.pictures);
  expect([...pictures].filter((file) => patternOf(declared, file) === null), "pictures without a meaning").toEqual([]);
  const drawn = new Set([...pictures].map((file) => patternOf(declared, file)));
  expect(declared.filter((key) => !drawn.has(key)), "pictures that nothing draws").toEqual([]);

  const figures = produced.flatMap(({ figures }) => plannedFigures(plan.figures, figures));
  expect(figures.filter(({ plan }) => plan === null).map(({ key }) => key), "figures without a name").toEqual([]);
  const found = new Set(figures.map(({ key }) => key));
  expect(Object.keys(plan.figures).filter((key) => !found.has(key)), "figures that nothing computes").toEqual([]);
  expect(Object.keys(plan.figures).filter((key) => plan.figures[key] === SETTINGS[key])).toEqual([]);

  for (const { key, plan } of figures) {
    const records = figures.filter((figure) => figure.key === key).flatMap(({ value }) =>
      Array.isArray(value) ? value : []
    );
    if (plan!.columns === undefined) {
      const isRecord = (value: unknown): boolean =>
        typeof value === "object" && value !== null && !Array.isArray(value);
      expect(records.filter(isRecord), `${key} has columns`).toEqual([]);
      continue;
    }
    if (records.length === 0) continue;
    const names = new Set(records.flatMap((record) => Object.keys(record)));
    expect([...names].sort(), `the columns of ${key}`).toEqual(Object.keys(plan!.columns).sort());
  }
}

/** Words that people read: they begin with a capital and end as a sentence, and have no name of a variable. */
function check(plan: PagePlan): void {
  for (const sentence of [plan.lesson, ...Object.values(plan.pictures)]) {
    expect(sentence).toMatch(/^[A-Z\d]/);
    if (!sentence.endsWith(" of")) expect(sentence).toMatch(/[.!]$/);
  }
  const labels = (figures: Readonly<Record<string, FigurePlan>>): string[] =>
    Object.values(figures).flatMap(({ label, columns = {} }) => [label, ...labels(columns)]);
  for (const label of labels(plan.figures)) expect(label).not.toMatch(/\b[a-z]+[A-Z]/);
}

test.each(Object.keys(EXAMPLES).filter((name) => name !== "basics"))("the page of %s", async (name) => {
  const plan = await EXAMPLES[name]!.page();
  check(plan);
  const produced: Produced[] = [];
  for (const options of RUNS[name] ?? ["--dry-run"]) produced.push(await produce(name, options));
  compare(plan, produced);
});

test("the page of basics and its sections", async () => {
  const { figures, pictures } = await produce("basics", "--dry-run --limit 40");
  const own = Object.fromEntries(Object.entries(figures).filter(([key]) => !(key in PAGES)));
  compare(await EXAMPLES["basics"]!.page(), [{ figures: own, pictures: [] }]);
  expect([...new Set(pictures.map((file) => file.split("/")[0]!))].sort()).toEqual(Object.keys(PAGES).sort());
  for (const [name, plan] of Object.entries(PAGES)) {
    check(plan);
    const drawn = pictures.filter((file) => file.startsWith(`${name}/`)).map((file) => file.slice(name.length + 1));
    compare(plan, [{ figures: figures[name] as Record<string, unknown>, pictures: drawn }]);
  }
});
