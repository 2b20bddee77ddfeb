import fc from "fast-check";
import { expect, test } from "vitest";
import { SumTree } from "./sum_tree.ts";

const seed = 1120;

test("agrees with a linear search, also after removals", () => {
  const weights = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 40 });
  const places = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 40 });
  fc.assert(
    fc.property(weights, places, (given, draws) => {
      const left = [...given];
      const tree = new SumTree(left.length, (i) => left[i]!);
      for (const draw of draws) {
        const total = left.reduce((a, b) => a + b, 0);
        expect(tree.total).toBe(total);
        if (total === 0) return;
        let before = 0;
        const expected = left.findIndex((weight) => (before += weight) > draw * total);
        expect(tree.find(draw * total)).toBe(expected);
        tree.clear(expected);
        left[expected] = 0;
      }
    }),
    { seed },
  );
});

test("never finds a weight of 0, whatever the rounding", () => {
  const weights = fc.array(fc.constantFrom(0, 0.1, 1e-300, 1e300, 3), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(weights, fc.constantFrom(0, 0.5, 1 - 2 ** -53, 1), (given, draw) => {
      const tree = new SumTree(given.length, (i) => given[i]!);
      if (tree.total > 0) expect(given[tree.find(draw * tree.total)]).toBeGreaterThan(0);
    }),
    { seed },
  );
});
