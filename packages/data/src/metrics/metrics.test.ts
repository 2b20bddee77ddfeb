import { Generator, memory, randn, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { entityF1 } from "./entity_f1.ts";
import { perplexity } from "./perplexity.ts";
import { tokenAccuracy } from "./token_accuracy.ts";

describe("perplexity", () => {
  test("is the number of equally likely choices", () => {
    expect(perplexity(0)).toBe(1);
    expect(perplexity(Math.log(50))).toBeCloseTo(50, 10);
    expect(perplexity(1000)).toBe(Infinity);
  });

  test("what is no cross-entropy is refused", () => {
    expect(() => perplexity(-1)).toThrow(/got -1\. For a log likelihood pass its negative/);
    expect(() => perplexity(NaN)).toThrow(/got NaN.*no tokens/);
  });
});

describe("tokenAccuracy", () => {
  const targets = tensor([[1, 2, 0], [2, 0, 0]], { dtype: "int32" });

  test("of token numbers", async () => {
    const ids = tensor([[1, 1, 0], [2, 0, 7]], { dtype: "int32" });
    expect(await tokenAccuracy(ids, targets)).toEqual({ accuracy: 4 / 6, correct: 4, count: 6 });
    expect(await tokenAccuracy(ids, targets, { ignoreIndex: 0 })).toEqual({ accuracy: 2 / 3, correct: 2, count: 3 });
  });

  test("of logits, as of their argmax", async () => {
    const logits = randn([2, 3, 4], { generator: new Generator(1) });
    const expected = logits.toArray<number[][][]>().flat().map((row) => row.indexOf(Math.max(...row)))
      .filter((id, i) => id === targets.toArray<number[][]>().flat()[i]).length;
    expect((await tokenAccuracy(logits, targets)).correct).toBe(expected);
    expect(await tokenAccuracy(logits, logits.argmax(-1))).toEqual({ accuracy: 1, correct: 6, count: 6 });
  });

  test("where nothing counts it is not a number", async () => {
    const padding = tensor([-100, -100], { dtype: "int32" });
    expect(await tokenAccuracy(padding, padding)).toEqual({ accuracy: NaN, correct: 0, count: 0 });
  });

  test("leaves no tensor behind", async () => {
    const logits = randn([2, 3, 4]);
    const before = memory().storages;
    await tokenAccuracy(logits, targets);
    expect(memory().storages).toBe(before);
  });

  test("bad input is refused", async () => {
    const message = (promise: Promise<unknown>): Promise<string> =>
      promise.then(() => "no error", (error: Error) => error.message);
    const ids = tensor([1, 2], { dtype: "int32" });
    expect(await message(tokenAccuracy(ids, targets))).toMatch(/int32 \[2\] do not fit targets int32 \[2, 3\]/);
    expect(await message(tokenAccuracy(randn([2, 4, 3]), targets))).toMatch(
      /the classes in one more dimension, the last/,
    );
    expect(await message(tokenAccuracy(ids, randn([2])))).toMatch(/of an integer dtype/);
    expect(await message(tokenAccuracy(ids, ids, { pad: 0 } as object))).toMatch(/unknown option "pad"/);
  });
});

/** The rules of conlleval as its script has them, tag by tag: does an entity end before this tag, does one begin with it? */
function conlleval(sentences: string[][][]): { correct: number; predicted: number; gold: number } {
  const split = (tag: string): [string, string] => tag === "O" ? ["O", ""] : [tag[0]!, tag.slice(2)];
  const ends = ([p, pt]: string[], [c, ct]: string[]): boolean =>
    (p === "B" && (c === "B" || c === "O")) || (p === "I" && (c === "B" || c === "O")) || (p !== "O" && pt !== ct);
  const begins = ([p, pt]: string[], [c, ct]: string[]): boolean =>
    c === "B" || (p === "O" && c === "I") || (c !== "O" && pt !== ct);
  const total = { correct: 0, predicted: 0, gold: 0 };
  for (const [guessed, gold] of sentences as [string[], string[]][]) {
    let inCorrect = false;
    let [lastGuess, lastGold] = [split("O"), split("O")];
    for (let t = 0; t <= gold.length; t++) {
      const [guess, right] = [split(guessed[t] ?? "O"), split(gold[t] ?? "O")];
      if (inCorrect) {
        const [both, one] = [
          ends(lastGold, right) && ends(lastGuess, guess),
          ends(lastGold, right) !== ends(lastGuess, guess),
        ];
        if (both && lastGuess[1] === lastGold[1]) {
          inCorrect = false;
          total.correct++;
        } else if (one || guess[1] !== right[1]) {
          inCorrect = false;
        }
      }
      const [b1, b2] = [begins(lastGold, right), begins(lastGuess, guess)];
      if (b1 && b2 && guess[1] === right[1]) inCorrect = true;
      if (b1) total.gold++;
      if (b2) total.predicted++;
      [lastGuess, lastGold] = [guess, right];
    }
  }
  return total;
}

describe("entityF1", () => {
  test("an entity is right when its type and both ends are", () => {
    const gold = [["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "O"], ["O", "B-ORG"]];
    const guess = [["B-PER", "I-PER", "O", "B-LOC", "I-LOC", "O"], ["B-LOC", "B-PER"]];
    const found = entityF1(guess, gold);
    expect(found).toMatchObject({ predicted: 4, gold: 4, correct: 1, precision: 0.25, recall: 0.25, f1: 0.25 });
    expect(found.accuracy).toBe(5 / 8);
    expect(Object.keys(found.byType)).toEqual(["LOC", "ORG", "PER"]);
    expect(found.byType["PER"]).toMatchObject({ predicted: 2, gold: 1, correct: 1, precision: 0.5, recall: 1 });
    expect(found.byType["ORG"]).toEqual({ predicted: 0, gold: 1, correct: 0, precision: 0, recall: 0, f1: 0 });
  });

  test("an I- that follows nothing of its type begins an entity", () => {
    expect(entityF1([["I-PER", "I-PER", "I-LOC"]], [["B-PER", "I-PER", "B-LOC"]])).toMatchObject({ f1: 1, correct: 2 });
    expect(entityF1([["B-PER", "I-PER"]], [["B-PER", "B-PER"]])).toMatchObject({ correct: 0, predicted: 1, gold: 2 });
  });

  test("the figures of CoNLL-2000's baseline follow from its counts", () => {
    // 539 phrases found, 459 there, 371 right: precision 68.83%, recall 80.83%, F1 74.35.
    const tags = (n: number, tag: string): string[] => Array.from({ length: n }, () => tag);
    const gold = [[...tags(459, "B-X"), ...tags(168, "O")]];
    const guess = [[...tags(371, "B-X"), ...tags(88, "O"), ...tags(168, "B-X")]];
    const { precision, recall, f1 } = entityF1(guess, gold);
    expect([precision, recall, f1].map((x) => (100 * x).toFixed(2))).toEqual(["68.83", "80.83", "74.35"]);
  });

  test("counts as conlleval's rules do, on random tags", () => {
    const tags = ["O", "B-A", "I-A", "B-B", "I-B"];
    const generator = new Generator(1);
    const draw = (): string[] => Array.from(generator.uniforms(9), (u) => tags[Math.floor(u * tags.length)]!);
    const sentences = Array.from({ length: 400 }, () => {
      const gold = draw();
      const other = draw();
      const changed = generator.uniforms(9);
      return [gold.map((tag, t) => changed[t]! < 0.3 ? other[t]! : tag), gold];
    });
    const found = entityF1(sentences.map(([guess]) => guess!), sentences.map(([, gold]) => gold!));
    expect(found).toMatchObject(conlleval(sentences));
    expect(found.correct).toBeGreaterThan(300);
  });

  test("of no entities all is 0", () => {
    expect(entityF1([["O", "O"]], [["O", "O"]])).toMatchObject({
      precision: 0,
      recall: 0,
      f1: 0,
      accuracy: 1,
      byType: {},
    });
    expect(entityF1([], [])).toMatchObject({ f1: 0, accuracy: 0 });
  });

  test("bad input is refused", () => {
    expect(() => entityF1([["O"]], [])).toThrow(/1 predicted sentences, but 0/);
    expect(() => entityF1([["O"]], [["O", "O"]])).toThrow(/sentence 0 has 1 predicted tags, but 2/);
    for (const tag of ["PER", "B-", "S-PER", "", "o"]) {
      expect(() => entityF1([["O"]], [[tag]])).toThrow(`tag 0 of gold sentence 0 is ${JSON.stringify(tag)}`);
    }
  });
});
