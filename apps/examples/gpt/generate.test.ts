import { noGrad } from "@heddle/autograd";
import { beamSearch, greedy } from "@heddle/nn";
import { manualSeed, memory, tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { Gpt } from "./model.ts";
import { learnTokens } from "./tokens.ts";
import { GptSteps, Writer } from "./generate.ts";

/** An untrained network whose outputs differ clearly between words. */
function network(vocabulary: number): Gpt {
  manualSeed(1);
  const gpt = new Gpt({ vocabulary, context: 16, layers: 2, heads: 2, width: 16, dropout: 0 });
  for (const parameter of gpt.parameters()) if (parameter.ndim > 1) noGrad(() => parameter.mul_(20));
  return gpt.eval();
}

/** The most likely next token, computed without caches. */
function likeliest(gpt: Gpt, read: readonly number[]): number {
  return noGrad(() => gpt.forward(tensor([[...read]], { dtype: "int32" })).select(1, -1).argmax(1).item());
}

test("caches change nothing, also where the context is full and its newer half is read again", async () => {
  const gpt = network(20);
  const steps = new GptSteps(gpt);
  const read = [1, 2, 3, 4];
  for (let i = 0, from = 0; i < 24; i++) {
    if (read.length - from > 16) from = read.length - 8;
    read.push(likeliest(gpt, read.slice(from)));
  }
  expect(new Set(read.slice(4)).size).toBeGreaterThan(3);
  const state = noGrad(() => steps.begin(read.slice(0, 3)));
  const { tokens } = await greedy(steps, state, { start: read[3]!, maxLength: 24 });
  state.caches.dispose();
  expect(tokens[0]).toEqual(read.slice(4));
});

test("beams go on from the rows that they come from", async () => {
  const gpt = network(12);
  const steps = new GptSteps(gpt);
  const state = noGrad(() => steps.begin([1, 2]));
  const { tokens, scores } = await beamSearch(steps, state, { start: 3, beams: 3, maxLength: 8, lengthPenalty: 0 });
  state.caches.dispose();
  const read = [1, 2, 3, ...tokens[0]!];
  const logProbs = noGrad(() => gpt.forward(tensor([read], { dtype: "int32" })).logSoftmax(-1))
    .toArray<number[][][]>();
  const score = tokens[0]!.reduce((sum, token, i) => sum + logProbs[0]![2 + i]![token]!, 0);
  expect(scores[0]).toBeCloseTo(score, 3);
});

test("writing frees what it took, and hands the text on as it grows", async () => {
  const text = "abcdefghijklmnopqrst\n";
  const tokens = learnTokens("characters", { train: text, heldOut: text }, 0);
  const writer = new Writer(network(tokens.size), tokens);
  const style = { temperature: 1, topK: null, topP: null };
  await writer.write("abc", 5, style);
  const before = memory().liveBytes;
  const grown: string[] = [];
  const written = await writer.write("abc", 30, style, (text) => grown.push(text));
  expect(memory().liveBytes).toBe(before);
  expect(written).toMatch(/^abc[a-t\n]{30}$/);
  expect(grown.map((text) => text.length)).toEqual(Array.from({ length: 30 }, (_, i) => 4 + i));
  expect(grown.at(-1)).toBe(written);
});
