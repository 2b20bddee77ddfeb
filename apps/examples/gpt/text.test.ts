import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OptionError } from "../runner/options.ts";
import { loadText } from "./text.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-text-")));
afterEach(() => rmSync(folder, { recursive: true }));

test("the last tenth of a file is held out; line ends are plain; a folder stands for its input.txt", () => {
  const file = join(folder, "input.txt");
  writeFileSync(file, "0123456789\r\nabcdefghi");
  expect(loadText(file, null)).toMatchObject({ train: "0123456789\nabcdefg", heldOut: "hi", ideal: null });
  expect(loadText(folder, null)).toEqual(loadText(file, null));
  expect(loadText(folder, 1)).toMatchObject({ train: "0", heldOut: "h" });
});

test("without a file it draws a play, whose entropy is known", () => {
  const { train, heldOut, ideal } = loadText(null, 3000);
  expect(train.length).toBeGreaterThanOrEqual(3000);
  expect(train.slice(0, 1000)).not.toBe(heldOut.slice(0, 1000));
  expect(ideal).toBeGreaterThan(0.1);
  expect(ideal).toBeLessThan(0.2);
});

test("a file that is missing or no text is an error that names it", () => {
  const file = join(folder, "latin1.txt");
  writeFileSync(file, Uint8Array.of(0x61, 0xe9, 0x62));
  expect(() => loadText(file, null)).toThrow(OptionError);
  expect(() => loadText(file, null)).toThrow(/latin1\.txt is not UTF-8 text/);
  expect(() => loadText(folder, null)).toThrow(/input\.txt does not exist/);
});
