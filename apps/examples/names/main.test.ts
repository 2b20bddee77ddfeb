import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testRun, type TestRunOptions } from "../runner/test_harness.ts";
import { names } from "./main.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "heddle-names-"))));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(out: string, args: string[], options: TestRunOptions = {}) {
  const { code, stdout, stderr } = await testRun(names, [...args, "--out", join(folder, out)], options);
  return { code, stdout, stderr, figures: stdout.startsWith("{") ? JSON.parse(stdout) : null };
}

const SMALL = ["--hidden", "32", "--embedding", "16", "--lr", "5e-3", "--batch", "32", "--json"];

describe("names", () => {
  test("classifies unseen synthetic names, and generates others", async () => {
    const { code, figures } = await run("gru", [...SMALL, "--epochs", "6"]);
    expect(code).toBe(0);
    expect(figures).toMatchObject({ units: "GRU", languages: 6, bidirectional: false });
    // Six languages: by chance it would be 17%.
    expect(figures.accuracy).toBeGreaterThan(80);
    expect(figures.meanAccuracy).toBeGreaterThan(80);
    expect(Object.keys(figures.byLanguage)).toEqual(["English", "French", "German", "Italian", "Japanese", "Russian"]);
    // All letters alike would be ln 45 = 3.8 nats.
    expect(figures.letterLoss).toBeLessThan(2.4);
    expect(figures.written).toHaveLength(6);
    for (const { names } of figures.written) expect(names.split(", ")).toHaveLength(6);
    const page = readFileSync(join(folder, "gru", "index.html"), "utf8");
    for (const picture of ["accuracy", "confusion", "writer"]) expect(page).toContain(`src="${picture}.svg"`);
  });

  test("--ask replies to names with languages, and to languages with names", async () => {
    const typed = ["Okamoto", "", "Russian: Gor", "Rusian:", "字", "x".repeat(50)].join("\n");
    const { code, stdout, stderr } = await run("gru", ["--ask"], { typed });
    expect(code).toBe(0);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^Japanese \d+%, \w+ \d+%, \w+ \d+%$/);
    expect(lines[2]!.split(" ")).toHaveLength(5);
    for (const name of lines[2]!.split(" ")) expect(name).toMatch(/^Gor/);
    expect([lines[1], ...lines.slice(3)]).toEqual(["", "", "", "", ""]);
    expect(stderr).toContain('line 4: "Rusian" is not one of the languages; did you mean Russian?');
    expect(stderr).toContain("line 5: none of these letters occurs in the training names");
    expect(stderr).toContain("line 6: this name has 50 letters; names have at most 40");
  });

  test.each(["RNN", "LSTM"])(
    "a bidirectional %s of two layers learns too; drawn so that languages come as often",
    async (model) => {
      const args = [
        "--part",
        "classify",
        "--model",
        model,
        "--bidirectional",
        "--layers",
        "2",
        "--balanced",
        "--epochs",
        "3",
      ];
      const { figures } = await run(model, [...SMALL, ...args]);
      expect(figures.accuracy).toBeGreaterThan(50);
      expect(figures.letterLoss).toBeUndefined();
      const { code, stderr } = await run(model, ["--ask"], { typed: "Russian:\n" });
      expect(code).toBe(0);
      expect(stderr).toContain("the network that generates names was not trained here");
    },
  );

  test("resumes to the same bits", { tags: ["once"] }, async () => {
    const args = [...SMALL, "--limit", "120", "--epochs", "3", "--model", "LSTM"];
    const whole = await run("whole", args);
    const crash = run("crashed", [...args, "--checkpoint-every", "3"], { crashAt: "writer  epoch 2/3" });
    await expect(crash).rejects.toThrow("the power went");
    const resumed = await run("crashed", [...args, "--resume"]);
    expect(resumed.figures).toEqual(whole.figures);
    for (const file of ["classifier.safetensors", "writer.safetensors"]) {
      expect(readFileSync(join(folder, "crashed", file)).equals(readFileSync(join(folder, "whole", file)))).toBe(true);
    }
  });

  test("a dry run takes one step of each and writes nothing", async () => {
    const { figures, stderr } = await run("dry", ["--dry-run", "--json"]);
    expect(figures.steps).toBe(1);
    expect(stderr).toContain("Dry run: nothing was written.");
    expect(readdirSync(folder)).not.toContain("dry");
  });
});
