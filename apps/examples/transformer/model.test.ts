import { noGrad } from "@heddle/autograd";
import { beamSearch, greedy } from "@heddle/nn";
import { manualSeed, memory, scope, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { type TransformerSizes, TransformerTranslator } from "./model.ts";
import { inverseSquareRoot } from "./schedule.ts";

const SIZES: TransformerSizes = { layers: 2, heads: 2, width: 16, feedForward: 32, dropout: 0.1, norm: "first" };
const SOURCE = [[5, 6, 7, 2], [8, 2, 0, 0]], LENGTHS = [4, 2];

/** An untrained network whose outputs differ clearly between words. */
function network(sizes: Partial<TransformerSizes> = {}): TransformerTranslator {
  manualSeed(2);
  const model = new TransformerTranslator(12, { ...SIZES, ...sizes });
  for (const parameter of model.parameters()) if (parameter.ndim > 1) noGrad(() => parameter.mul_(2));
  return model.eval();
}

const ids = (rows: number[][]) => tensor(rows, { dtype: "int32" });

describe.each(["first", "last"] as const)("norms %s", (norm) => {
  test("a step with caches gives what the whole translation gives, for each row of a padded batch", () => {
    using _ = scope();
    const model = network({ norm });
    noGrad(() => {
      const previous = [[1, 9, 4, 3, 10], [1, 3, 3, 11, 6]];
      const wanted = model.forward(ids(SOURCE), LENGTHS, ids(previous));
      let state = model.encode(ids(SOURCE), LENGTHS);
      for (let t = 0; t < 5; t++) {
        const step = model.step(tensor(previous.map((row) => row[t]!), { dtype: "int32" }), state);
        expect(step.logits.allclose(wanted.select(1, t), { rtol: 1e-4, atol: 1e-5 })).toBe(true);
        state = step.state;
      }
      model.release(state);
      // Padding changes nothing.
      const alone = model.forward(ids([[8, 2]]), [2], ids([previous[1]!]));
      expect(alone.allclose(wanted.narrow(0, 1, 1), { rtol: 1e-4, atol: 1e-5 })).toBe(true);
    });
  });
});

test("beams carry their caches along, and one beam is greedy", async () => {
  using _ = scope();
  const model = network();
  const options = { start: 1, batch: 2, end: 2, maxLength: 8 };
  const search = async (beams: number): Promise<{ tokens: number[][]; scores: number[] }> => {
    const state = noGrad(() => model.encode(ids(SOURCE), LENGTHS));
    const found =
      await (beams === 1
        ? greedy(model, state, options)
        : beamSearch(model, state, { ...options, beams, lengthPenalty: 0 }));
    model.release(state);
    return found;
  };
  const one = await search(1), five = await search(5);
  expect(five.scores[0]).toBeGreaterThanOrEqual(one.scores[0]! - 1e-5);
  five.tokens.forEach((tokens, row) => {
    const read = [1, ...tokens];
    const said = tokens.length < 8 ? [...tokens, 2] : tokens;
    const logProbs = noGrad(() =>
      model.forward(ids([SOURCE[row]!.slice(0, LENGTHS[row])]), [LENGTHS[row]!], ids([read])).logSoftmax(-1)
    ).toArray<number[][][]>();
    const score = said.reduce((sum, token, t) => sum + logProbs[0]![t]![token]!, 0);
    expect(five.scores[row]).toBeCloseTo(score, 3);
  });
});

test("heads share their whole attention among the words there are, and looking leaves no trace", () => {
  const model = network();
  const look = (): number[][][][][] => {
    using _ = scope();
    return noGrad(() => model.looksOfHeads(ids(SOURCE), LENGTHS, ids([[1, 9], [1, 3]]))).toArray<number[][][][][]>();
  };
  const weights = look();
  const before = memory().liveBytes;
  expect(look()).toEqual(weights);
  expect(memory().liveBytes).toBe(before);
  expect([weights.length, weights[0]!.length, weights[0]![0]!.length]).toEqual([2, 2, 2]);
  for (const layer of weights) {
    layer.forEach((heads, row) => {
      expect(heads[0]).not.toEqual(heads[1]);
      for (const shares of heads.flat()) {
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
        expect(shares.slice(LENGTHS[row]).every((share) => share === 0)).toBe(true);
      }
    });
  }
  using _ = scope();
  const mean = noGrad(() => model.looks(ids(SOURCE), LENGTHS, ids([[1, 9], [1, 3]]))).toArray<number[][][]>();
  expect(mean[0]![1]![2]).toBeCloseTo((weights[1]![0]![0]![1]![2]! + weights[1]![0]![1]![1]![2]!) / 2, 6);
});

test("one table serves both languages and the output", () => {
  const names = network().namedParameters().map(([name, { shape }]) => `${name} ${shape}`);
  expect(names.filter((name) => / 12,16$/.test(name))).toEqual(["words.weight 12,16"]);
});

test("the learning rate rises in a straight line and falls with the square root", () => {
  expect([0, 4, 9, 39, 89].map((step) => inverseSquareRoot(step, 10))).toEqual([0.1, 0.5, 1, 0.5, 1 / 3]);
});
