import type { Module } from "@heddle/nn";
import { BytePairEncoding } from "@heddle/data/bpe";
import { save } from "@heddle/store";
import { manualSeed, memory, type Tensor, tensor, zeros } from "@heddle/tensor";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  BertForMaskedLM,
  BertForSequenceClassification,
  BertModel,
  DistilBertForSequenceClassification,
  fromPretrained,
  GPT2LMHeadModel,
  LlamaForCausalLM,
  nextTokenLoss,
  RobertaForMaskedLM,
  savePretrained,
  T5ForConditionalGeneration,
} from "../mod.ts";
import { addLora, mergeLora, removeLora } from "../lora.ts";
import { classOf, knownArchitectures, make } from "./architectures.ts";

let folder = "";
beforeEach(async () => folder = await mkdtemp(join(tmpdir(), "heddle-models-")));
afterEach(() => rm(folder, { recursive: true }));

const GPT2 = { vocab_size: 40, n_positions: 24, n_embd: 8, n_layer: 2, n_head: 2, initializer_range: 0.4 };
const BERT = { vocab_size: 40, hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 12 };
const ids = (): Tensor => tensor([[1, 2, 3], [4, 5, 6]], { dtype: "int32" });

const json = (name: string, value: unknown): Promise<void> => writeFile(join(folder, name), JSON.stringify(value));
const read = async (name: string) => JSON.parse(await readFile(join(folder, name), "utf8"));

/** A GPT-2 in `folder`, with another configuration or other names of tensors. */
async function written(
  change: (state: Record<string, Tensor>) => Record<string, Tensor> = (state) => state,
  config: object = {},
): Promise<GPT2LMHeadModel> {
  const model = new GPT2LMHeadModel(GPT2).eval();
  const { "lm_head.weight": _, ...state } = model.stateDict();
  await save(change(state), join(folder, "model.safetensors"));
  await json("config.json", { ...GPT2, model_type: "gpt2", architectures: ["GPT2LMHeadModel"], ...config });
  return model;
}

const renamed = (from: RegExp, to: string) => (state: Record<string, Tensor>) =>
  Object.fromEntries(Object.entries(state).map(([name, value]) => [name.replace(from, to), value]));

