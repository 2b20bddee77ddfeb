import { noGrad } from "@heddle/autograd";
import {
  Conv2d,
  deepCopy,
  Embedding,
  functional as F,
  Linear,
  Module,
  Parameter,
  Sequential,
  TransformerEncoderLayer,
} from "@heddle/nn";
import { fromTypedArray, Generator, keep, ones, randn, scope, type Tensor, tensor, zeros } from "@heddle/tensor";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { addLora, loraAdapters, loraStateDict, mergeLora, removeLora, unmergeLora, useLora } from "../lora.ts";

interface Recorded {
  readonly dtype: "float32" | "int32";
  readonly shape: number[];
  readonly data: string;
}

interface Case {
  readonly name: string;
  readonly layer: "Linear" | "Conv1D" | "Embedding" | "Conv2d";
  readonly options: { readonly stride?: number; readonly padding?: number; readonly dilation?: number };
  readonly rank: number;
  readonly alpha: number;
  readonly rslora: boolean;
  readonly bias: Recorded | null;
  readonly grads: readonly Recorded[];
  readonly input: Recorded;
  readonly weight: Recorded;
  readonly A: Recorded;
  readonly B: Recorded;
  readonly output: Recorded;
  readonly gradOutput: Recorded;
  readonly merged: Recorded;
}

const path = join(dirname(fileURLToPath(import.meta.url)), "../../../../conformance/fixtures/lora.json");
const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: Case[] };

function recorded({ dtype, shape, data }: Recorded): Tensor {
  const bytes = Uint8Array.from(Buffer.from(data, "base64")).buffer;
  return fromTypedArray(dtype === "int32" ? new Int32Array(bytes) : new Float32Array(bytes), shape, { device: "cpu" });
}

/** GPT-2's layer, as Hugging Face has it. */
class Conv1D extends Module {
  weight: Parameter;
  bias: Parameter;

  constructor(from: number, to: number) {
    super();
    this.weight = new Parameter(zeros([from, to]));
    this.bias = new Parameter(zeros([to]));
  }

  forward(x: Tensor): Tensor {
    return F.linear(x, this.weight.t(), this.bias);
  }
}

type Layered = Module & { weight: Parameter; forward(x: Tensor): Tensor };

function layerOf({ layer, weight: { shape }, options }: Case): Layered {
  const [a, b, c] = shape as [number, number, number];
  if (layer === "Linear") return new Linear(b, a);
  if (layer === "Conv1D") return new Conv1D(a, b);
  return layer === "Embedding" ? new Embedding(a, b) : new Conv2d(b, a, c, options);
}

/** Whether values are equal within 1e-6 of the largest. */
function expectNear(found: Tensor, wanted: Tensor): void {
  expect(found.shape).toEqual(wanted.shape);
  const difference = found.sub(wanted).abs().max().item(), size = wanted.abs().max().item();
  expect(difference).toBeLessThan(2e-6 * Math.max(1, size));
}

/** A layer in a model, with the recorded values, and the factors of its adapter. */
function prepared(each: Case): { model: Sequential; layer: Layered; factors: Parameter[] } {
  const layer = layerOf(each), model = new Sequential(layer as Linear);
  noGrad(() => {
    layer.weight.copy_(recorded(each.weight));
    if (each.bias !== null) (layer as Linear).bias!.copy_(recorded(each.bias));
  });
  addLora(model, { rank: each.rank, alpha: each.alpha, rslora: each.rslora, targets: "0" });
  const factors = model.parameters().filter(({ requiresGrad }) => requiresGrad);
  noGrad(() => factors.forEach((factor, i) => factor.copy_(recorded(i === 0 ? each.A : each.B))));
  return { model, layer, factors };
}

test.each(cases.map((each) => [each.name, each] as const))(
  "%s: PyTorch's values, gradients and merged weight",
  (_, each) => {
    using _scope = scope();
    const { model, layer, factors } = prepared(each);
    const input = recorded(each.input);
    const output = model.forward(input);
    expectNear(output, recorded(each.output));
    output.backward(recorded(each.gradOutput));
    factors.forEach((factor, i) => expectNear(factor.grad!, recorded(each.grads[i]!)));
    expect(layer.weight.grad).toBeNull();
    const before = layer.weight.toArray();
    // Prepared weights are cached by version.
    model.eval();
    const alone = noGrad(() => model.forward(input));
    mergeLora(model);
    expectNear(layer.weight, recorded(each.merged));
    expectNear(noGrad(() => model.forward(input)), alone);
    unmergeLora(model);
    expect(layer.weight.toArray()).toEqual(before);
    expectNear(noGrad(() => model.forward(input)), alone);
  },
);

const generator = new Generator(5);
const net = () =>
  new Sequential(
    new Linear(6, 8, { generator }),
    new Sequential(new Linear(8, 8, { generator }), new Linear(8, 3, { generator })),
  );

