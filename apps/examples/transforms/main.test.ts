import { decodeImage } from "@heddle/data";
import * as data from "@heddle/data";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { gallery } from "./gallery.ts";
import { transforms } from "./main.ts";

let out: string;
beforeEach(() => out = mkdtempSync(join(tmpdir(), "heddle-transforms-")));
afterEach(() => rmSync(out, { recursive: true }));

async function run(...args: string[]) {
  let stdout = "", said = "";
  const streams = {
    stdout: { write: (text: string) => stdout += text },
    stderr: { write: (text: string) => said += text },
  };
  const code = await runExample(transforms, [...args, "--json", "--out", out], streams);
  return { code, said, figures: JSON.parse(stdout) };
}

test("draws every transform, as pictures of their own and in one report", async () => {
  const { code, said, figures } = await run("--images", "3", "--draws", "2");
  expect(code).toBe(0);
  const names = gallery(10).map(({ name }) => name);
  expect(Object.keys(figures.change)).toEqual(names);
  expect(said).toContain("3 images, 2 draws");
  const files = readdirSync(out).filter((file) => file.endsWith(".png")).sort();
  expect(files).toEqual([...names, "originals"].map((name) => `${name}.png`).sort());
  const shape = (name: string) => decodeImage(readFileSync(join(out, `${name}.png`))).shape;
  // Six images of 32, of 24, and of 40, with two pixels around each.
  expect(shape("RandomCrop")).toEqual([3, 36, 206]);
  expect(shape("CenterCrop")).toEqual([3, 28, 158]);
  expect(shape("Pad")).toEqual([3, 44, 254]);
  const svg = readFileSync(join(out, "transforms.svg"), "utf8");
  for (const name of names) expect(svg).toContain(`>${name}(`);
  // Each does something, and a transform of the library that is not shown is missing here.
  for (const [name, change] of Object.entries(figures.change)) {
    if (!["CenterCrop", "FiveCrop", "TenCrop", "Resize", "Pad"].includes(name)) {
      expect(change, name).toBeGreaterThan(0.001);
    }
  }
  const kinds = Object.entries(data).filter(([name, value]) =>
    typeof value === "function" && typeof value.prototype?.apply === "function" &&
    !["PictureTransform", "RandomFlip"].includes(name)
  ).map(([name]) => name);
  expect(kinds.filter((name) => !names.includes(name)).sort()).toEqual(["Lambda", "ToTensor"]);
});

test("a dry run writes nothing, another seed draws others", async () => {
  const first = await run("--dry-run", "--images", "2");
  expect(first.said).toContain("Dry run: nothing was written.");
  expect(readdirSync(out)).toEqual([]);
  const other = await run("--dry-run", "--images", "2", "--seed", "1");
  expect(other.figures.change.RandomErasing).not.toBe(first.figures.change.RandomErasing);
  expect(other.figures.change.Grayscale).toBe(first.figures.change.Grayscale);
});
