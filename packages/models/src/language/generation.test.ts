import { noGrad } from "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { Generator, manualSeed, memory, type Tensor, tensor, tidy } from "@heddle/tensor";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type CausalLanguageModel,
  type CausalOptions,
  GPT2LMHeadModel,
  LlamaForCausalLM,
  MistralForCausalLM,
  T5ForConditionalGeneration,
} from "./mod.ts";

const SIZES = { vocab_size: 40, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4 };
const WIDE = { initializer_range: 0.4 };
/** Models whose outputs differ clearly between tokens. */
const models: Record<string, () => CausalLanguageModel> = {
  GPT2: () =>
    new GPT2LMHeadModel({ vocab_size: 40, n_positions: 32, n_embd: 16, n_layer: 2, n_head: 4, ...WIDE }).eval(),
  Llama: () => new LlamaForCausalLM({ ...SIZES, ...WIDE, num_key_value_heads: 2 }).eval(),
  Mistral: () => new MistralForCausalLM({ ...SIZES, ...WIDE, num_key_value_heads: 1, sliding_window: 4 }).eval(),
};
const t5 = (): T5ForConditionalGeneration =>
  new T5ForConditionalGeneration({ vocab_size: 40, d_model: 16, d_kv: 4, d_ff: 24, num_layers: 2, num_heads: 4 })
    .eval();

beforeEach(() => void manualSeed(7));

const ints = (rows: number[][]): Tensor => tensor(rows, { dtype: "int32" });
const difference = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item() as number;

/** Σ log p of tokens that follow a prompt, computed without a cache. */
function score(model: CausalLanguageModel, prompt: number[], tokens: number[]): number {
  const logits = noGrad(() => model.forward(ints([[...prompt, ...tokens]])));
  const logProbs = F.logSoftmax(logits, -1).toArray<number[][][]>()[0]!;
  return tokens.reduce((sum, token, i) => sum + logProbs[prompt.length - 1 + i]![token]!, 0);
}

describe.each(Object.entries(models))("%s", (_, make) => {
  test("with a cache, token by token or in pieces, is what it is without", () => {
    const model = make();
    const rows = [[3, 9, 27, 1, 4, 12, 36, 28], [5, 25, 5, 25, 6, 36, 7, 9]];
    const whole = noGrad(() => model.forward(ints(rows)));
    for (const cuts of [[1, 2, 3, 4, 5, 6, 7, 8], [3, 5, 8], [7, 8]]) {
      const caches = model.newCaches(8);
      let from = 0;
      for (const to of cuts) {
        const piece = noGrad(() => model.forward(ints(rows.map((row) => row.slice(from, to))), { caches }));
        expect(difference(piece, whole.narrow(1, from, to - from))).toBeLessThan(1e-5);
        from = to;
      }
      caches.dispose();
    }
  });

  test("rows of a padded batch are what they are alone, on either side", () => {
    const model = make();
    const [short, long] = [[5, 8, 2], [3, 9, 27, 1, 4]];
    const alone = noGrad(() => model.forward(ints([short])));
    const right = noGrad(() =>
      model.forward(ints([[...short, 0, 0], long]), { attentionMask: ints([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]) })
    );
    expect(difference(right.narrow(0, 0, 1).narrow(1, 0, 3), alone)).toBeLessThan(1e-5);
    const options: CausalOptions = {
      attentionMask: ints([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]]),
      positionIds: ints([[0, 0, 0, 1, 2], [0, 1, 2, 3, 4]]),
    };
    const left = noGrad(() => model.forward(ints([[0, 0, ...short], long]), options));
    expect(difference(left.narrow(0, 0, 1).narrow(1, 2, 3), alone)).toBeLessThan(1e-5);
  });

  test("scores are those of the tokens, greedy, sampled or by beams; rows do not depend on each other", async () => {
    const model = make();
    const prompts = [[3, 9, 27], [5], [8, 1, 2, 6, 11]];
    const kinds = [{}, { doSample: true, temperature: 1.5, topP: 0.9, seed: 4 }, { numBeams: 3, lengthPenalty: 0 }];
    for (const kind of kinds) {
      const { tokens, scores } = await model.generate(prompts, { maxNewTokens: 9, ...kind });
      tokens.forEach((row, i) => {
        expect(row.length).toBe(9);
        expect(scores[i]!).toBeCloseTo(score(model, prompts[i]!, row), 3);
      });
    }
    const beams = await model.generate(prompts, { maxNewTokens: 9, numBeams: 3, lengthPenalty: 0 });
    const alone = await model.generate([prompts[1]!], { maxNewTokens: 9, numBeams: 3, lengthPenalty: 0 });
    expect(alone.tokens[0]).toEqual(beams.tokens[1]);
  });

  test("memory is that of the caches, however many steps there are, and none stays", async () => {
    const model = make();
    const high: number[] = [];
    const run = async (options: object): Promise<void> => {
      await model.generate([[1, 2, 3], [4]], { maxNewTokens: 20, ...options });
    };
    const seen = { onTokens: () => high.push(memory().liveBytes) };
    await run({});
    const before = memory().liveBytes;
    await run(seen);
    expect(memory().liveBytes).toBe(before);
    expect(high.length).toBe(20);
    expect(Math.max(...high.slice(2)) - Math.min(...high.slice(2))).toBe(0);
    await run({ numBeams: 3 });
    await run({ doSample: true, eosTokenId: [1, 2, 3, 4, 5, 6, 7, 8] });
    expect(memory().liveBytes).toBe(before);
    await expect(run({ onTokens: () => Promise.reject(new Error("full")) })).rejects.toThrow("full");
    await expect(model.generate([[1, 39], [41, 1]])).rejects.toThrow(/index 41 is out of range/);
    expect(memory().liveBytes).toBe(before);
  });
});

