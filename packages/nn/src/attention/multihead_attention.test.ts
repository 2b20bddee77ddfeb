import { noGrad } from "@heddle/autograd";
import { Generator, randn, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { KeyValueCache, MemoryCache, MultiheadAttention, RotaryPositions } from "../mod.ts";

const generator = new Generator(1);
const near = (a: Tensor, b: Tensor): boolean => a.allclose(b, { rtol: 1e-4, atol: 1e-5 });

describe("decoding with a cache", () => {
  test.each([null, new RotaryPositions(4), new RotaryPositions(4, { layout: "halves" })])(
    "piece by piece it answers what the whole sequence does",
    (rotary) => {
      const attention = new MultiheadAttention(16, 4, { batchFirst: true, rotary, generator }).eval();
      const x = randn([2, 9, 16], { generator });
      noGrad(() => {
        const [whole] = attention.forward(x, x, x, { isCausal: true });
        const cache = new KeyValueCache(9);
        let at = 0;
        for (const length of [4, 1, 1, 3]) {
          const part = x.narrow(1, at, length);
          const [out] = attention.forward(part, part, part, { isCausal: true, cache });
          expect(near(out, whole.narrow(1, at, length)), `positions ${at} to ${at + length}`).toBe(true);
          at += length;
        }
        expect(cache.length).toBe(9);
        const one = x.narrow(1, 0, 1);
        expect(() => attention.forward(one, one, one, { cache })).toThrow(/room for 9.*larger maxLength/);
      });
    },
  );

  test("a memory is projected once", () => {
    const attention = new MultiheadAttention(8, 2, { generator }).eval();
    const [x, memory] = [randn([3, 2, 8], { generator }), randn([5, 2, 8], { generator })];
    noGrad(() => {
      const [expected] = attention.forward(x, memory);
      const cache = new MemoryCache();
      for (let i = 0; i < 2; i++) expect(near(attention.forward(x, memory, memory, { cache })[0], expected)).toBe(true);
      expect(cache.length).toBe(5);
    });
  });
});