test("a new adapter changes nothing, and only it is trained", () => {
  using _ = scope();
  const model = net(), x = randn([2, 6], { generator }), y = keep(model.forward(x).detach());
  const names = Object.keys(model.stateDict());
  model.at(0).requiresGrad_(false);
  const { layers, trained, total } = addLora(model, { rank: 2, targets: ["0", "1.*"], dropout: 0.5 });
  expect(layers).toEqual(["0", "1.0", "1.1"]);
  expect([trained, total]).toEqual([28 + 32 + 22, 56 + 72 + 27 + 82]);
  expect(model.forward(x).equal(y)).toBe(true);
  expect(model.namedParameters().filter(([, each]) => each.requiresGrad).map(([name]) => name)).toEqual([
    "0.lora.default.A.weight",
    "0.lora.default.B.weight",
    "1.0.lora.default.A.weight",
    "1.0.lora.default.B.weight",
    "1.1.lora.default.A.weight",
    "1.1.lora.default.B.weight",
  ]);
  expect(Object.keys(loraStateDict(model)).slice(0, 2)).toEqual([
    "base_model.model.0.lora_A.weight",
    "base_model.model.0.lora_B.weight",
  ]);
  removeLora(model);
  expect(Object.keys(model.stateDict())).toEqual(names);
  expect(model.parameters().map(({ requiresGrad }) => requiresGrad)).toEqual([false, false, true, true, true, true]);
  expect(Object.getPrototypeOf(model.at(0))).toBe(Linear.prototype);
  expect(model.forward(x).equal(y)).toBe(true);
});

test("kaiming's bounds for A, zeros for B; of embeddings the reverse", () => {
  const model = new Sequential(new Linear(100, 4), new Embedding(50, 4) as never, new Conv2d(4, 8, 5) as never);
  addLora(model, { rank: 8, targets: ["0", "1", "2"], generator });
  const state = loraStateDict(model);
  const most = (name: string): number => state[`base_model.model.${name}`]!.abs().max().item();
  expect(most("0.lora_A.weight")).toBeLessThanOrEqual(0.1);
  expect(most("0.lora_A.weight")).toBeGreaterThan(0.09);
  expect(most("2.lora_A.weight")).toBeLessThanOrEqual(0.1);
  for (const name of ["0.lora_B.weight", "2.lora_B.weight", "1.lora_embedding_A"]) expect(most(name)).toBe(0);
  expect(most("1.lora_embedding_B")).toBeGreaterThan(1);
});

/** Gives the adapter that acts values other than zero. */
function stir(model: Module): void {
  noGrad(() => {
    for (const each of model.parameters()) if (each.requiresGrad) each.uniform_(-1, 1, { generator });
  });
}

test("several adapters: one acts, and is trained", () => {
  using _ = scope();
  const model = net(), x = randn([2, 6], { generator });
  const base = model.forward(x).detach();
  addLora(model, { rank: 2, targets: /^0$/, adapter: "first" });
  stir(model);
  const first = model.forward(x).detach();
  addLora(model, { rank: 3, targets: ["0", "1.1"], adapter: "second" });
  expect(model.forward(x).equal(base)).toBe(true);
  stir(model);
  const second = model.forward(x).detach();
  expect(loraAdapters(model)).toEqual(["first", "second"]);
  useLora(model, "first");
  expect(model.forward(x).equal(first)).toBe(true);
  expect(model.namedParameters().filter(([, each]) => each.requiresGrad).map(([name]) => name))
    .toEqual(["0.lora.first.A.weight", "0.lora.first.B.weight"]);
  useLora(model, null);
  expect(model.forward(x).equal(base)).toBe(true);
  expect(model.parameters().some(({ requiresGrad }) => requiresGrad)).toBe(false);
  useLora(model, "second");
  expect(model.forward(x).equal(second)).toBe(true);
  expect(first.equal(second)).toBe(false);
  mergeLora(model);
  expect(() => useLora(model, "first")).toThrow('the adapter "second" is merged; unmergeLora(model) comes first');
  expect(() => mergeLora(model)).toThrow("is merged");
  removeLora(model, { keepMerged: true });
  expectNear(model.forward(x), second);
});

test("biases are trained where asked for", () => {
  const trained = (bias: "none" | "all" | "loraOnly"): string[] => {
    const model = net();
    addLora(model, { rank: 1, targets: "1.1", bias });
    return model.namedParameters().filter(([, each]) => each.requiresGrad).map(([name]) => name).filter((name) =>
      !name.includes("lora")
    );
  };
  expect(trained("none")).toEqual([]);
  expect(trained("loraOnly")).toEqual(["1.1.bias"]);
  expect(trained("all")).toEqual(["0.bias", "1.0.bias", "1.1.bias"]);
});

