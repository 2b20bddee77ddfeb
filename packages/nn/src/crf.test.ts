import { gradcheck } from "@heddle/autograd";
import { arange, Generator, getDevice, ones, randint, randn, type Tensor, tensor } from "@heddle/tensor";
import { NullBackend } from "@heddle/tensor/backend";
import { describe, expect, test } from "vitest";
import { CRF } from "./crf.ts";
import { bestTags } from "./crf_viterbi.ts";

const double = { dtype: "float64" } as const;
const [batch, steps, tags] = [4, 5, 3];
const lengths = [5, 1, 3, 4];
const mask = arange(steps).lt(tensor(lengths).unsqueeze(1));

function example(seed: number, scale = 1) {
  const generator = new Generator(seed);
  const crf = new CRF(tags, { batchFirst: true, ...double });
  crf.loadStateDict({
    start_transitions: randn([tags], { generator, ...double }).mul(scale),
    end_transitions: randn([tags], { generator, ...double }).mul(scale),
    transitions: randn([tags, tags], { generator, ...double }).mul(scale),
  });
  const emissions = randn([batch, steps, tags], { generator, ...double }).mul(scale);
  return { crf, emissions, gold: randint(0, tags, [batch, steps], { generator }) };
}

/** The score of some tags of a row, by the definition. */
function score(crf: CRF, emissions: Tensor, row: number, path: readonly number[]): number {
  const at = (x: Tensor, ...where: number[]): number => x.detach().at(...where).item();
  return path.reduce(
    (sum, tag, t) => sum + at(emissions, row, t, tag) + (t === 0 ? 0 : at(crf.transitions, path[t - 1]!, tag)),
    at(crf.startTransitions, path[0]!) + at(crf.endTransitions, path.at(-1)!),
  );
}

function paths(length: number): number[][] {
  if (length === 0) return [[]];
  return paths(length - 1).flatMap((path) => Array.from({ length: tags }, (_, tag) => [...path, tag]));
}

const logSum = (scores: readonly number[]): number => {
  const high = Math.max(...scores);
  return high + Math.log(scores.reduce((sum, x) => sum + Math.exp(x - high), 0));
};

const numbers = (x: Tensor): number[] => [...x.detach().toTypedArray()].map(Number);

