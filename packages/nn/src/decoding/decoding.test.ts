import { Generator, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { beamSearch, greedy, sample, type StepModel } from "./mod.ts";

const width = 4;
const [start, end] = [0, 3];

/** The log-probabilities after a prefix, which all differ and belong to one prefix alone. */
function table(seed: number): (prefix: readonly number[]) => number[] {
  const known = new Map<string, number[]>();
  const generator = new Generator(seed);
  // Drawn in an order of its own, whatever is asked first.
  const fill = (prefix: readonly number[]): void => {
    const logits = [...generator.uniforms(width)].map((u) => 4 * u);
    const norm = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
    known.set(prefix.join(), logits.map((x) => x - norm));
    if (prefix.length < 5) { for (let token = 0; token < width; token++) fill([...prefix, token]); }
  };
  fill([]);
  return (prefix) => known.get(prefix.join())!;
}

/** A model whose state is what was read, the start left out; row by row it follows one of the tables. */
function tabular(
  ...seeds: number[]
): { model: StepModel<number[][]>; state: number[][]; tables: ReturnType<typeof table>[] } {
  const tables = seeds.map(table);
  const model: StepModel<number[][]> = {
    step(tokens, state) {
      const next = state.map((row, i) => [...row, Number(tokens.toTypedArray()[i])]);
      return { logits: tensor(next.map(([t, , ...prefix]) => tables[t!]!(prefix).map((x) => x + 7))), state: next };
    },
    reorder: (state, rows) => [...rows.toTypedArray()].map((row) => state[Number(row)]!),
  };
  return { model, state: seeds.map((_, i) => [i]), tables };
}

interface Ended {
  readonly tokens: number[];
  readonly score: number;
}

/** All sequences that end within a length, with their log-probabilities. */
function* ended(
  next: (prefix: readonly number[]) => number[],
  length: number,
  prefix: number[] = [],
  score = 0,
): Iterable<Ended> {
  const scores = next(prefix);
  yield { tokens: prefix, score: score + scores[end]! };
  if (prefix.length + 1 === length) return;
  for (let token = 0; token < end; token++) yield* ended(next, length, [...prefix, token], score + scores[token]!);
}

describe("beam search", () => {
  const lengths = 4;
  const exact = (seed: number, alpha: number) =>
    [...ended(table(seed), lengths)].map((found) => ({
      ...found,
      value: found.score / ((6 + found.tokens.length) / 6) ** alpha,
    })).sort((a, b) => b.value - a.value)[0]!;

  test.each([0, 0.6, 2])(
    "with beams enough finds the best of all sequences, length penalty %d",
    async (lengthPenalty) => {
      const seeds = Array.from({ length: 20 }, (_, i) => i);
      const { model, state } = tabular(...seeds);
      const batch = seeds.length;
      const options = { start, batch, end, maxLength: lengths };
      const { tokens, scores } = await beamSearch(model, state, { ...options, beams: width ** lengths, lengthPenalty });
      const best = seeds.map((seed) => exact(seed, lengthPenalty));
      expect(tokens).toEqual(best.map((found) => found.tokens));
      scores.forEach((score, row) => expect(score).toBeCloseTo(best[row]!.score, 4));
      // It is no feat where greedy decoding finds them too.
      const easy = await greedy(model, state, options);
      expect(easy.tokens.filter((row, i) => row.join() === tokens[i]!.join()).length).toBeLessThan(17);
    },
  );

  test("few beams find more than one, one beam is greedy decoding, and rows do not depend on their batch", async () => {
    const seeds = Array.from({ length: 30 }, (_, i) => 100 + i);
    const { model, state } = tabular(...seeds);
    const options = { start, batch: seeds.length, end, maxLength: 5 };
    const found = await beamSearch(model, state, { ...options, lengthPenalty: 0, beams: 3 });
    const one = await beamSearch(model, state, { ...options, lengthPenalty: 0, beams: 1 });
    const easy = await greedy(model, state, options);
    const mean = (scores: number[]): number => scores.reduce((sum, score) => sum + score, 0) / scores.length;
    expect(one.tokens).toEqual(easy.tokens);
    expect(mean(found.scores)).toBeGreaterThan(mean(easy.scores) + 0.1);
    for (const row of [0, 7, 29]) {
      const alone = await beamSearch(model, [state[row]!], { ...options, lengthPenalty: 0, batch: 1, beams: 3 });
      expect(alone.tokens[0]).toEqual(found.tokens[row]);
      expect(alone.scores[0]).toBeCloseTo(found.scores[row]!, 5);
    }
  });

  test("the length penalty is what makes longer sequences win", async () => {
    // The end is worth log 0.4 at once; a token and the end log 0.36 together.
    const next = tensor([[0.001, 0.599, 0, 0.4], [0.39, 0.001, 0, 0.609], [1, 1, 1, 1], [1, 1, 1, 1]]).log();
    const model = { step: (t: Tensor) => ({ logits: next.indexSelect(0, t), state: null }), reorder: () => null };
    const search = (lengthPenalty: number) =>
      beamSearch(model, null, { start, end, maxLength: 3, beams: 3, lengthPenalty });
    expect((await search(0)).tokens).toEqual([[]]);
    expect((await search(1)).tokens).toEqual([[1]]);
  });

  test("what is cut off is taken only where nothing ends", async () => {
    const never = tensor([[0.5, 0.3, 0.2, 0]]).log().expand(4, 4);
    const model = { step: (t: Tensor) => ({ logits: never.indexSelect(0, t), state: null }), reorder: () => null };
    const { tokens, scores } = await beamSearch(model, null, { start, end, maxLength: 3, beams: 2 });
    expect(tokens).toEqual([[0, 0, 0]]);
    expect(scores[0]).toBeCloseTo(3 * Math.log(0.5), 5);
    const hardly = tensor([[0.9, 0.08, 0, 0.02]]).log().expand(4, 4);
    const other = { step: (t: Tensor) => ({ logits: hardly.indexSelect(0, t), state: null }), reorder: () => null };
    expect((await beamSearch(other, null, { start, end, maxLength: 2, beams: 3 })).tokens).toEqual([[]]);
    expect((await beamSearch(other, null, { start, maxLength: 2, beams: 3 })).tokens).toEqual([[0, 0]]);
    expect((await beamSearch(other, null, { start, batch: 2, maxLength: 0 })).tokens).toEqual([[], []]);
  });
});

describe("greedy decoding", () => {
  test("takes the likeliest token until the end, and scores what it took", async () => {
    const seeds = Array.from({ length: 12 }, (_, i) => i);
    const { model, state, tables } = tabular(...seeds);
    const seen: (readonly (number | null)[])[] = [];
    const { tokens, scores } = await greedy(model, state, {
      ...{ start, batch: 12, end, maxLength: 5 },
      onTokens: (fresh) => seen.push(fresh),
    });
    tables.forEach((next, row) => {
      const path: number[] = [];
      let score = 0;
      for (let token = 0; path.length < 5;) {
        const scores = next(path);
        token = scores.indexOf(Math.max(...scores));
        score += scores[token]!;
        if (token === end) break;
        path.push(token);
      }
      expect(tokens[row]).toEqual(path);
      expect(scores[row]).toBeCloseTo(score, 4);
      expect(seen.map((fresh) => fresh[row]).filter((token) => token !== null)).toEqual(path);
    });
    const counts = tokens.map(({ length }) => length);
    expect(Math.min(...counts)).toBeLessThan(2);
    expect(seen.length).toBe(Math.min(5, Math.max(...counts) + 1));
  });
});

describe("several end tokens", () => {
  // After 0 come 1, 2 (an end) and 3 (an end); after 1 the ends alone.
  const next = tensor([[0, 0.5, 0.3, 0.2], [0, 0.1, 0.3, 0.6], [1, 0, 0, 0], [1, 0, 0, 0]]).log();
  const model = { step: (t: Tensor) => ({ logits: next.indexSelect(0, t), state: null }), reorder: () => null };
  const options = { start: 0, end: [2, 3], maxLength: 5 };

  test("each ends a row", async () => {
    const { tokens, scores } = await greedy(model, null, options);
    expect([tokens, scores[0]!.toFixed(4)]).toEqual([[[1]], Math.log(0.3).toFixed(4)]);
    const { tokens: drawn } = await sample(model, null, { ...options, batch: 200, generator: new Generator(1) });
    expect(new Set(drawn.map((row) => row.join()))).toEqual(new Set(["", "1", "1,1"]));
  });

  test("and beams go on beside as many endings", async () => {
    const { tokens, scores } = await beamSearch(model, null, { ...options, beams: 1, lengthPenalty: 0 });
    expect([tokens, scores[0]!.toFixed(4)]).toEqual([[[1]], Math.log(0.3).toFixed(4)]);
    // Ends take the first two places of three candidates.
    const steep = tensor([[0, 0.2, 0.5, 0.3], [0, 0, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]]).log();
    const other = { step: (t: Tensor) => ({ logits: steep.indexSelect(0, t), state: null }), reorder: () => null };
    const found = await beamSearch(other, null, { ...options, beams: 1, lengthPenalty: 0 });
    expect(found.tokens).toEqual([[]]);
    await expect(greedy(model, null, { ...options, end: [1, 4] })).rejects.toThrow("end is 4, but the model knows");
  });
});

describe("sampling", () => {
  const logits = tensor([Math.log(0.5), Math.log(0.25), Math.log(0.2), Math.log(0.05)]).unsqueeze(0);
  const model: StepModel<null> = {
    step: (tokens) => ({ logits: logits.expand(tokens.numel, 4), state: null }),
    reorder: () => null,
  };
  const frequencies = async (options: object): Promise<number[]> => {
    const batch = 4000;
    const generator = new Generator(5);
    const { tokens } = await sample(model, null, { start, batch, maxLength: 1, generator, ...options });
    return [0, 1, 2, 3].map((token) => tokens.filter(([first]) => first === token).length / batch);
  };

  test.each([
    ["as it is", {}, [0.5, 0.25, 0.2, 0.05]],
    ["topK", { topK: 2 }, [2 / 3, 1 / 3, 0, 0]],
    ["topK of all", { topK: 9 }, [0.5, 0.25, 0.2, 0.05]],
    ["topP is passed by the last token", { topP: 0.6 }, [2 / 3, 1 / 3, 0, 0]],
    ["topP of the likeliest alone", { topP: 0.1 }, [1, 0, 0, 0]],
    ["topP of what topK leaves", { topK: 3, topP: 0.7 }, [2 / 3, 1 / 3, 0, 0]],
    ["temperature", { temperature: 0.5 }, [0.25, 0.0625, 0.04, 0.0025].map((p) => p / 0.355)],
    ["topP after the temperature", { temperature: 0.5, topP: 0.85 }, [0.8, 0.2, 0, 0]],
  ])("%s", async (_, options, expected) => {
    (await frequencies(options)).forEach((share, token) => {
      // Four standard deviations.
      const tolerance = 4 * Math.sqrt(expected[token]! * (1 - expected[token]!) / 4000);
      expect(Math.abs(share - expected[token]!)).toBeLessThanOrEqual(tolerance);
    });
  });

  test("is repeated by its generator, and a row is the same whatever the others are", async () => {
    const { model, state } = tabular(1, 2, 3, 4, 5);
    const draw = (rows: number[][], seed: number) =>
      sample(model, rows, { start, batch: rows.length, end, maxLength: 5, generator: new Generator(seed) });
    const all = await draw(state, 9);
    expect(await draw(state, 9)).toEqual(all);
    expect((await draw(state, 10)).tokens).not.toEqual(all.tokens);
    expect((await draw(state.map((row, i) => i === 0 ? [4] : row), 9)).tokens.slice(1)).toEqual(all.tokens.slice(1));
  });

  test("scores are those of the model's distribution", async () => {
    const { tokens, scores } = await sample(model, null, { start, maxLength: 3, topK: 1, temperature: 0.1 });
    expect(tokens).toEqual([[0, 0, 0]]);
    expect(scores[0]).toBeCloseTo(3 * Math.log(0.5), 5);
  });
});

describe("bad input", () => {
  const { model, state } = tabular(1);
  const options = { start, end, maxLength: 3 };

  test("options", async () => {
    const cases: [() => Promise<unknown>, string][] = [
      [() => greedy(model, state, { ...options, maxLength: -1 }), "greedy: maxLength is -1"],
      [
        () => greedy(model, state, { ...options, start: [1, 2], batch: 3 }),
        "greedy: start has 2 tokens for a batch of 3",
      ],
      [() => greedy(model, state, { ...options, start: 0.5 }), "greedy: start is 0.5"],
      [
        () => greedy(model, state, { ...options, end: 4 }),
        "greedy: end is 4, but the model knows the tokens 0 to 3 alone",
      ],
      [() => beamSearch(model, state, { ...options, beams: 0 }), "beamSearch: beams is 0"],
      [() => beamSearch(model, state, { ...options, lengthPenalty: -1 }), "beamSearch: lengthPenalty is -1"],
      [
        () => sample(model, state, { ...options, temperature: 0 }),
        "sample: temperature is 0; expected a number above 0 (greedy()",
      ],
      [() => sample(model, state, { ...options, topK: 0 }), "sample: topK is 0"],
      [() => sample(model, state, { ...options, topP: 1.5 }), "sample: topP is 1.5; expected above 0, at most 1"],
    ];
    for (const [call, message] of cases) await expect((async () => await call())()).rejects.toThrow(message);
  });

  test("logits", async () => {
    const giving = (logits: Tensor): StepModel<null> => ({
      step: () => ({ logits, state: null }),
      reorder: () => null,
    });
    for (const decode of [greedy, sample, beamSearch]) {
      await expect(decode(giving(zeros([2, 4])), null, options)).rejects.toThrow(
        "gave logits of shape [2, 4] for 1 tokens; expected [1, V]",
      );
      for (const value of [NaN, -Infinity]) {
        await expect(decode(giving(zeros([1, 4]).fill_(value)), null, options)).rejects.toThrow(
          "contain NaN, or rule out",
        );
      }
      await expect(decode(giving(tensor([[0, 1, NaN, 2]])), null, options)).rejects.toThrow("contain NaN");
    }
    const chosen = tensor([[-Infinity, 0, -Infinity, -Infinity]]);
    for (const decode of [greedy, sample, beamSearch]) {
      expect((await decode(giving(chosen), null, { start, maxLength: 1 })).tokens).toEqual([[1]]);
    }
  });
});