describe("a folder", () => {
  test("what savePretrained wrote comes back: model, configuration, tokenizer; tied weights are stored once", async () => {
    manualSeed(1);
    const bpe = BytePairEncoding.train(["low lower lowest new newer newest"], { vocabularySize: 270 });
    const model = new GPT2LMHeadModel({ ...GPT2, vocab_size: bpe.size });
    model.generationConfig = { max_new_tokens: 7, eos_token_id: bpe.vocabulary.id("<eos>") };
    await savePretrained(model, folder, { tokenizerJson: bpe.tokenizerJson });
    const found = await fromPretrained(folder, { architecture: GPT2LMHeadModel });
    expect([found.missingKeys, found.unexpectedKeys, found.folder]).toEqual([[], [], folder]);
    expect(found.model.training).toBe(false);
    expect(found.model.lmHead.weight).toBe(found.model.transformer.wte.weight);
    for (const [name, value] of Object.entries(model.stateDict())) {
      expect(found.model.stateDict()[name]!.equal(value), name).toBe(true);
    }
    // Text to text.
    const { ids } = found.tokenizer!.encode("lower newest");
    expect(ids).toEqual(bpe.encode("lower newest"));
    const { tokens } = await found.model.generate([ids], { doSample: true, seed: 3 });
    expect(tokens[0]!.length).toBeLessThanOrEqual(7);
    expect(tokens).toEqual((await model.generate([ids], { doSample: true, seed: 3 })).tokens);
    expect(found.tokenizer!.decode([...ids, ...tokens[0]!])).toMatch(/^lower newest/);
    expect(Object.keys(await read("config.json")).includes("architectures")).toBe(true);
  });

  test("every architecture is saved, loaded by its name, and computes the same", async () => {
    for (const { name } of knownArchitectures) {
      manualSeed(2);
      const sizes = {
        ...{ ...GPT2, ...BERT, dim: 8, hidden_dim: 12, n_layers: 2, n_heads: 2, d_model: 8, d_kv: 4, d_ff: 12 },
        ...{ num_layers: 2, num_heads: 2, head_dim: 4, num_key_value_heads: 1, max_position_embeddings: 24 },
      };
      const family = name.replace(/For.*|Model|LMHead.*/, "");
      const config = { ...sizes, architectures: [name] };
      const model = make(classOf(config), config).eval();
      await savePretrained(model, folder);
      const again = await fromPretrained(folder);
      expect(again.model.constructor, name).toBe(model.constructor);
      const run = (model: Module): unknown =>
        (model as unknown as { forward(...inputs: Tensor[]): unknown }).forward(
          ids(),
          ...family.includes("T5") ? [ids()] : [],
        );
      const first = run(model), second = run(again.model);
      const of = (out: unknown): Tensor =>
        "lastHiddenState" in (out as object) ? (out as { lastHiddenState: Tensor }).lastHiddenState : out as Tensor;
      expect(of(first).equal(of(second)), name).toBe(true);
    }
  });

  test("savePretrained writes several files, and removes those of another save", async () => {
    const model = new GPT2LMHeadModel(GPT2);
    await savePretrained(model, folder);
    await savePretrained(model, folder, { maxShardBytes: 2000 });
    await expect(readFile(join(folder, "model.safetensors"))).rejects.toThrow("ENOENT");
    expect(Object.keys(await read("model.safetensors.index.json"))).toEqual(["metadata", "weight_map"]);
    const found = await fromPretrained(folder, { architecture: GPT2LMHeadModel });
    for (const [name, value] of Object.entries(model.stateDict())) {
      expect(found.model.stateDict()[name]!.equal(value), name).toBe(true);
    }
  });

  test("weights in several files", async () => {
    const model = await written();
    const { "lm_head.weight": _, ...state } = model.stateDict();
    const names = Object.keys(state);
    const [first, second] = [names.slice(0, 9), names.slice(9)];
    const part = (some: string[]) => Object.fromEntries(some.map((name) => [name, state[name]!]));
    await save(part(first), join(folder, "model-00001-of-00002.safetensors"));
    await save(part(second), join(folder, "model-00002-of-00002.safetensors"));
    await rm(join(folder, "model.safetensors"));
    const weight_map = Object.fromEntries(
      names.map((name) => [name, `model-0000${first.includes(name) ? 1 : 2}-of-00002.safetensors`]),
    );
    await json("model.safetensors.index.json", { weight_map });
    const found = await fromPretrained(folder);
    expect(found.model.stateDict()["transformer.h.1.mlp.c_fc.weight"]!.equal(state["transformer.h.1.mlp.c_fc.weight"]!))
      .toBe(true);
    await rm(join(folder, "model-00002-of-00002.safetensors"));
    await expect(fromPretrained(folder)).rejects.toThrow(/lacks model-00002-of-00002.safetensors, which its model/);
    await json("model.safetensors.index.json", { weight_map: { a: "../../secret" } });
    await expect(fromPretrained(folder)).rejects.toThrow(/"..\/..\/secret" is no name of a file/);
  });

  test("PyTorch's files, in one piece or several, where there is no safetensors", async () => {
    const model = await written();
    await rm(join(folder, "model.safetensors"));
    // PyTorch writes a tied weight under each of its names.
    const state = model.stateDict();
    await save(state, join(folder, "pytorch_model.bin"), { format: "pytorch" });
    const expectSame = async (): Promise<void> => {
      const { model: found } = await fromPretrained(folder, { architecture: GPT2LMHeadModel });
      expect(found.forward(ids()).equal(model.forward(ids()))).toBe(true);
    };
    await expectSame();
    await rm(join(folder, "pytorch_model.bin"));
    const weight_map: Record<string, string> = {};
    for (const part of [0, 1, 2]) {
      const names = Object.keys(state).filter((_, i) => i % 3 === part);
      for (const name of names) weight_map[name] = `pytorch_model-${part}.bin`;
      const some = Object.fromEntries(names.map((name) => [name, state[name]!]));
      await save(some, join(folder, `pytorch_model-${part}.bin`), { format: "pytorch" });
    }
    await json("pytorch_model.bin.index.json", { weight_map });
    await expectSame();
  });

  test("dtypes and options replace those of the files", async () => {
    await written();
    const { model } = await fromPretrained(folder, { dtype: "bfloat16", architecture: GPT2LMHeadModel });
    expect(model.transformer.wte.weight.dtype).toBe("bfloat16");
    expect(model.forward(ids()).dtype).toBe("bfloat16");
    const { config } = await fromPretrained(folder, { config: { resid_pdrop: 0 } });
    expect(config["resid_pdrop"]).toBe(0);
  });
});

