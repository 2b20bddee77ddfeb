/** Some thousand damaged files for every reader; `deno task fuzz` runs for a given time. */
import { afterAll, expect, test } from "vitest";
import { drawFrom, mutate } from "./mutate.ts";
import type { Reader } from "./reader.ts";
import { readers } from "./readers.ts";
import { tryCase, wholeResults } from "./run.ts";

const SEED = 20261129, CASES = 400;
const { readers: all, clear } = await readers();
afterAll(clear);

test.each(all.map((reader) => [reader.name, reader] as const))(
  `%s: ${CASES} damaged files, seed ${SEED}`,
  async (_, reader) => {
    const whole = await wholeResults(reader);
    for (let number = 0; number < CASES; number++) expect(await tryCase(reader, whole, SEED, number)).toBeNull();
  },
);

test("a reader that crashes, takes damaged data or babbles is found out", async () => {
  const reader = (read: Reader["read"], checked = false): Reader => ({
    name: "bad",
    files: [Uint8Array.from({ length: 50 }, (_, i) => i)],
    says: /^bad: /,
    read,
    checked,
  });
  const faults = async (bad: Reader): Promise<string[]> => {
    const found = await Promise.all(Array.from({ length: 50 }, (_, i) => tryCase(bad, ["whole"], 1, i)));
    return found.filter((fault) => fault !== null).map(({ what }) => what);
  };
  expect(await faults(reader(() => "anything"))).toEqual([]);
  expect(await faults(reader(() => "anything", true))).toContain("gave something else for what was damaged");
  const fails = (error: unknown) => () => {
    throw error;
  };
  expect(await faults(reader(fails(new RangeError("bad: no"))))).toEqual([]);
  expect((await faults(reader(fails(new TypeError("x is not a function"))))).length).toBe(50);
  expect((await faults(reader(fails(new RangeError("Invalid array length"))))).length).toBe(50);
  expect((await faults(reader(fails("bad: text")))).length).toBe(50);
  expect((await faults(reader(fails(new Error(`bad: ${"x".repeat(5000)}`))))).length).toBe(50);
});

test("the same seed damages in the same way", () => {
  const file = Uint8Array.from({ length: 100 }, (_, i) => i);
  const one = (...parts: (string | number)[]): string => mutate(file, [file], drawFrom(...parts)).bytes.join();
  expect(one(1, "a", 2)).toBe(one(1, "a", 2));
  expect(new Set(Array.from({ length: 100 }, (_, i) => one(1, "a", i))).size).toBeGreaterThan(80);
});
