import { noGrad } from "@heddle/autograd";
import { Conv2d, Embedding, Linear, Module, Sequential } from "@heddle/nn";
import { encode, load } from "@heddle/store";
import { Generator, randn, scope, type Tensor, tensor, zeros } from "@heddle/tensor";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  addLora,
  loadLora,
  type LoraConfig,
  loraConfig,
  type LoraFiles,
  loraStateDict,
  removeLora,
  saveLora,
  useLora,
} from "../lora.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-lora-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const generator = new Generator(11);

class Net extends Module {
  words: Embedding = new Embedding(10, 6, { generator });
  layers: Sequential = new Sequential(new Linear(6, 8, { generator }), new Linear(8, 4, { generator }));
  picture: Conv2d = new Conv2d(1, 2, 3, { generator });
  forward(indices: Tensor): Tensor {
    const x = this.layers.forward(this.words.forward(indices));
    return this.picture.forward(x.unsqueeze(1));
  }
}

const net = new Net();
const indices = tensor([[1, 2, 3], [4, 5, 9]], { dtype: "int32" });
const everything = {
  rank: 2,
  alpha: 6,
  targets: ["words", "layers.*", "picture"],
  bias: "all",
  rslora: true,
  dropout: 0.25,
} as const;

function stirred(model: Module): void {
  addLora(model, everything);
  noGrad(() => {
    for (const each of model.parameters()) if (each.requiresGrad) each.uniform_(-1, 1, { generator });
  });
}

test("an adapter is written in PEFT's layout, and acts on a fresh copy of its base", async () => {
  using _ = scope();
  const base = net.stateDict();
  const values = Object.fromEntries(Object.entries(base).map(([name, each]) => [name, each.clone()]));
  stirred(net);
  net.eval();
  const wanted = net.forward(indices).detach();
  const path = join(folder, "new", "adapter");
  await saveLora(net, path);
  expect(readdirSync(path).sort()).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
  expect(JSON.parse(readFileSync(join(path, "adapter_config.json"), "utf8"))).toMatchObject({
    peft_type: "LORA",
    r: 2,
    lora_alpha: 6,
    lora_dropout: 0.25,
    use_rslora: true,
    bias: "all",
    fan_in_fan_out: false,
    target_modules: ["words", "layers.0", "layers.1", "picture"],
  });
  const state = await load(join(path, "adapter_model.safetensors"));
  expect(Object.entries(state).map(([name, { shape }]) => `${name} ${shape}`).sort()).toEqual([
    "base_model.model.layers.0.base_layer.bias 8",
    "base_model.model.layers.0.lora_A.weight 2,6",
    "base_model.model.layers.0.lora_B.weight 8,2",
    "base_model.model.layers.1.base_layer.bias 4",
    "base_model.model.layers.1.lora_A.weight 2,8",
    "base_model.model.layers.1.lora_B.weight 4,2",
    "base_model.model.picture.base_layer.bias 2",
    "base_model.model.picture.lora_A.weight 2,1,3,3",
    "base_model.model.picture.lora_B.weight 2,2,1,1",
    "base_model.model.words.lora_embedding_A 2,10",
    "base_model.model.words.lora_embedding_B 6,2",
  ]);
  const fresh = new Net();
  fresh.loadStateDict(values);
  fresh.eval();
  const { layers } = await loadLora(fresh, path, { adapter: "loaded" });
  expect(layers.length).toBe(4);
  expect(fresh.forward(indices).equal(wanted)).toBe(true);
  expect(Object.keys(loraStateDict(fresh, { adapter: "loaded" })).length).toBe(11);
  useLora(fresh, null);
  expect(fresh.forward(indices).equal(wanted)).toBe(false);
  removeLora(net);
});

/** A file's parts that fit, to be changed. */
async function parts(
  change: (config: Record<string, unknown>, state: Record<string, Tensor>) => void,
): Promise<LoraFiles> {
  const model = new Net();
  addLora(model, { rank: 2, targets: ["layers.*"] });
  const config = { ...loraConfig(model) } as Record<string, unknown>, state = loraStateDict(model);
  change(config, state);
  return { config: config as unknown as LoraConfig, weights: await encode(state, { format: "safetensors" }) };
}

const key = "base_model.model.layers.0.lora_A.weight";
const misfits: readonly (readonly [change: Parameters<typeof parts>[0], message: string])[] = [
  [(config) => config["peft_type"] = "IA3", 'peft_type is "IA3"; only "LORA" is supported'],
  [(config) => config["use_dora"] = true, "use_dora is true, which is not supported"],
  [(config) => config["rank_pattern"] = { a: 4 }, 'rank_pattern is {"a":4}'],
  [(config) => config["r"] = 2 ** 40, "r is 1099511627776, no rank"],
  [(config) => config["r"] = 3, `${key} has shape [2, 6], but rank 3 of this layer needs [3, 6]`],
  [(config) => config["lora_alpha"] = "8", 'lora_alpha is "8"'],
  [(config) => config["bias"] = "some", 'bias is "some"'],
  [(_, state) => delete state[key], `${key} has no values`],
  [
    (_, state) => state["base_model.model.head.lora_A.weight"] = zeros([2, 2]),
    'an adapter for "head", which is not in the model',
  ],
  [
    (_, state) => state["base_model.model.layers.lora_A.weight"] = zeros([2, 2]),
    'an adapter for "layers", which has no weight of its own',
  ],
  [(_, state) => state["other"] = zeros([1]), "other of shape [1] has no place in the model"],
  [(_, state) => state["base_model.model.layers.0.bias"] = zeros([8]), "has no place in the model"],
  [(_, state) => Object.keys(state).forEach((each) => delete state[each]), "has no factors"],
];
test.each(misfits)("what does not fit is refused and changes nothing: %#", async (change, message) => {
  const model = new Net();
  const before = model.namedParameters().map(([name, { requiresGrad }]) => [name, requiresGrad]);
  await expect(parts(change).then((files) => loadLora(model, files))).rejects.toThrow(message);
  expect(model.namedParameters().map(([name, { requiresGrad }]) => [name, requiresGrad])).toEqual(before);
});

test("files that PEFT wrote before it called wrapped layers base_layer", async () => {
  const model = new Net(), bias = randn([8], { generator });
  const files = await parts((config, state) => {
    config["bias"] = "lora_only";
    state["base_model.model.layers.0.bias"] = bias;
  });
  await loadLora(model, files);
  expect((model.layers.at(0) as Linear).bias!.equal(bias)).toBe(true);
});

test("a folder without a configuration", async () => {
  await expect(loadLora(new Net(), join(folder, "none"))).rejects.toThrow("adapter_config.json");
  writeFileSync(join(folder, "adapter_config.json"), "{");
  await expect(loadLora(new Net(), folder)).rejects.toThrow("adapter_config.json is no JSON");
});