describe("published names", () => {
  test("files without the prefix, with buffers of masks, and without the tied output layer", async () => {
    const model = await written((state) => ({
      ...renamed(/^transformer\./, "")(state),
      "h.0.attn.bias": zeros([1, 1, 24, 24]),
      "h.0.attn.masked_bias": zeros([]),
    }));
    const { model: found, unexpectedKeys } = await fromPretrained(folder, { architecture: GPT2LMHeadModel });
    expect(unexpectedKeys).toEqual([]);
    expect(found.forward(ids()).equal(model.forward(ids()))).toBe(true);
  });

  test("BERT's norms as TensorFlow names them, its heads for pretraining, and the other model's prefix", async () => {
    const model = new BertForMaskedLM(BERT).eval();
    const state = renamed(/LayerNorm.weight$/, "LayerNorm.gamma")(
      renamed(/LayerNorm.bias$/, "LayerNorm.beta")(model.stateDict()),
    );
    const extra = { "cls.seq_relationship.weight": zeros([2, 8]), "bert.embeddings.position_ids": zeros([1, 512]) };
    await save({ ...state, ...extra }, join(folder, "model.safetensors"));
    await json("config.json", { ...BERT, model_type: "bert", architectures: ["BertForMaskedLM"] });
    const { model: found } = await fromPretrained(folder, { architecture: BertForMaskedLM });
    expect(found.forward(ids()).equal(model.forward(ids()))).toBe(true);

    // A new head: names on both sides are reported, or refused.
    await expect(fromPretrained(folder, { architecture: BertForSequenceClassification })).rejects.toThrow(
      /do not fit BertForSequenceClassification:\n {2}missing from the weights: bert.pooler.dense.weight.*classifier.bias\n {2}not in the model: cls.predictions.*\{ strict: false \}/s,
    );
    const options = { architecture: BertForSequenceClassification, strict: false, config: { num_labels: 5 } };
    const { model: classifier, missingKeys, unexpectedKeys } = await fromPretrained(folder, options);
    expect(missingKeys).toContain("classifier.weight");
    expect(unexpectedKeys).toContain("cls.predictions.bias");
    expect(classifier.forward(ids()).shape).toEqual([2, 5]);
    expect(classifier.bert.embeddings.wordEmbeddings.weight.equal(model.bert.embeddings.wordEmbeddings.weight)).toBe(
      true,
    );
    const { model: encoder } = await fromPretrained(folder, { architecture: BertModel, strict: false });
    expect(
      encoder.encoder.layer.at(1).output.LayerNorm.weight!.equal(
        model.bert.encoder.layer.at(1).output.LayerNorm.weight!,
      ),
    )
      .toBe(true);
  });

  test("labels are counted by their names", () => {
    const sizes = {
      vocab_size: 40,
      dim: 8,
      hidden_dim: 12,
      n_layers: 1,
      n_heads: 2,
      id2label: { 0: "a", 1: "b", 2: "c" },
    };
    expect(new DistilBertForSequenceClassification(sizes).forward(ids()).shape).toEqual([2, 3]);
  });
});

