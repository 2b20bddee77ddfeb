import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
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
    first.add([{ key: "512", candidates: ways, chosen: "row" }]);
    expect(first.get("512", ways)).toBe("row");
    const second = new AutotuneCache("acme | driver 1");
    expect(second.get("512", ["row", "tile"])).toBe("row");
    expect(second.get("512", [...ways, "dot"])).toBe(undefined);
    expect(second.get("513", ways)).toBe(undefined);
    expect(new AutotuneCache("acme | driver 2").get("512", ways)).toBe(undefined);
  });

  test("concurrent writers keep the entries of others and leave no temporary files", () => {
    const [a, b, c] = [new AutotuneCache("x"), new AutotuneCache("x"), new AutotuneCache("y")];
    a.add([{ key: "1", candidates: ways, chosen: "row" }]);
    b.add([{ key: "2", candidates: ways, chosen: "tile" }]);
    c.add([{ key: "1", candidates: ways, chosen: "tile" }]);
    const later = new AutotuneCache("x");
    expect([later.get("1", ways), later.get("2", ways)]).toEqual(["row", "tile"]);
    expect(new AutotuneCache("y").get("1", ways)).toBe("tile");
    expect(readdirSync(join(cache, "heddle"))).toEqual(["gpu_choices.json"]);
  });

  test("a damaged file counts as empty and is replaced", () => {
    new AutotuneCache("x").add([{ key: "1", candidates: ways, chosen: "row" }]);
    const good = readFileSync(file(), "utf8");
    const damaged = [
      "",
      good.slice(0, good.length / 2),
      "null",
      "7",
      good.replace('"generation": 2', '"generation": 1'),
      good.replace(/"x": \{/, '"x": "row", "z": {'),
      good.replace(': "row"', ': ["row"]'),
      '{"generation": 2, "adapters": 7}',
    ];
    for (const text of damaged) {
      expect(text).not.toBe(good);
      writeFileSync(file(), text);
      const choices = new AutotuneCache("x");
      expect(choices.get("1", ways), text).toBe(undefined);
      choices.add([{ key: "2", candidates: ways, chosen: "tile" }]);
      expect(new AutotuneCache("x").get("2", ways), text).toBe("tile");
    }
  });

  test("without a writable folder choices last as long as the process", () => {
    writeFileSync(join(cache, "heddle"), "a file where the folder would be");
    const choices = new AutotuneCache("x");
    expect(choices.add([{ key: "1", candidates: ways, chosen: "row" }])).toBe(false);
    expect(choices.get("1", ways)).toBe("row");
    expect(new AutotuneCache("x").get("1", ways)).toBe(undefined);
  });

  test("pages of browsers keep choices in localStorage, if they may", () => {
    const entries = new Map<string, string>();
    vi.stubGlobal("process", undefined);
    vi.stubGlobal("Deno", undefined);
    try {
      vi.stubGlobal("localStorage", {
        getItem: (key: string) => entries.get(key) ?? null,
        setItem: (key: string, value: string) => void entries.set(key, value),
      });
      expect(new AutotuneCache("x").add([{ key: "1", candidates: ways, chosen: "row" }])).toBe(true);
      expect([...entries.keys()]).toEqual(["heddle/gpu_choices.json"]);
      expect(new AutotuneCache("x").get("1", ways)).toBe("row");
      vi.stubGlobal("localStorage", undefined); // in a worker
      const alone = new AutotuneCache("x");
      expect(alone.add([{ key: "1", candidates: ways, chosen: "tile" }])).toBe(false);
      expect(alone.get("1", ways)).toBe("tile");
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("nothing is read or written, and nothing asked, without Deno's permissions", () => {
    const asked: string[] = [];
    const querySync = ({ name }: { name: string }) => ({
      state: (asked.push(name), name === "env") ? "granted" : "prompt",
    });
    new AutotuneCache("x").add([{ key: "1", candidates: ways, chosen: "row" }]);
    const { Deno = {} } = globalThis as { Deno?: object };
    vi.stubGlobal("Deno", Object.create(Deno, { permissions: { value: { querySync } } }));
    try {
      const choices = new AutotuneCache("x");
      expect(choices.get("1", ways)).toBe(undefined);
      expect(choices.add([{ key: "2", candidates: ways, chosen: "row" }])).toBe(false);
      expect(asked).toEqual(["env", "read", "env", "read", "env", "write"]);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
