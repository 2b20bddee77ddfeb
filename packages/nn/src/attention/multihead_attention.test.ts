import { noGrad } from "@heddle/autograd";
import { Generator, ones, randn, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import {
  AdditiveAttention,
  DotProductAttention,
  KeyValueCache,
  MemoryCache,
  MultiheadAttention,
  RotaryPositions,
} from "../mod.ts";

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

describe("attention with several heads", () => {
  test("a row without any key answers the output's bias, and its gradients are numbers", () => {
    const attention = new MultiheadAttention(8, 2, { batchFirst: true, generator });
    attention.outProj.bias!.detach().fill_(0.5);
    const x = randn([2, 3, 8], { generator, requiresGrad: true });
    const keyPaddingMask = tensor([[true, true, true], [false, false, true]]);
    for (const needWeights of [false, true]) {
      const [output, weights] = attention.forward(x, x, x, { keyPaddingMask, needWeights });
      expect(output.at(0).eq(0.5).all().item()).toBe(1);
      expect(output.at(1).eq(0.5).any().item()).toBe(0);
      if (weights !== null) {
        expect(weights.sum(-1).toArray()).toEqual([
          [0, 0, 0],
          [1, 1, 1].map(() => expect.closeTo(1)),
        ]);
      }
      output.sum().backward();
      expect(x.grad!.isfinite().all().item()).toBe(1);
    }
  });

  test("dropout is for training, from the layer's generator", () => {
    const attention = new MultiheadAttention(8, 2, { dropout: 0.5, generator: new Generator(2) });
    const x = randn([4, 2, 8], { generator });
    expect(attention.forward(x)[0].equal(attention.forward(x)[0])).toBe(false);
    attention.eval();
    expect(attention.forward(x)[0].equal(attention.forward(x)[0])).toBe(true);
  });

  const attention = new MultiheadAttention(8, 2, { batchFirst: true });
  const x = ones([2, 3, 8]);
  test.each<[string, () => unknown, RegExp]>([
    ["heads", () => new MultiheadAttention(8, 3), /embedDim 8 cannot be split into 3 heads/],
    ["probabilities", () => new MultiheadAttention(8, 2, { dropout: -1 }), /-1 is not within 0 to 1/],
    ["features", () => attention.forward(ones([2, 3, 7])), /\[2, 3, 7\].*with 8, 8 and 8 features/],
    ["dimensions", () => attention.forward(x, ones([3, 8])), /\[positions, features\]/],
    ["batches", () => attention.forward(x, ones([3, 3, 8])), /batch \(dimension 0\) must be the same/],
    ["the order of dimensions", () => new MultiheadAttention(8, 2).forward(x, ones([3, 2, 8])), /batchFirst: true/],
    ["values", () => attention.forward(x, x, ones([2, 4, 8])), /one value for each key/],
    [
      "attnMask's shape",
      () => attention.forward(x, x, x, { attnMask: zeros([3, 4]) }),
      /\[3, 4\].*\[3, 3\].*\[4, 3, 3\]/,
    ],
    [
      "keyPaddingMask's shape",
      () => attention.forward(x, x, x, { keyPaddingMask: zeros([3, 2]) }),
      /\[3, 2\].*\[2, 3\]/,
    ],
    [
      "masks' dtypes",
      () => attention.forward(x, x, x, { attnMask: zeros([3, 3]).int() }),
      /int32; give bool \(true: kept out\)/,
    ],
  ])("errors name %s", (_, call, message) => expect(call).toThrow(message));
});

describe("attention of recurrent decoders", () => {
  test("a projection that is made once serves all steps", () => {
    const layers = [
      new AdditiveAttention(4, 6, 5, { generator }),
      new DotProductAttention(4, 6, { score: "general", generator }),
    ];
    const [query, keys] = [randn([2, 1, 4], { generator }), randn([2, 5, 6], { generator })];
    for (const layer of layers) {
      const [context] = layer.forward(query, keys, { lengths: [5, 2] });
      const lengths = tensor([5, 2], { dtype: "int32" });
      const [again] = layer.forward(query, keys, { projected: layer.project(keys), lengths });
      expect(near(again, context)).toBe(true);
    }
  });

  test("errors name what does not fit", () => {
    const layer = new AdditiveAttention(4, 6, 5);
    const [query, keys] = [ones([2, 1, 4]), ones([2, 5, 6])];
    expect(() => layer.forward(ones([2, 4]), keys)).toThrow(/\[2, 4\].*\[batch, queries, 4\]/);
    expect(() => layer.forward(query, keys, { lengths: [1] })).toThrow(/lengths have shape \[1\]; expected \[2\]/);
    expect(() => layer.forward(query, keys, { mask: ones([2, 5]) })).toThrow(
      /float32 \[2, 5\]; expected bool \[2, 5\]/,
    );
    expect(() => new DotProductAttention(4, 6)).toThrow(/queries of 4 and keys of 6.*"general"/);
    expect(() => new DotProductAttention(4, 4, { score: "concat" as "dot" })).toThrow(/unknown score "concat"/);
  });
});
