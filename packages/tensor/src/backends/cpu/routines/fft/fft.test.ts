import { afterAll, describe, expect, test } from "vitest";
import { Engine } from "../../engine.ts";
import {
  type Case,
  compare,
  expectSame,
  randomOperand,
  seeded,
  type StorageLayout,
} from "../../testing/reference_comparison.ts";
import { fft } from "./fft.ts";

const engine = new Engine({}, 1);
const several = [new Engine({}, 2), new Engine({}, 7)];
afterAll(() => several.forEach((engine) => engine.close()));

const layouts: readonly StorageLayout[] = ["contiguous", "permuted", "stepped", "repeated", "backwards"];
const kinds = ["complex", "fromReal", "toReal"] as const;
type Kind = typeof kinds[number];

function caseOf(kind: Kind, dtype: "float16" | "float32" | "float64", rows: number, n: number): Case<"fft"> {
  const random = seeded(n);
  const shape = kind === "fromReal" ? [rows, n] : [rows, kind === "complex" ? n : n / 2 + 1, 2];
  const x = randomOperand(random, dtype, shape, layouts[n % layouts.length]!);
  const direction = kind === "fromReal" ? -1 : kind === "toReal" || random() < 0.5 ? 1 : -1;
  const attrs = { kind, n, direction, scale: 0.5 } as const;
  // Rounding errors are a few eps · log₂ n of the largest results, about √n.
  const outputLayout = layouts[Math.floor(random() * 3)]!;
  return { name: "fft", routine: fft, inputs: [x], attrs, terms: n, outputLayout };
}

describe.each(kinds)("%s", (kind) => {
  const fits = (n: number): boolean => kind === "complex" || n % 2 === 0;

  test.each(["float32", "float64"] as const)("%s of 1 to 130 points and some larger lengths", (dtype) => {
    const lengths = Array.from({ length: 130 }, (_, i) => i + 1);
    for (const n of [...lengths, 1000, 1009, 1024, 3 ** 7, 4 * 1009, 4096, 2 * 3 ** 7].filter(fits)) {
      for (const rows of n < 131 ? [1, 3, 5] : [2]) compare(engine, caseOf(kind, dtype, rows, n));
    }
  });

  test("no rows, and float16", () => {
    for (const n of [4, 6]) expect(compare(engine, caseOf(kind, "float16", 3, n))[0]!.length).toBeGreaterThan(0);
    expect(compare(engine, caseOf(kind, "float32", 0, 16))[0]!.length).toBe(0);
  });

  test("with threads, the same bit for bit", () => {
    several.forEach((engine) => engine.ready());
    for (const [rows, n] of [[65, 1024], [301, 126], [9, 2038], [12, 2018], [1, 16384]] as const) {
      const each = caseOf(kind, "float32", rows, n);
      const wanted = compare(engine, each);
      for (const other of several) expectSame(other, each, wanted);
    }
  });
});
