import { expect, test } from "vitest";
import { Signatures } from "./signature_cache.ts";

const of = (signatures: Signatures<string>, numbers: readonly number[], text = "float32"): string => {
  signatures.text(text);
  signatures.numbers(numbers);
  return signatures.find(() => `${text} ${numbers}`);
};

test("what is kept under a description is found under it alone", () => {
  const signatures = new Signatures<string>(1000);
  const lists = [[], [0], [0, 0], [1, 2], [2, 1], [-1, 2], [1, -2], [2 ** 32 + 1, 2], [1, 2, 3]];
  for (let round = 0; round < 3; round++) {
    for (const list of lists) {
      expect(of(signatures, list)).toBe(`float32 ${list}`);
      expect(of(signatures, list, "int32")).toBe(`int32 ${list}`);
    }
  }
  signatures.numbers([5]);
  const kept = signatures.find(() => "made");
  signatures.numbers([5]);
  expect(signatures.find(() => "made anew")).toBe(kept);
});

test("lists that run on do not read as others", () => {
  const signatures = new Signatures<string>(1000);
  const pair = (a: number[], b: number[]): string => {
    signatures.numbers(a);
    signatures.numbers(b);
    return signatures.find(() => JSON.stringify([a, b]));
  };
  for (const [a, b] of [[[1, 2], [3]], [[1], [2, 3]], [[], [1, 2, 3]], [[1, 2, 3], []]] as const) {
    expect(pair([...a], [...b])).toBe(JSON.stringify([a, b]));
  }
});

test("numbers of one hash are told apart", () => {
  // The hash sees 32 bits of a number.
  const signatures = new Signatures<string>(1000);
  expect(of(signatures, [7])).toBe("float32 7");
  expect(of(signatures, [2 ** 32 + 7])).toBe(`float32 ${2 ** 32 + 7}`);
  expect(of(signatures, [7])).toBe("float32 7");
});

test("objects count as equal when their texts are", () => {
  const signatures = new Signatures<number>(1000);
  let shown = 0;
  const find = (object: object, text: string): number => {
    signatures.object(object, () => (shown++, text));
    return signatures.find(() => shown);
  };
  const [a, b, c] = [{}, {}, {}];
  expect([find(a, "x"), find(b, "x"), find(a, "x"), find(c, "y"), find(b, "x")]).toEqual([1, 1, 1, 3, 1]);
  expect(shown).toBe(3);
});

test("long descriptions fit, and too many are forgotten", () => {
  const signatures = new Signatures<string>(10);
  const long = Array.from({ length: 500 }, (_, i) => i);
  expect(of(signatures, long)).toBe(`float32 ${long}`);
  let made = 0;
  for (let i = 0; i < 100; i++) {
    signatures.number(i);
    signatures.find(() => (made++, "one of many"));
  }
  signatures.number(99);
  signatures.find(() => (made++, "again"));
  signatures.number(0);
  signatures.find(() => (made++, "again"));
  expect(made).toBe(101);
});