describe("what does not fit is refused by name", () => {
  const cases: [string, object, RegExp][] = [
    [
      "an unknown architecture",
      { architectures: ["WhaleModel"], model_type: "whale" },
      /"WhaleModel" of model_type "whale".*GPT2LMHeadModel.*T5For/,
    ],
    [
      "another class of a known family",
      { architectures: ["GPT2ForTokenClassification"] },
      /known are GPT2LMHeadModel, GPT2Model, as \{ architecture: GPT2LM/,
    ],
    ["a size that is none", { n_embd: -8 }, /n_embd -8; expected an integer from 1/],
    ["a size too large", { vocab_size: 1e12 }, /vocab_size 1000000000000; expected an integer from 1/],
    ["layers without end", { n_layer: 1e6 }, /n_layer 1000000; expected an integer from 1 to 1024/],
    ["more memory than there is", { vocab_size: 2 ** 26, n_embd: 2 ** 26 }, /./],
    ["a size of another type", { n_layer: "2" }, /n_layer "2"; expected a number/],
    ["heads that do not divide", { n_head: 3 }, /8 features cannot be split into 3 heads/],
    ["an activation", { activation_function: "laplace" }, /"laplace" is not supported; only gelu/],
    ["cross attention", { add_cross_attention: true }, /add_cross_attention true is not supported/],
    ["other sizes", { n_embd: 16 }, /has shape \[.*8\] in the state/],
    ["more layers", { n_layer: 3 }, /missing from the weights: transformer.h.2.ln_1.weight/],
    ["fewer layers", { n_layer: 1 }, /not in the model: transformer.h.1.ln_1.weight/],
  ];
  test.each(cases)("%s", async (_, config, message) => {
    await written(undefined, config);
    await expect(fromPretrained(folder)).rejects.toThrow(message);
  });

  test("no memory stays", async () => {
    for (const config of [{ n_embd: 16 }, { n_layer: 3 }, { n_layer: 1 }]) {
      await written(undefined, config);
      const tensors = () => memory().storages;
      const attempt = () => expect(fromPretrained(folder)).rejects.toThrow(/embed|transformer/);
      await attempt();
      const before = tensors();
      await attempt();
      // The garbage of earlier tests may be collected meanwhile.
      expect(tensors()).toBeLessThanOrEqual(before);
    }
  });

  test("files that are missing or damaged", async () => {
    await expect(fromPretrained(folder)).rejects.toThrow(/has no config.json/);
    await written();
    await writeFile(join(folder, "config.json"), "{ no");
    await expect(fromPretrained(folder)).rejects.toThrow(/config.json is no JSON/);
    await writeFile(join(folder, "config.json"), "[1]");
    await expect(fromPretrained(folder)).rejects.toThrow(/should hold an object/);
    await written();
    await json("tokenizer.json", { model: { type: "Alien" } });
    await expect(fromPretrained(folder)).rejects.toThrow(/tokenizer.json: /);
    await rm(join(folder, "tokenizer.json"));
    await writeFile(join(folder, "model.safetensors"), "not a model, but a text");
    await expect(fromPretrained(folder)).rejects.toThrow(/model.safetensors/);
    await rm(join(folder, "model.safetensors"));
    await expect(fromPretrained(folder)).rejects.toThrow(/has no weights: none of model.safetensors/);
    await expect(fromPretrained("../no/such folder")).rejects.toThrow(/is no folder here, no address/);
  });

  test("a class of another architecture, and weights of which no name matches, even if not strict", async () => {
    await written();
    for (const strict of [true, false]) {
      await expect(fromPretrained(folder, { architecture: BertModel, strict })).rejects.toThrow(
        'config.json has the model_type "gpt2", but BertModel is of "bert"; known for it are GPT2LMHeadModel, GPT2Model',
      );
    }
    await written(renamed(/^/, "other."));
    await expect(fromPretrained(folder, { architecture: GPT2LMHeadModel, strict: false })).rejects.toThrow(
      /no name in the weights of .* is one of GPT2LMHeadModel, whose parameters would stay random; they have other\./,
    );
  });

  test("a class is free for a model_type that is unknown here", async () => {
    await written((state) => state, { model_type: "like_gpt2" });
    const { model } = await fromPretrained(folder, { architecture: GPT2LMHeadModel });
    expect(model).toBeInstanceOf(GPT2LMHeadModel);
  });

  test("a model with adapters, merged or not, is not saved until they are removed", async () => {
    const model = new GPT2LMHeadModel(GPT2);
    addLora(model, { rank: 2, targets: ["c_attn"] });
    const refused = () =>
      expect(savePretrained(model, join(folder, "new"))).rejects.toThrow(
        /has LoRA adapters .*saveLora\(model, folder\) .*mergeLora\(model\) and removeLora\(model, \{ keepMerged: true \}\)/,
      );
    await refused();
    mergeLora(model);
    await refused();
    await expect(readFile(join(folder, "new", "config.json"))).rejects.toThrow("ENOENT");
    removeLora(model, { keepMerged: true });
    await savePretrained(model, join(folder, "new"));
    expect((await fromPretrained(join(folder, "new"))).missingKeys).toEqual([]);
  });

  test("a class without a name in Hugging Face is not saved", async () => {
    class Own extends GPT2LMHeadModel {}
    await expect(savePretrained(new Own(GPT2), folder)).rejects.toThrow(/Own has no name in Hugging Face/);
  });
});

test("rope scaling, RoBERTa's positions and T5's sizes are checked", () => {
  const sizes = { vocab_size: 40, hidden_size: 8, intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2 };
  const scaled = (rope_scaling: object) => () =>
    new LlamaForCausalLM({ ...sizes, rope_scaling: rope_scaling as never });
  expect(scaled({ rope_type: "longrope" })).toThrow(/"longrope" is not supported; only default, linear, llama3, yarn/);
  expect(scaled({ type: "linear" })).toThrow(/rope_scaling has factor undefined; expected a positive number/);
  const roberta = new RobertaForMaskedLM({ ...BERT, max_position_embeddings: 4 });
  expect(() => roberta.forward(ids())).toThrow(/3 positions, but the model has 2/);
  expect(() => new T5ForConditionalGeneration({ feed_forward_proj: "gated-laplace" })).toThrow(
    /"laplace" is not supported/,
  );
});

test("a key in camelCase is an error that names the right one", () => {
  expect(() => new GPT2LMHeadModel({ vocabSize: 50 } as object)).toThrow(
    'GPT2: the configuration has the key "vocabSize"; as in config.json it is vocab_size',
  );
  expect(() => new LlamaForCausalLM({ hiddenSize: 8 } as object)).toThrow("it is hidden_size");
  expect(() => new BertModel({ isDecoder: true } as object)).toThrow("it is is_decoder");
  expect(() => new BertForSequenceClassification({ ...BERT, numLabels: 3 } as object)).toThrow("it is num_labels");
  expect(() => new BertModel({ ...BERT, useCache: true } as object)).not.toThrow();
});

test("the README's table has the architectures", async () => {
  const lines = (await readFile(new URL("../../README.md", import.meta.url), "utf8")).split("\n");
  const rows = lines.slice(lines.findIndex((line) => line.startsWith("| `model_type`")) + 2);
  const found = rows.slice(0, rows.indexOf("")).flatMap((line) => {
    const [type, names] = line.split("|").slice(1, 3).map((cell) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word!)
    );
    return names!.map((name) => ({ name, modelType: type![0]! }));
  });
  expect(found).toEqual(knownArchitectures);
});

test("a loaded model is trained further", async () => {
  await written();
  const { model } = await fromPretrained(folder, { architecture: GPT2LMHeadModel });
  model.train();
  const loss = nextTokenLoss(model.forward(ids()), ids());
  loss.backward();
  expect(model.parameters().every((parameter) => parameter.grad !== null)).toBe(true);
});
