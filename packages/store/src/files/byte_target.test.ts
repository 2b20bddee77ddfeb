import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AtomicFile, MemoryTarget, putFile } from "./byte_target.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-parts-")));
afterEach(() => rmSync(folder, { recursive: true }));

test("a file is replaced at once, and the old one is kept under the given name", () => {
  const path = join(folder, "a.txt"), previous = join(folder, "a.previous.txt");
  putFile(path, "one", previous);
  expect(readdirSync(folder)).toEqual(["a.txt"]);
  putFile(path, "two", previous);
  expect([readFileSync(path, "utf8"), readFileSync(previous, "utf8")]).toEqual(["two", "one"]);
  putFile(path, Uint8Array.of(51));
  expect([readFileSync(path, "utf8"), readFileSync(previous, "utf8")]).toEqual(["3", "one"]);
  expect(readdirSync(folder).sort()).toEqual(["a.previous.txt", "a.txt"]);
});

test("no two writers have one name, and what a dead one left is removed", () => {
  const path = join(folder, "a.txt");
  const [one, two] = [new AtomicFile(path), new AtomicFile(path)];
  const [living, other] = readdirSync(folder).map((name) => join(folder, name));
  expect(living).toContain(`${path}.${process.pid}-`);
  expect(other).not.toBe(living);
  const dead = living!.replace(/\.\d+-/, `.${2 ** 22 + 1}-`);
  const others = [`${path}.mine.part`, join(folder, "b.txt.part")];
  for (const file of [dead, ...others]) writeFileSync(file, "half");
  putFile(path, "whole");
  expect([path, living!, other!, ...others].filter(existsSync)).toEqual([path, living, other, ...others]);
  expect(existsSync(dead)).toBe(false);
  for (const file of [one, two]) file.abort();
  expect(readdirSync(folder).sort()).toEqual(["a.txt", "a.txt.mine.part", "b.txt.part"]);
});

test("bytes are overwritten where they were, in memory as in a file", () => {
  const path = join(folder, "a"), file = new AtomicFile(path), memory = new MemoryTarget();
  for (const target of [file, memory]) {
    for (const part of [[1, 2, 3], [], [4, 5], [6]]) target.write(Uint8Array.from(part));
    target.patch(2, Uint8Array.of(7, 8, 9));
    target.write(Uint8Array.of(10));
  }
  file.commit();
  expect([...readFileSync(path)]).toEqual([1, 2, 7, 8, 9, 6, 10]);
  expect([...memory.bytes()]).toEqual([1, 2, 7, 8, 9, 6, 10]);
});

test("what fails leaves the file as it was and no part", () => {
  const path = join(folder, "a");
  mkdirSync(join(path, "b"), { recursive: true });
  expect(() => putFile(path, "x")).toThrow();
  expect(readdirSync(folder)).toEqual(["a"]);
});