describe("CRF", () => {
  test.each([1, 30])("log-likelihood and best tags are those of enumeration; scores times %d", async (scale) => {
    const { crf, emissions, gold } = example(1, scale);
    const likelihoods = numbers(crf.forward(emissions, gold, { mask, reduction: "none" }));
    const decoded = await crf.decode(emissions, { mask });
    lengths.forEach((length, row) => {
      const all = paths(length).map((path) => ({ path, score: score(crf, emissions, row, path) }));
      const given = score(crf, emissions, row, gold.toArray<number[][]>()[row]!.slice(0, length));
      expect(likelihoods[row]).toBeCloseTo(given - logSum(all.map(({ score }) => score)), 8);
      expect(decoded[row]).toEqual(all.reduce((a, b) => b.score > a.score ? b : a).path);
    });
    // The best of each step alone are others: the transitions matter.
    const alone = emissions.argmax(2).toArray<number[][]>();
    expect(decoded).not.toEqual(alone.map((row, i) => row.slice(0, lengths[i])));
  });

  test("the probabilities of all tags sum to 1", () => {
    const { crf, emissions } = example(2);
    const all = paths(4);
    const one = emissions.narrow(0, 0, 1).narrow(1, 0, 4).expand(all.length, 4, tags);
    expect(crf.forward(one, tensor(all, { dtype: "int32" }), { reduction: "none" }).exp().sum().item()).toBeCloseTo(
      1,
      10,
    );
  });

  test("gradients are those of finite differences, with lengths that differ and without a mask", () => {
    const { crf, emissions, gold } = example(3);
    const weights = randn([batch], { generator: new Generator(1), ...double });
    const given = [emissions, ...crf.parameters()].map((x) => x.detach().clone().requiresGrad_());
    for (const options of [{ mask }, {}]) {
      for (const length of [steps, 1]) {
        const short = { mask: options.mask?.narrow(1, 0, length) };
        gradcheck((e, start, end, transitions) => {
          Object.assign(crf, { startTransitions: start, endTransitions: end, transitions });
          const likelihood = crf.forward(e!.narrow(1, 0, length), gold.narrow(1, 0, length), {
            ...short,
            reduction: "none",
          });
          return likelihood.mul(weights).sum();
        }, given);
      }
    }
  });

  test("the gradient by emissions is tags less probabilities, and nothing comes from behind the end", () => {
    const { crf, emissions, gold } = example(4);
    const e = emissions.clone().requiresGrad_();
    crf.forward(e, gold, { mask }).backward();
    expect(e.grad!.sum(2).abs().amax().item()).toBeCloseTo(0, 10);
    expect(e.grad!.maskedSelect(mask.logicalNot().unsqueeze(2).expandAs(e)).toTypedArray()).toEqual(
      new Float64Array(21),
    );
    const other = emissions.maskedFill(mask.logicalNot().unsqueeze(2), NaN);
    const likelihoods = (x: Tensor, tags: Tensor): number[] =>
      numbers(crf.forward(x, tags, { mask, reduction: "none" }));
    expect(likelihoods(other, gold.maskedFill(mask.logicalNot(), -100))).toEqual(likelihoods(emissions, gold));
  });

  test("reductions, and steps first", () => {
    const { crf, emissions, gold } = example(5);
    const each = numbers(crf.forward(emissions, gold, { mask, reduction: "none" }));
    const sum = each.reduce((a, b) => a + b);
    expect(crf.forward(emissions, gold, { mask }).item()).toBeCloseTo(sum, 10);
    expect(crf.forward(emissions, gold, { mask, reduction: "mean" }).item()).toBeCloseTo(sum / 4, 10);
    expect(crf.forward(emissions, gold, { mask, reduction: "tokenMean" }).item()).toBeCloseTo(sum / 13, 10);
    const turned = new CRF(tags, double);
    expect(Object.keys(turned.stateDict())).toEqual(["start_transitions", "end_transitions", "transitions"]);
    turned.loadStateDict(crf.stateDict());
    const other = turned.forward(emissions.transpose(0, 1), gold.t(), { mask: mask.t(), reduction: "none" });
    numbers(other).forEach((value, row) => expect(value).toBeCloseTo(each[row]!, 10));
  });

  test("long sequences in float32, with scores far apart", () => {
    const [length, generator] = [2000, new Generator(6)];
    const crf = new CRF(tags, { batchFirst: true, generator });
    const emissions = randn([1, length, tags], { generator }).mul(50).requiresGrad_();
    const gold = randint(0, tags, [1, length], { generator });
    const likelihood = crf.forward(emissions, gold);
    const exact = new CRF(tags, { batchFirst: true, ...double });
    exact.loadStateDict(crf.stateDict());
    const wide = emissions.detach().to("float64").requiresGrad_();
    const expected = exact.forward(wide, gold);
    expect(Math.abs(likelihood.item() / expected.item() - 1)).toBeLessThan(1e-5);
    likelihood.backward();
    expected.backward();
    // Scores in the hundreds have four digits behind the point, not those that a sum of 100,000 would leave.
    const apart = (a: Tensor, b: Tensor): number => a.to("float64").sub(b).abs().amax().item();
    expect(apart(emissions.grad!, wide.grad!)).toBeLessThan(1e-4);
    expect(apart(crf.transitions.grad!, exact.transitions.grad!)).toBeLessThan(1e-3);
  });

  test("forbidden moves are never made, and give no NaN", async () => {
    const { crf, emissions } = example(7);
    crf.loadStateDict({
      ...crf.stateDict(),
      // 0 is followed by 1 alone, which nothing else precedes; and nothing begins with 1.
      transitions: tensor([[-Infinity, 0, -Infinity], [0, -Infinity, 0], [0, -Infinity, 0]], double),
      start_transitions: tensor([0, -Infinity, 0], double),
    });
    const e = emissions.mul(100).requiresGrad_();
    for (const [row, path] of (await crf.decode(e, { mask })).entries()) {
      expect(path.length).toBe(lengths[row]);
      path.forEach((tag, t) => expect(tag === 1).toBe(path[t - 1] === 0));
    }
    const gold = tensor([[0, 1, 2, 2, 0], [0, 0, 0, 0, 0], [2, 0, 1, 0, 0], [2, 2, 2, 2, 2]], { dtype: "int32" });
    const likelihood = crf.forward(e, gold, { mask });
    const allowed = paths(3).filter((path) => path.every((tag, t) => (tag === 1) === (path[t - 1] === 0)));
    const sum = logSum(allowed.map((path) => score(crf, e, 2, path)));
    const third = crf.forward(e.narrow(0, 2, 1), gold.narrow(0, 2, 1), { mask: mask.narrow(0, 2, 1) }).item();
    expect(third).toBeCloseTo(score(crf, e, 2, [2, 0, 1]) - sum, 8);
    likelihood.backward();
    for (const x of [e, ...crf.parameters()]) expect(x.grad!.isfinite().all().item()).toBe(1);
  });

  test("a tag far below the others leads to where they cannot go", () => {
    // In powers relative to the largest, tag 1 would be e^-200, which is 0; and nothing else leads to tag 2.
    const crf = new CRF(3, { batchFirst: true });
    crf.loadStateDict({
      start_transitions: tensor([0, -200, -Infinity]),
      end_transitions: tensor([-1e4, -1e4, 0]),
      transitions: tensor([[0, 0, -1e4], [0, 0, 0], [0, 0, 0]]),
    });
    const likelihood = crf.forward(ones([1, 2, 3]), tensor([[1, 2]], { dtype: "int32" }));
    expect(likelihood.item()).toBeCloseTo(0, 5);
  });

  test("a step takes five kernels, and five backward", () => {
    const device = getDevice("null");
    const backend = device.backend as NullBackend;
    const kernels = (length: number): number => {
      const crf = new CRF(9, { batchFirst: true, device });
      const emissions = ones([2, length, 9], { device, requiresGrad: true });
      backend.reset();
      crf.forward(emissions, ones([2, length], { device, dtype: "int32" })).backward();
      return backend.dispatched.length;
    };
    expect(kernels(12) - kernels(11)).toBe(10);
  });
});

