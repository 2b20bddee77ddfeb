import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OptionError } from "../runner/options.ts";
import { accuracyOf, confusion } from "./evaluate.ts";
import { loadNames, type Name, nameLetters } from "./names.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-names-")));
afterEach(() => rmSync(folder, { recursive: true }));

const spelt = (names: readonly Name[]): string[] => names.map(({ letters }) => letters.join(""));
const numbered = (stem: string, count: number): string =>
  Array.from({ length: count }, (_, i) => `${stem}${i}`).join("\n");

describe("loadNames", () => {
  test("a share of each language is for testing; a name is on one side only, in whatever languages it is", async () => {
    // Twenty names are in both files, and one of them is listed three times.
    writeFileSync(join(folder, "French.txt"), `\ufeff${numbered("Le", 100)}\n${numbered("Mi", 20)}\nMi0\nMi0\n`);
    writeFileSync(join(folder, "Czech.txt"), `${numbered("Vo", 40)}\r\n\r\n${numbered("Mi", 20)}`);
    const { languages, train, test, about } = await loadNames(folder, null, 3);
    expect(languages).toEqual(["Czech", "French"]);
    expect(train.length + test.length).toBe(180);
    const [trained, tested] = [new Set(spelt(train)), new Set(spelt(test))];
    for (const name of tested) expect(trained).not.toContain(name);
    // 15% of the 60 Czech names, and of the 100 French ones that are not among these.
    expect(test.filter(({ language }) => language === 0)).toHaveLength(9);
    expect(test.filter(({ language, letters }) => language === 1 && letters[0] === "L")).toHaveLength(15);
    expect(about).toContain("2 repeated in their language, counted once; 20 also belong to another language");
  });

  test("the seed decides the split; --limit takes some of each side", async () => {
    const [a, b, c] = await Promise.all([0, 0, 1].map((seed) => loadNames(null, null, seed)));
    expect(a!.test).toEqual(b!.test);
    expect(a!.test).not.toEqual(c!.test);
    const limited = await loadNames(null, 30, 0);
    expect([limited.train.length, limited.test.length]).toEqual([30, 30]);
    expect(new Set(limited.train.map(({ language }) => language)).size).toBeGreaterThan(3);
  });

  test("a folder without names, and one with invalid UTF-8", async () => {
    await expect(loadNames(folder, null, 0)).rejects.toThrow(OptionError);
    await expect(loadNames(join(folder, "none"), null, 0)).rejects.toThrow(
      /a file of names for each of two or more languages/,
    );
    writeFileSync(join(folder, "Czech.txt"), "Novák\n");
    writeFileSync(join(folder, "French.txt"), Uint8Array.of(0x4c, 0xe9, 0x0a));
    await expect(loadNames(folder, null, 0)).rejects.toThrow(/French\.txt: line 1 is not UTF-8/);
    writeFileSync(join(folder, "French.txt"), "\n\n");
    await expect(loadNames(folder, null, 0)).rejects.toThrow(/French\.txt has no names/);
  });
});

test("letters are composed, capitals stay", () => {
  expect(nameLetters("  O’Néill ")).toEqual([..."O'Néill"]);
  expect(nameLetters("Ne\u0301")).toEqual(["N", "é"]);
});

test("accuracies of a confusion matrix: each name counts, or each language", () => {
  const names = [0, 0, 0, 0, 1].map((language): Name => ({ letters: ["a"], language }));
  const shares = [[0.9, 0.1, 0], [0.6, 0.4, 0], [0.5, 0.1, 0.4], [0.1, 0.9, 0], [0.8, 0.1, 0.1]];
  const counts = confusion(names, shares);
  expect(counts).toEqual([[3, 1, 0], [1, 0, 0], [0, 0, 0]]);
  const { accuracy, meanAccuracy, byLanguage } = accuracyOf(counts);
  expect(accuracy).toBe(60);
  // The third language has no names to be told.
  expect(meanAccuracy).toBe(37.5);
  expect(byLanguage).toEqual([75, 0, NaN]);
});
