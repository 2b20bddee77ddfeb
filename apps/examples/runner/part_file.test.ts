import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { putFile, uniquePart } from "./part_file.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-parts-")));
afterEach(() => rmSync(folder, { recursive: true }));

test("a file is replaced at once, and the old one is kept under the given name", () => {
  const path = join(folder, "a.txt"), previous = join(folder, "a.previous.txt");
  putFile(path, "one", { previous, durable: true });
  expect(readdirSync(folder)).toEqual(["a.txt"]);
  putFile(path, "two", { previous, durable: true });
  expect([readFileSync(path, "utf8"), readFileSync(previous, "utf8")]).toEqual(["two", "one"]);
  putFile(path, Uint8Array.of(51));
  expect([readFileSync(path, "utf8"), readFileSync(previous, "utf8")]).toEqual(["3", "one"]);
  expect(readdirSync(folder).sort()).toEqual(["a.previous.txt", "a.txt"]);
});

test("no two writers have one name, and what a dead one left is removed", () => {
  const path = join(folder, "a.txt");
  const living = uniquePart(path), dead = living.replace(/\.\d+-/, `.${2 ** 22 + 1}-`);
  expect(new Set(Array.from({ length: 100 }, () => uniquePart(path))).size).toBe(100);
  const others = [`${path}.mine.part`, join(folder, "b.txt.part")];
  for (const file of [living, dead, `${path}.part`, ...others]) writeFileSync(file, "half");
  putFile(path, "whole");
  expect([path, living, ...others].filter(existsSync)).toEqual([path, living, ...others]);
  expect([dead, `${path}.part`].filter(existsSync)).toEqual([]);
  expect(living).toContain(`.${process.pid}-`);
});

test("what fails leaves the file as it was and no part", () => {
  const path = join(folder, "a");
  mkdirSync(join(path, "b"), { recursive: true });
  expect(() => putFile(path, "x")).toThrow();
  expect(readdirSync(folder)).toEqual(["a"]);
});