test("T5 with caches is what it is without, padded or not, and frees what it took", async () => {
  const model = t5();
  const sources = [[3, 9, 27, 1], [5, 1]];
  const { tokens, scores } = await model.generate(sources, { maxNewTokens: 7, eosTokenId: null });
  sources.forEach((source, i) => {
    const logits = noGrad(() => model.forward(ints([source]), ints([[0, ...tokens[i]!]])));
    const logProbs = F.logSoftmax(logits, -1).toArray<number[][][]>()[0]!;
    const sum = tokens[i]!.reduce((sum, token, t) => sum + logProbs[t]![token]!, 0);
    expect(scores[i]!).toBeCloseTo(sum, 4);
    expect(tokens[i]![0]).toBe(logProbs[0]!.indexOf(Math.max(...logProbs[0]!)));
  });
  const before = memory().liveBytes;
  await model.generate(sources, { maxNewTokens: 7, numBeams: 3 });
  await model.generate(sources, { maxNewTokens: 7, doSample: true });
  expect(memory().liveBytes).toBe(before);
  const streamed: (number | null)[] = [];
  for await (const [token] of model.stream([sources[0]!], { maxNewTokens: 3, eosTokenId: null })) streamed.push(token!);
  expect(streamed).toEqual(tokens[0]!.slice(0, 3));
});

test("any of several end tokens ends a row, and null ends none", async () => {
  const model = models["Llama"]!();
  const prompts = [[3, 9, 27], [5]];
  const { tokens } = await model.generate(prompts, { maxNewTokens: 8 });
  const ends = [tokens[0]![3]!, tokens[1]![5]!];
  const cut = (row: number[]): number[] => row.slice(0, row.findIndex((token) => ends.includes(token)));
  expect((await model.generate(prompts, { maxNewTokens: 8, eosTokenId: ends })).tokens).toEqual(tokens.map(cut));
  model.generationConfig = { eos_token_id: ends, max_new_tokens: 8, top_k: 50, pad_token_id: 0 };
  expect((await model.generate(prompts)).tokens).toEqual(tokens.map(cut));
  expect((await model.generate(prompts, { eosTokenId: null })).tokens).toEqual(tokens);
});

test("a tensor of ids is a prompt; the model is in evaluation mode only while it generates", async () => {
  const model = models["GPT2"]!().train() as GPT2LMHeadModel;
  const first = await model.generate(ints([[3, 9], [5, 6]]), { maxNewTokens: 4 });
  expect(await model.generate([[3, 9], [5, 6]], { maxNewTokens: 4 })).toEqual(first);
  expect([model.training, model.transformer.drop.training]).toEqual([true, true]);
});

