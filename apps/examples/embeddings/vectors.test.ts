import { Vocabulary } from "@heddle/data";
import { Generator } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { LineError } from "../runner/prompt.ts";
import { neighbourAnswer } from "./ask.ts";
import { countWords } from "./corpus.ts";
import { Pairs } from "./pairs.ts";
import { PairCounts } from "./pmi.ts";
import { principalPlane } from "./report.ts";
import { evaluateGroups, shareAbove, WordVectors } from "./vectors.ts";

describe("pairs", () => {
  // "rare" is one word in eleven, "often" the others; sentences are long, so that their ends matter little.
  const sentence = Array.from({ length: 1100 }, (_, i) => i % 11 === 0 ? "rare" : "often");
  const corpus = countWords([sentence, sentence], 1, "");
  const settings = { window: 3, negatives: 4, sample: 10, batch: 50 };
  const [often, rare] = [corpus.vocabulary.id("often"), corpus.vocabulary.id("rare")];

  test("a pass has as many as is said, the same for the same seed; chance takes words to the power 3/4", () => {
    const pairs = new Pairs(corpus, settings);
    const batches = [...pairs.batches(1)];
    expect([...pairs.batches(1)]).toEqual(batches);
    expect([...pairs.batches(2)]).not.toEqual(batches);
    // 2200 words with 2 on either side on average.
    expect(Math.abs(batches.length - 2200 * 4 / 50)).toBeLessThan(6);
    expect(Math.abs(batches.length - pairs.steps)).toBeLessThan(6);
    const drawn = batches.flatMap(({ others }) => [...others].filter((_, i) => i % 5 !== 0));
    const share = drawn.filter((word) => word === rare).length / drawn.length;
    expect(share).toBeCloseTo(1 / (1 + 10 ** 0.75), 1.5);
    // No two rare words are within three of one another.
    for (const { centres, others } of batches) {
      centres.forEach((word, i) => expect(word + others[5 * i]!).not.toBe(2 * rare));
    }
  });

  test("surroundings are as wide as is said, near words more often", () => {
    const line = countWords([Array.from({ length: 200 }, (_, i) => `w${i}`)], 1, "");
    const at = line.vocabulary.tokens.map((token) => Number(token.slice(1)));
    const distances = [0, 0, 0, 0, 0];
    for (let seed = 0; seed < 20; seed++) {
      for (const { centres, others } of new Pairs(line, settings).batches(seed)) {
        centres.forEach((word, i) => distances[Math.abs(at[word]! - at[others[5 * i]!]!)]!++);
      }
    }
    expect(distances[0]).toBe(0);
    expect(distances[4]).toBe(0);
    expect(distances[2]! / distances[1]!).toBeCloseTo(2 / 3, 1);
    expect(distances[3]! / distances[1]!).toBeCloseTo(1 / 3, 1);
  });

  test("frequent words are left out now and then", () => {
    const count = (sample: number): number =>
      [...new Pairs(corpus, { ...settings, sample }).batches(1)].flatMap(({ centres }) => [...centres])
        .filter((word) => word === often).length;
    // A share of 10/11 with a limit of a tenth of it: √0.1 of them stay.
    expect(count(1 / 11) / count(10)).toBeCloseTo(Math.sqrt(0.1), 1);
  });

  test("counts of pairs give the mutual information, and products equal to it correlate to 1", () => {
    // Words that do not depend on each other: the information is that of the noise alone.
    const draws = new Generator(1).uniforms(4000);
    const text = countWords([Array.from(draws, (u) => u < 0.4 ? "a" : u < 0.7 ? "b" : u < 0.9 ? "c" : "d")], 1, "");
    const counts = new PairCounts(text, settings);
    for (const batch of new Pairs(text, settings).batches(0)) counts.add(batch);
    const one = Float32Array.from({ length: 16 }, (_, i) => i % 5 === 0 ? 1 : 0);
    const { expected } = counts.compare(text, one, one)!;
    const noise = text.counts.map((count) => count ** 0.75);
    const sum = noise.reduce((x, y) => x + y);
    expected.forEach((value, i) => {
      expect(value).toBeCloseTo(Math.log(text.counts[i % 4]! / 4000 / (noise[i % 4]! / sum)) - Math.log(4), 0.7);
    });
    // With one-hot words the surroundings are the columns of the matrix of products.
    const columns = Float32Array.from({ length: 16 }, (_, i) => expected[i % 4 * 4 + Math.floor(i / 4)]!);
    const agreement = counts.compare(text, one, columns)!;
    expect(agreement.correlation).toBeCloseTo(1, 6);
    agreement.products.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
    expect(new PairCounts(text, settings).compare(text, one, one)).toBeNull();
  });
});

describe("word vectors", () => {
  const vocabulary = new Vocabulary(["king", "queen", "man", "woman", "pear", "plum"]);
  const vectors = new WordVectors(
    vocabulary,
    Float32Array.of(...[9, 9, 1, 0], ...[1, -1, 0.1, 0], ...[0, 3, 0, 0], ...[0, -3, 0, 0], ...[0, 0, 0, 1], ...[
      0,
      0,
      1,
      5,
    ]),
  );

  test("have length 1, and neighbours in order", () => {
    expect(vectors.cosine("king", "king")).toBeCloseTo(1, 6);
    expect(vectors.cosine("man", "woman")).toBeCloseTo(-1, 6);
    expect(vectors.nearest(vectors.of("pear"), 2, ["pear"]).map(({ word }) => word)).toEqual(["plum", "king"]);
  });

  test("sums of words are answered", async () => {
    const answer = neighbourAnswer(vectors);
    expect(await answer("king - man + woman")).toMatch(/^queen 0\.\d\d, /);
    expect(await answer("King−man+woman")).toBe(await answer("king - man + woman"));
    expect(await answer("pear")).toMatch(/^plum 0\.98, /);
    expect(() => answer("king - boy")).toThrow(LineError);
    expect(() => answer("+")).toThrow("no word is named");
  });

  test("are judged by groups", () => {
    const groups = { fruit: ["pear", "plum", "fig"], people: ["man", "woman"], none: ["x"] };
    expect(evaluateGroups(vectors, groups)).toMatchObject({ words: 4, nearestPercent: 50 });
    expect(evaluateGroups(vectors, groups)!.nearestByChancePercent).toBeCloseTo(100 / 3, 6);
    expect(evaluateGroups(vectors, groups)!.closerPercent).toBeCloseTo(50, 6); // one pair above all, the other below
    expect(evaluateGroups(vectors, { fruit: ["pear", "plum"] })).toBeNull();
    expect(shareAbove([1, 3], [2, 3])).toBe((0 + 0 + 1 + 0.5) / 4);
  });

  test("the plane of most difference", () => {
    const { points, shares } = principalPlane(vectors, ["man", "woman", "man", "woman"]);
    expect(shares[0]).toBeCloseTo(1, 6);
    expect(Math.abs(points[0]![0]! - points[1]![0]!)).toBeCloseTo(2, 6);
  });
});