test("Viterbi takes the first of equal paths", () => {
  const none = new Float32Array(9);
  expect(bestTags(3, 3, () => 0, none, none, none)).toEqual([0, 0, 0]);
});

describe("bad input to a CRF", () => {
  const crf = new CRF(3, { batchFirst: true });
  const [emissions, gold] = [ones([2, 4, 3]), ones([2, 4], { dtype: "int32" })];
  const masked = (rows: boolean[][]) => () => crf.forward(emissions, gold, { mask: tensor(rows) });

  test("shapes, dtypes and tags", async () => {
    expect(() => new CRF(0)).toThrow("CRF: numTags is 0");
    expect(() => crf.forward(ones([2, 4, 5]), gold)).toThrow(
      "CRF: got emissions of shape [2, 4, 5]; expected [B, T, 3]",
    );
    expect(() => crf.forward(ones([2, 0, 3]), gold)).toThrow("expected [B, T, 3], not empty");
    expect(() => crf.forward(emissions, ones([2, 3], { dtype: "int32" }))).toThrow(
      "CRF: tags of shape [2, 3] for emissions of shape [2, 4, 3]; expected [2, 4]",
    );
    expect(() => crf.forward(emissions, gold.mul(3))).toThrow("CRF: tag 3 is out of range; expected 0 to 2");
    expect(() => crf.forward(emissions, gold, { reduction: "max" as "sum" })).toThrow('CRF: reduction is "max"');
    await expect(crf.decode(emissions, { mask: ones([2, 4]) })).rejects.toThrow(
      'CRF: the mask is float32; cast it with .to("bool")',
    );
    await expect(crf.decode(emissions, { mask: ones([4, 2]) })).rejects.toThrow(
      "CRF: the mask has shape [4, 2]; expected [2, 4]",
    );
  });

  test("masks", () => {
    const [t, f] = [true, false];
    expect(masked([[t, t, t, t], [f, f, f, f]])).toThrow("CRF: by the mask sequence 1 is empty; leave it out");
    expect(masked([[t, f, t, t], [t, t, t, t]])).toThrow("the mask of sequence 0 is true again at step 2");
  });

  test("second derivatives", () => {
    const e = emissions.clone().requiresGrad_();
    expect(() => crf.forward(e, gold).backward(undefined, { createGraph: true })).toThrow("differentiated once only");
  });
});