test("a seed or a generator repeats what is drawn", async () => {
  const model = models["GPT2"]!();
  const draw = async (options: object) =>
    (await model.generate([[1, 2]], { maxNewTokens: 12, doSample: true, temperature: 3, ...options })).tokens;
  expect(await draw({ seed: 1 })).toEqual(await draw({ generator: new Generator(1) }));
  expect(await draw({ seed: 1 })).not.toEqual(await draw({ seed: 2 }));
});

describe("streams", () => {
  test("hand on each token, wait for the reader, and pass on errors", async () => {
    const model = models["GPT2"]!();
    const { tokens } = await model.generate([[1, 2], [3]], { maxNewTokens: 6 });
    const seen: (readonly (number | null)[])[] = [];
    for await (const fresh of model.stream([[1, 2], [3]], { maxNewTokens: 6 })) {
      seen.push(fresh);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(seen).toEqual(tokens[0]!.map((token, i) => [token, tokens[1]![i]!]));
    const broken = async () => {
      for await (const _ of model.stream([[99]], { maxNewTokens: 6 }));
    };
    await expect(broken()).rejects.toThrow(/index 99 is out of range/);
  });

  test("stop when the loop does, and free what they took", async () => {
    const model = models["GPT2"]!();
    const run = async (): Promise<number> => {
      let count = 0;
      for await (const _ of model.stream([[1, 2]], { maxNewTokens: 20 })) if (++count === 3) break;
      return count;
    };
    await run();
    const before = memory().liveBytes;
    expect(await run()).toBe(3);
    expect(memory().liveBytes).toBe(before);
  });
});

test("what cannot be is refused before anything runs", async () => {
  const model = models["GPT2"]!();
  const generate = (prompt: unknown, options: object = {}) => model.generate(prompt as number[][], options);
  await expect(generate([])).rejects.toThrow(/there is no prompt/);
  await expect(generate([[1], []])).rejects.toThrow(/row 1 of the prompt is empty/);
  await expect(generate([1, 2])).rejects.toThrow(/row 0 of the prompt is 1; give an array/);
  await expect(generate([[1.5]])).rejects.toThrow(/has 1.5, which is no token id/);
  await expect(generate([[1, 2]], { maxNewTokens: 31 })).rejects.toThrow(/are 33, but the model has 32 positions/);
  await expect(generate([[1]], { maxLength: 3 })).rejects.toThrow(/maxLength/);
  await expect(generate([[1]], { maxNewTokens: -1 })).rejects.toThrow(
    /maxNewTokens is -1; expected a number of tokens/,
  );
  await expect(generate([[1]], { doSample: true, temperature: 0 })).rejects.toThrow(/temperature is 0/);
  await expect(generate([[1]], { numBeams: 2, doSample: true })).rejects.toThrow(/neither samples nor streams/);
  expect(() => model.forward(ints([[1]]).squeeze(0))).toThrow(/expected token ids \[batch, positions\]/);
  expect(() => model.forward(ints([[1, 2]]), { attentionMask: ints([[1]]) })).toThrow(/expected \[1, 2\]/);
  expect(tidy(() => model.forward(ints([[1, 2]])).shape)).toEqual([1, 2, 40]);
});

test("a text or rows without a tensor are refused with the remedy", async () => {
  const ids = /tokenizer\.encode\(text\)/, rows = /tensor\(rows, \{ dtype: "int32" \}\)/;
  for (const model of [models["GPT2"]!(), t5()]) {
    for (const prompt of ["the cat", ["the cat"], 5, null, undefined]) {
      await expect(model.generate(prompt as never)).rejects.toThrow(/generate: .*(token ids)/);
    }
    await expect(model.generate("the cat" as never)).rejects.toThrow(ids);
    await expect(model.generate(["the cat"] as never)).rejects.toThrow(ids);
    expect(() => model.forward([[26]] as never, [[26]] as never)).toThrow(rows);
    expect(() => model.forward("the cat" as never, ints([[1]]) as never)).toThrow(ids);
  }
  expect(() => t5().forward(ints([[1]]), [[26]] as never)).toThrow(rows);
});
