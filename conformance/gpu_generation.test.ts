/** Language models that generate on the GPU in Deno: tokens and scores equal the CPU's. */
import { CausalLanguageModel, GPT2LMHeadModel, LlamaForCausalLM, T5ForConditionalGeneration } from "@heddle/models";
import { defaultDevice, manualSeed, setDefaultDevice } from "@heddle/tensor";
import { afterAll, expect, test } from "vitest";
import { gpuFor } from "./expected.ts";

const before = defaultDevice();
const gpu = await gpuFor("the tests of generation on the GPU");
afterAll(() => setDefaultDevice(before));

const sizes = { vocab_size: 40, initializer_range: 0.4 };
const llama = { hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4 };
const t5 = { vocab_size: 40, d_model: 16, d_kv: 4, d_ff: 24, num_layers: 2, num_heads: 4 };
type Model = CausalLanguageModel | T5ForConditionalGeneration;
const makers: [string, (options: { device: string }) => Model][] = [
  [
    "GPT-2",
    (options) => new GPT2LMHeadModel({ ...sizes, n_positions: 32, n_embd: 16, n_layer: 2, n_head: 4 }, options),
  ],
  ["Llama", (options) => new LlamaForCausalLM({ ...sizes, ...llama, num_key_value_heads: 2 }, options)],
  ["T5", (options) => new T5ForConditionalGeneration(t5, options)],
];

test.skipIf(gpu === null).each(makers)("%s, a padded batch, with one beam and with two", async (_, make) => {
  manualSeed(1);
  const [model, onGpu] = [make({ device: "cpu" }), make({ device: "gpu" })];
  onGpu.loadStateDict(model.stateDict());
  for (const numBeams of [1, 2]) {
    const options = { maxNewTokens: 6, eosTokenId: null, numBeams };
    const wanted = await model.generate([[1, 2, 3], [4]], options);
    const found = await onGpu.generate([[1, 2, 3], [4]], options);
    expect(found.tokens).toEqual(wanted.tokens);
    found.scores.forEach((score, row) => expect(score).toBeCloseTo(wanted.scores[row]!, 4));
  }
});
