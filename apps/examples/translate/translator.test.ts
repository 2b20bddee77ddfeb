import { beamSearch, greedy } from "@heddle/nn";
import { cat, manualSeed, type Tensor, tensor } from "@heddle/tensor";
import { beforeEach, describe, expect, test } from "vitest";
import type { TranslatorSizes } from "./sizes.ts";
import { Translator } from "./translator.ts";

const words = (rows: number[][]): Tensor => tensor(rows, { dtype: "int32" });
// Two sentences, the second padded, and their translations.
const source = words([[5, 6, 7, 3], [8, 3, 0, 0]]);
const lengths = [4, 2];
const previous = words([[2, 4, 5], [2, 6, 0]]);

function translator(sizes: Partial<TranslatorSizes> = {}): Translator {
  const model = new Translator({ source: 9, target: 7 }, {
    attention: "additive",
    bidirectional: true,
    embedding: 5,
    hidden: 6,
    layers: 2,
    dropout: 0.2,
    ...sizes,
  });
  model.eval();
  return model;
}

beforeEach(() => void manualSeed(0));

describe.each(["none", "dot", "additive"] as const)("a translator with attention %s", (attention) => {
  test.each([true, false])("says word by word what it says of all words at once; bidirectional %s", (bidirectional) => {
    const model = translator({ attention, bidirectional });
    const whole = model.forward(source, lengths, previous);
    expect(whole.shape).toEqual([2, 3, 7]);
    let state = model.encode(source, lengths);
    for (let t = 0; t < 3; t++) {
      const step = model.step(previous.select(1, t), state);
      expect(step.logits.allclose(whole.select(1, t), { atol: 1e-5 })).toBe(true);
      state = step.state;
    }
  });

  test("padding changes nothing: a sentence alone is translated as in a batch", () => {
    const model = translator({ attention });
    const alone = model.forward(words([[8, 3]]), [2], previous.narrow(0, 1, 1));
    expect(alone.allclose(model.forward(source, lengths, previous).narrow(0, 1, 1), { atol: 1e-5 })).toBe(true);
  });

  test("rows can be exchanged in the middle, as beam search does", async () => {
    const model = translator({ attention });
    const first = model.step(words([[2], [4]]).squeeze(1), model.encode(source, lengths)).state;
    const swapped = model.reorder(first, tensor([1, 0, 0], { dtype: "int32" }));
    const after = model.step(tensor([5, 6, 6], { dtype: "int32" }), swapped).logits;
    const before = model.step(tensor([6, 5], { dtype: "int32" }), first).logits;
    expect(after.at(0).allclose(before.at(1), { atol: 1e-5 })).toBe(true);
    expect(after.at(2).allclose(before.at(0), { atol: 1e-5 })).toBe(true);
    const options = { start: 2, end: 3, batch: 2, maxLength: 5 };
    const one = await greedy(model, model.encode(source, lengths), options);
    const likeliest = await beamSearch(model, model.encode(source, lengths), {
      ...options,
      beams: 1,
      lengthPenalty: 0,
    });
    expect(likeliest.tokens).toEqual(one.tokens);
  });

  test("every parameter learns", () => {
    const model = translator({ attention });
    model.forward(source, lengths, previous).square().sum().backward();
    for (const [name, parameter] of model.namedParameters()) {
      expect(parameter.grad, name).not.toBeNull();
      expect(parameter.grad!.abs().sum().item(), name).toBeGreaterThan(0);
    }
  });
});

test("the table of words is the output layer too", () => {
  const model = translator();
  expect(model.decoder.output.weight).toBe(model.decoder.embedding.weight);
  expect(model.namedParameters().filter(([, parameter]) => parameter.shape[0] === 7 && parameter.ndim === 2))
    .toHaveLength(1);
});

test("with its own words it reads those that it finds likeliest", () => {
  const model = translator({ attention: "dot" });
  const own = model.forward(source, lengths, previous, true);
  const said = own.argmax(2);
  // Its own earlier words, in place of the true ones, give the same scores.
  const read = cat([words([[2], [2]]), said.narrow(1, 0, 2)], 1);
  const taught = model.forward(source, lengths, read);
  expect(own.allclose(taught, { atol: 1e-5 })).toBe(true);
  expect(own.allclose(model.forward(source, lengths, previous), { atol: 1e-5 })).toBe(false);
});

test("attention adds up to 1 over the words that are there, and is 0 behind them", () => {
  const looks = translator().looks(source, lengths, previous)!;
  expect(looks.shape).toEqual([2, 3, 4]);
  expect(looks.sum(2).allclose(looks.sum(2).mul(0).add(1))).toBe(true);
  expect(looks.at(1).narrow(1, 2, 2).abs().sum().item()).toBe(0);
  expect(translator({ attention: "none" }).looks(source, lengths, previous)).toBeNull();
});