test("copies, devices, dtypes and dropout keep the adapter", () => {
  using _ = scope();
  const model = net(), x = randn([2, 6], { generator });
  addLora(model, { rank: 2, targets: ["0", "1.*"], dropout: 0.9 });
  stir(model);
  model.eval();
  const y = model.forward(x).detach();
  expect(model.forward(x).equal(y)).toBe(true);
  expect(model.train().forward(x).equal(y)).toBe(false);
  const copy = deepCopy(model).eval();
  expect(copy.forward(x).equal(y)).toBe(true);
  mergeLora(copy);
  expectNear(copy.forward(x), y);
  expectNear(model.eval().forward(x), y);
  copy.to("float64");
  unmergeLora(copy);
  expectNear(copy.forward(x.to("float64")).to("float32"), y);
  model.to("reference");
  expectNear(model.forward(x.to("reference")).detach().to("cpu"), y);
});

test("layers whose owner reads their weight act too", () => {
  using _ = scope();
  for (const activation of ["relu", "gelu"] as const) {
    const layer = new TransformerEncoderLayer(8, 2, {
      dimFeedforward: 16,
      dropout: 0,
      batchFirst: true,
      activation,
      generator,
    }).eval();
    const x = randn([1, 3, 8], { generator }), y = layer.forward(x).detach();
    addLora(layer, { rank: 2, targets: "linear1" });
    stir(layer);
    const changed = layer.forward(x).detach();
    expect(changed.equal(y)).toBe(false);
    mergeLora(layer);
    expectNear(layer.forward(x), changed);
  }
});

test("what cannot have an adapter is refused, and nothing is changed", () => {
  const refused = (model: Module, options: object, message: string): void => {
    const before = model.namedParameters().map(([name, { requiresGrad }]) => [name, requiresGrad]);
    expect(() => addLora(model, { rank: 2, targets: "0", ...options })).toThrow(message);
    expect(model.namedParameters().map(([name, { requiresGrad }]) => [name, requiresGrad])).toEqual(before);
  };
  refused(net(), { targets: "q_proj" }, 'addLora: no module is called "q_proj"; there are "0", "1", "1.0", "1.1"');
  refused(new Linear(2, 2), {}, 'no module is called "0"; the model has no modules within; to adapt an imported ONNX');
  refused(net(), { targets: /^1$/ }, 'addLora: "1" (Sequential) has no weight of its own');
  refused(net(), { rank: 0 }, "rank is a whole number of at least 1, got 0");
  refused(net(), { alpha: -1 }, "alpha is a number above 0");
  refused(net(), { dropout: 1 }, "dropout is a probability below 1");
  refused(net(), { bias: "some" }, "bias is none, all, loraOnly");
  refused(net(), { adapter: "a.b" }, "an adapter's name has letters");
  refused(net(), { targets: 7 }, "targets are names of modules");
  refused(new Sequential(new Conv2d(4, 4, 3, { groups: 2 })), {}, "has 2 groups");
  refused(new Sequential(new Embedding(4, 4, { maxNorm: 1 }) as never), {}, "shortens its rows");
  const hooked = net();
  hooked.at(0).registerForwardHook(() => {});
  refused(hooked, {}, "has hooks");
  const twice = net();
  addLora(twice, { rank: 1, targets: "0" });
  refused(twice, { targets: "1.0" }, 'there is an adapter "default" already');
  expect(() => useLora(twice, "other")).toThrow('there is no adapter "other"; there are default');
  expect(() => mergeLora(net())).toThrow("no adapter acts");
  const [a, b] = [new Linear(4, 4), new Linear(4, 4)];
  b.weight = a.weight;
  const pair = new Sequential(a, b);
  addLora(pair, { rank: 1, targets: "0" });
  expect(() => mergeLora(pair)).toThrow('"0" and "1" have one weight, and only "0" has the adapter');
});

test("hooks that are registered later see the adapter's output", () => {
  using _ = scope();
  const model = net(), x = randn([1, 6], { generator });
  addLora(model, { rank: 2, targets: "0" });
  stir(model);
  let seen: Tensor | null = null;
  const wanted = model.at(0).forward(x).detach();
  using _handle = model.at(0).registerForwardHook((_module, _args, output) => void (seen = keep(output.detach())));
  model.forward(x);
  expect(seen!.equal(wanted)).toBe(true);
  removeLora(model);
  expect(model.at(0).forward(x).equal(wanted)).toBe(false);
});

test("an adapter learns what the base cannot", () => {
  const model = new Sequential(new Linear(4, 4, { generator }));
  addLora(model, { rank: 1, targets: "0", generator });
  const x = randn([64, 4], { generator }), change = tensor([1, -2, 0.5, 1]);
  const y = keep(model.forward(x).add(x.matmul(change).unsqueeze(1).mul(ones([1, 4]))).detach());
  const factors = model.parameters().filter(({ requiresGrad }) => requiresGrad);
  let loss = Infinity;
  for (let step = 0; step < 400; step++) {
    using _ = scope();
    const error = F.mseLoss(model.forward(x), y);
    model.zeroGrad();
    error.backward();
    noGrad(() => factors.forEach((each) => each.sub_(each.grad!.mul(0.1))));
    loss = error.item();
  }
  expect(loss).toBeLessThan(1e-3);
});
