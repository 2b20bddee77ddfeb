import { grad, gradcheck, gradgradcheck } from "@heddle/autograd";
import {
  Generator,
  getDevice,
  memory,
  randn,
  resetPeakMemory,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "@heddle/tensor";
import { type Backend, registerDevice, type RoutinePrim } from "@heddle/tensor/backend";
import { describe, expect, test } from "vitest";
import { type AttentionOptions, scaledDotProductAttention } from "./attention.ts";

const generator = new Generator(3);
const draw = (...shape: number[]): Tensor => randn(shape, { dtype: "float64", requiresGrad: true, generator });
const someMask = tensor([[true, false, true, true], [false, false, false, false], [true, true, true, true]]);

/** The definition, in operations whose gradients are known. */
function composed(q: Tensor, k: Tensor, v: Tensor, seen: Tensor | null = null): Tensor {
  const scores = q.matmul(k.transpose(-2, -1)).mul(1 / Math.sqrt(q.shape.at(-1)!));
  return (seen === null ? scores : scores.maskedFill(seen.logicalNot(), -1e30)).softmax(-1).matmul(v);
}

describe("gradients of attention are those that differences give", () => {
  const three = (): Tensor[] => [draw(2, 3, 2), draw(2, 4, 2), draw(2, 4, 3)];
  const cases: [string, () => Tensor[], () => AttentionOptions][] = [
    ["plainly", three, () => ({})],
    ["with values of another width", () => [draw(3, 2), draw(4, 2), draw(4, 5)], () => ({ scale: 0.3 })],
    ["causal", three, () => ({ isCausal: true, causalOffset: 1 })],
    ["with rows that see no key", three, () => ({ attnMask: someMask })],
    ["causal before the first key", three, () => ({ isCausal: true, causalOffset: -2 })],
    ["with -∞ added", three, () => ({ attnMask: zeros([3, 4], { dtype: "float64" }).maskedFill(someMask, -Infinity) })],
    ["with dropout", three, () => ({ dropoutP: 0.4, generator: new Generator(5) })],
    ["with all dropped", three, () => ({ dropoutP: 1, generator: new Generator(5) })],
    ["of heads that share keys", () => [draw(4, 3, 2), draw(2, 4, 2), draw(2, 4, 2)], () => ({ enableGqa: true })],
    ["broadcast", () => [draw(2, 1, 3, 2), draw(2, 4, 2), draw(1, 2, 4, 3)], () => ({})],
  ];
  test.each(cases)("%s", (_, inputs, options) => {
    const given = inputs();
    const attention = (...[q, k, v]: Tensor[]): Tensor => scaledDotProductAttention(q!, k!, v!, options());
    gradcheck(attention, given);
    gradgradcheck(attention, given);
  });

  test("of a mask that is learned", () => {
    const attention = (...[q, k, v, attnMask]: Tensor[]): Tensor =>
      scaledDotProductAttention(q!, k!, v!, { attnMask: attnMask!, dropoutP: 0.3, generator: new Generator(2) });
    gradcheck(attention, [...three(), draw(3, 4)]);
  });
});

describe("attention by blocks of queries", () => {
  const keep = (rows: number, keys: number): Tensor => randn([rows, keys], { generator }).gt(-0.5);

  test.each([
    ["causal", 300, 300, null],
    ["with a mask", 270, 9, keep(270, 9)],
    ["causal with a mask", 520, 520, keep(520, 520)],
  ])("answers and differentiates as the definition does: %s", (_, queries, keys, mask) => {
    const inputs = [draw(2, queries, 3), draw(2, keys, 3), draw(2, keys, 2)] as const;
    const g = randn([2, queries, 2], { dtype: "float64", generator });
    const isCausal = queries === keys;
    const triangle = zeros([queries, keys]).add(1).tril().gt(0);
    const seen = mask === null ? triangle : isCausal ? mask.logicalAnd(triangle) : mask;
    const rows = seen.any(-1).unsqueeze(1).to("float64");
    const right = composed(...inputs, seen).mul(rows);
    const found = scaledDotProductAttention(...inputs, { isCausal, attnMask: mask });
    expect(found.allclose(right, { rtol: 1e-10, atol: 1e-12 })).toBe(true);
    const [of, by] = [found, right].map((y) => grad([y], [...inputs], { gradOutputs: [g] }));
    of!.forEach((gradient, i) => {
      expect(gradient!.allclose(by![i]!, { rtol: 1e-9, atol: 1e-11 }), `gradient ${i}`).toBe(true);
    });
  });

  test("drops the same weights for the gradients", () => {
    const [q, k, v] = [draw(300, 2), draw(300, 2), draw(300, 300)] as const;
    // The values are a unit matrix, so that the result is the weights themselves, and so is the values' gradient.
    const eye = zeros([300, 300], { dtype: "float64" });
    eye.diagonal().fill_(1);
    const options = { dropoutP: 0.5, isCausal: true };
    const weights = scaledDotProductAttention(q, k, eye, { ...options, generator: new Generator(9) });
    const dropped = weights.eq(0).logicalAnd(zeros([300, 300]).add(1).tril().gt(0));
    expect(dropped.to("float64").sum().item() / (300 * 301 / 2)).toBeCloseTo(0.5, 1);
    const out = scaledDotProductAttention(q, k, v, { ...options, generator: new Generator(9) });
    const [gradient] = grad([out], [v], { gradOutputs: [eye] });
    expect(gradient!.allclose(weights.t(), { rtol: 1e-12, atol: 1e-12 })).toBe(true);
  });

  test("takes as much of the stream of random numbers as it drops", () => {
    const [q, own] = [draw(4, 2), new Generator(1)];
    const one = scaledDotProductAttention(q, q, q, { dropoutP: 0.5, generator: own });
    const two = scaledDotProductAttention(q, q, q, { dropoutP: 0.5, generator: own });
    expect(one.equal(two)).toBe(false);
    scaledDotProductAttention(q, q, q, { generator: own });
    const { counter } = own.getState();
    expect(counter).toBe(2 * Math.ceil(16 / 4));
  });

  test("memory of forward and backward grows as the sequence does", () => {
    const peak = (length: number): number => {
      using _ = scope();
      const inputs = [1, 2, 3].map(() => randn([2, length, 16], { requiresGrad: true, generator }));
      const [q, k, v] = inputs as [Tensor, Tensor, Tensor];
      resetPeakMemory();
      const before = memory().liveBytes;
      scaledDotProductAttention(q, k, v, { isCausal: true }).sum().backward();
      const { peakBytes } = memory();
      for (const x of inputs) x.grad!.dispose();
      return peakBytes - before;
    };
    peak(1024);
    const [one, two, four] = [peak(1024), peak(2048), peak(4096)] as const;
    expect(two / one).toBeLessThan(2.1);
    expect(four / two).toBeLessThan(2.1);
    // All scores would be four times as much, for every head.
    expect(four).toBeLessThan(2 * 4096 * 4096 * 4 / 4);
  });

  test("fits the largest buffer of the device; the scores of one query that do not are refused by name", () => {
    const { backend } = getDevice("cpu");
    const largest = 40_000;
    registerDevice("narrow", () =>
      Object.create(backend, {
        largestBuffer: { value: largest },
        hasRoutine: { value: (name: RoutinePrim) => name !== "attention" && backend.hasRoutine(name) },
        alloc: {
          value(bytes: number, operation: string) {
            if (bytes > largest) throw new RangeError(`${operation}: ${bytes} bytes`);
            return backend.alloc(bytes, operation);
          },
        },
      }) as Backend);
    const results = (device: string, queries: number, options: AttentionOptions): Tensor[] => {
      const own = new Generator(4);
      const [q, k, v] = [queries, 300, 300].map((n) =>
        randn([3, n, 4], { generator: own, device: "cpu" }).to(device).requiresGrad_()
      ) as [Tensor, Tensor, Tensor];
      const out = scaledDotProductAttention(q, k, v, options);
      return [out, ...grad([out], [q, k, v], { gradOutputs: [q] })].map((x) => x!.detach().to("cpu"));
    };
    for (const queries of [40, 300]) {
      for (const options of [{}, { isCausal: true }]) {
        const wanted = results("cpu", queries, options);
        results("narrow", queries, options).forEach((found, i) => {
          expect(found.allclose(wanted[i]!, { rtol: 1e-4, atol: 1e-5 }), `result ${i} of ${queries}`).toBe(true);
        });
      }
    }
    const [q, k] = [zeros([20, 2, 1], { device: "narrow" }), zeros([1, 600, 1], { device: "narrow" })];
    expect(() => scaledDotProductAttention(q, k, k)).toThrow(
      "scaledDotProductAttention: the scores of one query with 600 keys take 48000 bytes in 20 batches and heads, but the " +
        'device "narrow" has buffers of at most 40000; use a smaller batch',
    );
  });

  test("nothing is left behind", () => {
    const [q, k, v] = [draw(2, 400, 2), draw(2, 400, 2), draw(2, 400, 2)] as const;
    const run = (): void => {
      using _ = scope();
      grad([scaledDotProductAttention(q, k, v, { isCausal: true, dropoutP: 0.1 })], [q, k, v], {
        gradOutputs: [v.detach()],
      });
    };
    run();
    const before = memory().storages;
    run();
    expect(memory().storages).toBe(before);
  });
});

test("no queries, no keys", () => {
  const q = draw(2, 3, 2);
  expect(scaledDotProductAttention(q, draw(2, 0, 2), draw(2, 0, 5)).toArray()).toEqual(zeros([2, 3, 5]).toArray());
  expect(scaledDotProductAttention(draw(2, 0, 2), q, q).shape).toEqual([2, 0, 2]);
});

describe("errors of attention name what does not fit", () => {
  const q = randn([2, 3, 4]);
  test.each<[string, () => unknown, RegExp]>([
    ["features", () => scaledDotProductAttention(q, randn([2, 3, 5]), q), /\[2, 3, 5\].*same last dimension/],
    ["values", () => scaledDotProductAttention(q, q, randn([2, 4, 4])), /one value for each key/],
    ["dimensions", () => scaledDotProductAttention(randn([4]), q, q), /two dimensions or more/],
    ["batches", () => scaledDotProductAttention(q, randn([3, 3, 4]), randn([3, 3, 4])), /do not broadcast.*enableGqa/],
    ["dtypes", () => scaledDotProductAttention(q, q.double(), q), /float64.*one floating-point dtype/],
    ["integers", () => scaledDotProductAttention(q.int(), q.int(), q.int()), /int32.*floating-point/],
    ["a mask's shape", () => scaledDotProductAttention(q, q, q, { attnMask: randn([3, 4]) }), /\[3, 4\].*\[2, 3, 3\]/],
    [
      "a mask's dtype",
      () => scaledDotProductAttention(q, q, q, { attnMask: zeros([3, 3]).int() }),
      /mask of int32.*bool/,
    ],
    ["a probability", () => scaledDotProductAttention(q, q, q, { dropoutP: 2 }), /2 is not within 0 to 1/],
    [
      "heads",
      () => scaledDotProductAttention(randn([3, 2, 4]), q, q, { enableGqa: true }),
      /3 heads of queries.*cannot share 2 heads/,
    ],
  ])("%s", (_, call, message) => expect(call).toThrow(message));
});
