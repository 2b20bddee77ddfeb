import { expect, test } from "vitest";
import type { Backend, Program } from "../backend.ts";
import { NullBackend } from "../backends/null.ts";
import type { Work } from "../ir/rows.ts";
import { type Launch, ProgramCache } from "./program_cache.ts";

/** A cache of a backend that notes the programs it releases. */
function cacheOf(most: number): { cache: ProgramCache; released: Program[] } {
  const released: Program[] = [];
  const backend: Backend = Object.assign(new NullBackend(), { release: (program: Program) => released.push(program) });
  return { cache: new ProgramCache(backend, most), released };
}

const launchOf = (): Launch => ({ program: { work: {} as Work }, reach: [], outputs: [], scalars: [] });

/** What is kept under a list of numbers, or else a new launch. */
function at(cache: ProgramCache, ...numbers: number[]): Launch {
  cache.addNumbers(numbers);
  return cache.find() ?? cache.keep(cache.takeKey(), launchOf());
}

test("the same parts find the same launch, others another", () => {
  const { cache } = cacheOf(100);
  const keys = [[], [0], [1], [1, 2], [2, 1], [1, 2, 3], [0.5], [-1], [2 ** 40], [2 ** 40 + 1], Array(200).fill(7)];
  const launches = keys.map((key) => at(cache, ...key));
  expect(new Set(launches).size).toBe(keys.length);
  expect(keys.map((key) => at(cache, ...key))).toEqual(launches);
  keys.forEach((key, i) => expect(at(cache, ...key)).toBe(launches[i]));
});

test("keys of one hash are told apart, in both generations", () => {
  const { cache, released } = cacheOf(4);
  // The hash takes numbers as 32-bit integers.
  const alike = [1, 1 + 2 ** 32, 1 + 2 ** 33, 1.5];
  const launches = alike.map((key) => at(cache, key));
  for (const other of [2, 3]) at(cache, other); // the first four become the older generation
  for (const i of [2, 0, 3]) expect(at(cache, alike[i]!)).toBe(launches[i]);
  expect(released).toEqual([launches[1]!.program]); // the only one that was not used again
});

test("objects of the same description are the same", () => {
  const { cache } = cacheOf(100);
  const ofObject = (value: { text: string }): Launch => {
    cache.addObject(value, ({ text }) => text);
    return cache.find() ?? cache.keep(cache.takeKey(), launchOf());
  };
  const one = ofObject({ text: "one" });
  expect(ofObject({ text: "one" })).toBe(one);
  expect(ofObject({ text: "two" })).not.toBe(one);
});

test("objects are forgotten, and never mistaken for others", () => {
  const { cache } = cacheOf(8);
  const texts = Array.from({ length: 100 }, (_, i) => `object ${i % 50}`);
  const byText = new Map<string, Launch[]>();
  for (const text of texts) {
    cache.addObject({}, () => text);
    const launch = cache.find() ?? cache.keep(cache.takeKey(), launchOf());
    byText.set(text, [...byText.get(text) ?? [], launch]);
  }
  expect(new Set([...byText.values()].flat()).size).toBeGreaterThanOrEqual(50);
  for (const [text, launches] of byText) {
    for (const [other, others] of byText) if (other !== text) expect(others).not.toContain(launches[0]);
  }
});

test("a program is released after a generation without use, and not before", () => {
  const { cache, released } = cacheOf(10);
  const used = at(cache, 0);
  for (let key = 1; key < 1000; key++) {
    at(cache, key);
    expect(at(cache, 0)).toBe(used);
    // Two generations at most, without those that were used again.
    expect(key + 1 - released.length).toBeLessThanOrEqual(20);
  }
  expect(released.length).toBeGreaterThan(900);
  expect(new Set(released).size).toBe(released.length);
  expect(released).not.toContain(used.program);
});

test("a search inside another one does not disturb it", () => {
  const { cache } = cacheOf(10);
  cache.addNumbers([1, 2]);
  expect(cache.find()).toBe(undefined);
  const key = cache.takeKey();
  const inner = at(cache, 3);
  const outer = cache.keep(key, launchOf());
  expect(at(cache, 3)).toBe(inner);
  expect(at(cache, 1, 2)).toBe(outer);
});
