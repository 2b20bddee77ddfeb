import { join } from "node:path";
import { expect, test } from "vitest";
import { cacheDir } from "./cache_dir.ts";

const home = join("/home", "ada");

test("HEDDLE_DATA comes first, unless it is empty or 0", () => {
  const place = (own: string) => ({ own, env: { XDG_CACHE_HOME: "/xdg" }, platform: "linux", home });
  expect(cacheDir(place("/big/disk"))).toBe("/big/disk");
  expect(cacheDir(place("relative"))).toBe("relative");
  expect(cacheDir(place(""))).toBe(join("/xdg", "heddle"));
  expect(cacheDir(place("0"))).toBe(join("/xdg", "heddle"));
});

test("a relative XDG_CACHE_HOME is ignored", () => {
  expect(cacheDir({ own: undefined, env: { XDG_CACHE_HOME: "cache" }, platform: "linux", home })).toBe(
    join(home, ".cache", "heddle"),
  );
});

test("each platform has its own place", () => {
  expect(cacheDir({ own: undefined, env: {}, platform: "linux", home })).toBe(join(home, ".cache", "heddle"));
  expect(cacheDir({ own: undefined, env: {}, platform: "darwin", home })).toBe(
    join(home, "Library", "Caches", "heddle"),
  );
  expect(cacheDir({ own: undefined, env: {}, platform: "win32", home })).toBe(join(home, "AppData", "Local", "heddle"));
  expect(cacheDir({ own: undefined, env: { LOCALAPPDATA: "/local" }, platform: "win32", home })).toBe(
    join("/local", "heddle"),
  );
});

test("without arguments it answers for this process", () => {
  expect(cacheDir().length).toBeGreaterThan(0);
});
