import { noGrad } from "@heddle/autograd";
import { arange, cat, Generator, memory, randint, randn, type Tensor, tensor, tidy } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import {
  Embedding,
  generateSquareSubsequentMask,
  LayerNorm,
  LearnedPositions,
  Linear,
  Module,
  RotaryPositions,
  SinusoidalPositions,
  Transformer,
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "../mod.ts";

const generator = new Generator(11);
const near = (a: Tensor, b: Tensor): boolean => a.allclose(b, { rtol: 1e-4, atol: 1e-5 });
const small = { dimFeedforward: 24, batchFirst: true, generator } as const;

/** A language model in little: scores of the token after each. */
class Gpt extends Module {
  readonly tokens: Embedding = new Embedding(7, 16, { generator });
  readonly positions: LearnedPositions | SinusoidalPositions | null;
  readonly layers: TransformerEncoder;
  readonly output: Linear = new Linear(16, 7, { generator });

  constructor(positions: LearnedPositions | SinusoidalPositions | null, normFirst: boolean) {
    super();
    this.positions = positions;
    const rotary = positions === null ? new RotaryPositions(4) : null;
    this.layers = new TransformerEncoder(() => new TransformerEncoderLayer(16, 4, { ...small, normFirst, rotary }), 2, {
      norm: new LayerNorm(16),
    });
  }

  forward(tokens: Tensor, cache: ReturnType<TransformerEncoder["newCache"]> | null = null): Tensor {
    const x = this.tokens.forward(tokens);
    const placed = this.positions?.forward(x, { offset: cache?.length ?? 0 }) ?? x;
    return this.output.forward(this.layers.forward(placed, { isCausal: true, cache }));
  }
}

describe("decoding with caches gives the logits of the whole sequence", () => {
  const models: [string, () => Gpt][] = [
    ["learned positions", () => new Gpt(new LearnedPositions(16, 12, { generator }), true)],
    ["sinusoidal positions, norms last", () => new Gpt(new SinusoidalPositions(16, 12), false)],
    ["rotary positions", () => new Gpt(null, true)],
  ];
  test.each(models)("of a decoder-only model with %s, also after reorder", (_, make) => {
    const model = make().eval();
    noGrad(() => {
      const tokens = randint(0, 7, [3, 10], { generator });
      const cache = model.layers.newCache(12);
      const whole = model.forward(tokens);
      expect(near(model.forward(tokens.narrow(1, 0, 4), cache), whole.narrow(1, 0, 4))).toBe(true);
      expect(near(model.forward(tokens.narrow(1, 4, 1), cache), whole.narrow(1, 4, 1))).toBe(true);
      // Rows chosen, dropped and repeated go on with what they have seen.
      const rows = tensor([2, 0, 2, 2], { dtype: "int32" });
      cache.reorder(rows);
      const chosen = tokens.indexSelect(0, rows);
      const expected = model.forward(chosen);
      for (let at = 5; at < 10; at++) {
        const next = model.forward(chosen.narrow(1, at, 1), cache);
        expect(near(next, expected.narrow(1, at, 1)), `position ${at}`).toBe(true);
      }
      expect(cache.length).toBe(10);
    });
  });

  test("of a decoder with an encoder's memory, also after reorder", () => {
    const layer = (): TransformerDecoderLayer => new TransformerDecoderLayer(16, 4, { ...small, normFirst: true });
    const decoder = new TransformerDecoder(layer, 2).eval();
    noGrad(() => {
      const [tgt, encoded] = [randn([2, 6, 16], { generator }), randn([2, 5, 16], { generator })];
      const padding = tensor([[false, false, false, true, true], [false, false, false, false, false]]);
      const cache = decoder.newCache(6);
      const options = { tgtIsCausal: true, memoryKeyPaddingMask: padding };
      const whole = decoder.forward(tgt, encoded, options);
      for (let at = 0; at < 3; at++) {
        const next = decoder.forward(tgt.narrow(1, at, 1), encoded, { ...options, cache });
        expect(near(next, whole.narrow(1, at, 1)), `position ${at}`).toBe(true);
      }
      const rows = tensor([1, 1, 0], { dtype: "int32" });
      cache.reorder(rows);
      const [chosen, remembered] = [tgt.indexSelect(0, rows), encoded.indexSelect(0, rows)];
      const masks = { tgtIsCausal: true, memoryKeyPaddingMask: padding.indexSelect(0, rows) };
      const expected = decoder.forward(chosen, remembered, masks);
      for (let at = 3; at < 6; at++) {
        const next = decoder.forward(chosen.narrow(1, at, 1), remembered, { ...masks, cache });
        expect(near(next, expected.narrow(1, at, 1)), `position ${at}`).toBe(true);
      }
    });
  });

  test("and they give all their memory back", () => {
    const model = new Gpt(null, true).eval();
    noGrad(() => {
      tidy(() => void model.forward(randint(0, 7, [1, 12], { generator })));
      const before = memory().storages;
      const cache = model.layers.newCache(12);
      for (let i = 0; i < 3; i++) {
        tidy(() => {
          model.forward(randint(0, 7, [i === 0 ? 2 : 3, 1], { generator }), cache);
          cache.reorder(tensor([0, 1, 1], { dtype: "int32" }));
        });
        expect(memory().storages - before).toBe(4);
      }
      cache.dispose();
      expect(memory().storages).toBe(before);
      expect(cache.length).toBe(0);
    });
  });

  test("what would lose gradients, or does not fit, is refused", () => {
    const model = new Gpt(null, true);
    const tokens = randint(0, 7, [2, 3], { generator });
    expect(() => model.forward(tokens, model.layers.newCache(5))).toThrow(/decode inside noGrad/);
    noGrad(() => {
      const cache = model.layers.newCache(5);
      model.forward(tokens, cache);
      expect(() => model.forward(tokens, cache)).toThrow(/3 positions are held and 3 come.*room for 5/);
      expect(() => model.forward(tokens.narrow(0, 0, 1).narrow(1, 0, 1), cache)).toThrow(
        /\[2, 4, 3, 4\].*\[1, 4, 1, 4\]/,
      );
      const one = new TransformerEncoder(() => new TransformerEncoderLayer(16, 4, small), 1);
      expect(() => model.forward(tokens, one.newCache(5))).toThrow(/2 layers, but caches for 1/);
    });
  });
});

describe("transformers", () => {
  test("a layer is copied, a function makes each layer anew", () => {
    const layer = new TransformerEncoderLayer(8, 2, small);
    const weights = ({ layers }: TransformerEncoder): Tensor[] => [...layers].map(({ linear1 }) => linear1.weight);
    const [a, b] = weights(new TransformerEncoder(layer, 2)) as [Tensor, Tensor];
    expect(a.equal(b)).toBe(true);
    expect(a.storage).not.toBe(b.storage);
    const [c, d] = weights(new TransformerEncoder(() => new TransformerEncoderLayer(8, 2, small), 2)) as [
      Tensor,
      Tensor,
    ];
    expect(c.equal(d)).toBe(false);
  });

  test("dropout is drawn from the generator, and there is none in evaluation", () => {
    const model = new Transformer({
      ...{ dModel: 8, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, ...small },
      dropout: 0.5,
      generator: new Generator(4),
    });
    const [src, tgt] = [randn([2, 3, 8], { generator }), randn([2, 4, 8], { generator })];
    expect(model.forward(src, tgt).equal(model.forward(src, tgt))).toBe(false);
    model.eval();
    expect(model.forward(src, tgt).equal(model.forward(src, tgt))).toBe(true);
  });

  test("an activation may be any function", () => {
    const layer = new TransformerEncoderLayer(8, 2, { ...small, activation: (x) => x.mul(0), dropout: 0 });
    const plain = layer.norm2.forward(layer.norm1.forward(randn([1, 2, 8], { generator })));
    expect(layer.forward(plain).shape).toEqual([1, 2, 8]);
    const wrong = { ...small, activation: "swish" as "relu" };
    expect(() => new TransformerEncoderLayer(8, 2, wrong)).toThrow(/unknown activation "swish"; use "relu", "gelu"/);
    expect(() => new TransformerDecoderLayer(8, 2, wrong)).toThrow(/unknown activation "swish"/);
  });

  test("the flag and the mask for causal attention do the same", () => {
    const layer = new TransformerEncoderLayer(8, 2, small).eval();
    const x = randn([2, 5, 8], { generator });
    const masked = layer.forward(x, { srcMask: generateSquareSubsequentMask(5) });
    expect(near(layer.forward(x, { isCausal: true }), masked)).toBe(true);
  });

  test("weights go both ways between modules of the same names", () => {
    const make = (seed: number): Transformer =>
      new Transformer({
        ...{ dModel: 8, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, ...small },
        generator: new Generator(seed),
      }).eval();
    const [a, b] = [make(1), make(2)];
    const [src, tgt] = [randn([1, 3, 8], { generator }), randn([1, 4, 8], { generator })];
    expect(a.forward(src, tgt).equal(b.forward(src, tgt))).toBe(false);
    b.loadStateDict(a.stateDict());
    expect(a.forward(src, tgt).equal(b.forward(src, tgt))).toBe(true);
  });
});

describe("positions", () => {
  test("beyond the last are refused, naming the remedy", () => {
    for (const layer of [new SinusoidalPositions(4, 6), new LearnedPositions(4, 6)]) {
      expect(layer.forward(randn([2, 6, 4])).shape).toEqual([2, 6, 4]);
      expect(() => layer.forward(randn([2, 7, 4]))).toThrow(/positions 0 to 6.*there are 6.*larger maxLength/);
      expect(() => layer.forward(randn([2, 2, 4]), { offset: 5 })).toThrow(/positions 5 to 6/);
      expect(() => layer.forward(randn([2, 2, 5]))).toThrow(/\[2, 2, 5\].*expected \[…, positions, 4\]/);
    }
  });

  test("learned ones are learned", () => {
    const layer = new LearnedPositions(2, 4, { batchFirst: false });
    layer.forward(randn([3, 5, 2]), { offset: 1 }).sum().backward();
    expect(layer.weight.grad!.toArray()).toEqual([[0, 0], [5, 5], [5, 5], [5, 5]]);
    expect(Object.keys(layer.stateDict())).toEqual(["weight"]);
  });

  test("rotary ones make scores depend on distances alone", () => {
    const rotary = new RotaryPositions(6);
    const own = { generator: new Generator(1) };
    const [q, k] = [randn([1, 6], own), randn([1, 6], own)];
    const score = (i: number, j: number): number =>
      rotary.forward(q, { offset: i }).mul(rotary.forward(k, { offset: j })).sum().item();
    expect(score(100, 97)).toBeCloseTo(score(3, 0), 4);
    expect(score(3, 0)).not.toBeCloseTo(score(2, 0), 2);
    const parts = cat([rotary.forward(q.expand(3, 6)), rotary.forward(q.expand(2, 6), { offset: 3 })]);
    expect(near(parts, rotary.forward(q.expand(5, 6)))).toBe(true);
    expect(() => new RotaryPositions(5)).toThrow(/headDim 5 is odd/);
    // Frequencies of its own: here those of the base, and half of them, which is half of the position.
    const frequencies = [0, 1, 2].map((pair) => 10_000 ** (-pair / 3));
    const x = randn([2, 3, 6]);
    expect(new RotaryPositions(6, { frequencies }).forward(x).equal(rotary.forward(x))).toBe(true);
    const slow = new RotaryPositions(6, { frequencies: frequencies.map((f) => f / 2) });
    const [first, at] = [x.narrow(1, 0, 1), (offset: number) => ({ offset })];
    expect(slow.forward(first, at(8)).allclose(rotary.forward(first, at(4)), { atol: 1e-6 })).toBe(true);
    expect(() => new RotaryPositions(6, { frequencies: [1, 2] })).toThrow(/frequencies are 2 values; expected 3/);
    expect(() => rotary.forward(arange(8).view(2, 4))).toThrow(/\[2, 4\].*positions, 6\]/);
  });
});
