import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { AutotuneCache } from "./autotune_cache.ts";

const root = mkdtempSync(join(tmpdir(), "heddle-choices-"));
const own = process.env["XDG_CACHE_HOME"];
let cache = "";
beforeEach(() => process.env["XDG_CACHE_HOME"] = cache = mkdtempSync(join(root, "cache-")));
afterAll(() => {
  if (own === undefined) delete process.env["XDG_CACHE_HOME"];
  else process.env["XDG_CACHE_HOME"] = own;
  rmSync(root, { recursive: true });
});

const file = (): string => join(cache, "heddle", "gpu_choices.json");
const ways = ["tile", "row"];

describe("the autotune cache", () => {
  test("another process finds choices for the same adapter and candidates, in any order", () => {
    const first = new AutotuneCache("acme | driver 1");
    expect(first.get("512", ways)).toBe(undefined);
    expect(existsSync(file())).toBe(false);
    first.set("512", ways, "row");
    expect(first.get("512", ways)).toBe("row");
    const second = new AutotuneCache("acme | driver 1");
    expect(second.get("512", ["row", "tile"])).toBe("row");
    expect(second.get("512", [...ways, "dot"])).toBe(undefined);
    expect(second.get("513", ways)).toBe(undefined);
    expect(new AutotuneCache("acme | driver 2").get("512", ways)).toBe(undefined);
  });

  test("concurrent writers keep the entries of others and leave no temporary files", () => {
    const [a, b, c] = [new AutotuneCache("x"), new AutotuneCache("x"), new AutotuneCache("y")];
    a.set("1", ways, "row");
    b.set("2", ways, "tile");
    c.set("1", ways, "tile");
    const later = new AutotuneCache("x");
    expect([later.get("1", ways), later.get("2", ways)]).toEqual(["row", "tile"]);
    expect(new AutotuneCache("y").get("1", ways)).toBe("tile");
    expect(readdirSync(join(cache, "heddle"))).toEqual(["gpu_choices.json"]);
  });

  test("a damaged file counts as empty and is replaced", () => {
    new AutotuneCache("x").set("1", ways, "row");
    const good = readFileSync(file(), "utf8");
    const damaged = [
      "",
      good.slice(0, good.length / 2),
      "null",
      "7",
      good.replace('"generation": 1', '"generation": 0'),
      good.replace(/"x": \{/, '"x": "row", "z": {'),
      good.replace(': "row"', ': ["row"]'),
      '{"generation": 1, "adapters": 7}',
    ];
    for (const text of damaged) {
      expect(text).not.toBe(good);
      writeFileSync(file(), text);
      const choices = new AutotuneCache("x");
      expect(choices.get("1", ways), text).toBe(undefined);
      choices.set("2", ways, "tile");
      expect(new AutotuneCache("x").get("2", ways), text).toBe("tile");
    }
  });

  test("without a writable folder choices last as long as the process", () => {
    writeFileSync(join(cache, "heddle"), "a file where the folder would be");
    const choices = new AutotuneCache("x");
    choices.set("1", ways, "row");
    expect(choices.get("1", ways)).toBe("row");
    expect(new AutotuneCache("x").get("1", ways)).toBe(undefined);
  });
});
