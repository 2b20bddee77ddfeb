import { noGrad } from "@heddle/autograd";
import { arange, keep, memory, ones, randn, scope, type Tensor, zeros } from "@heddle/tensor";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { BatchNorm1d } from "./batch_norm.ts";
import { ModuleList, Sequential } from "./container.ts";
import { Conv2d } from "./conv.ts";
import { Dropout } from "./dropout.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { ReLU } from "./rectifier.ts";

class Net extends Module {
  readonly scale: Parameter = new Parameter(ones([1]));
  readonly body: Sequential = new Sequential(new Linear(4, 3), new BatchNorm1d(3), new ReLU(), new Dropout(0.5));
  readonly head: Linear = new Linear(3, 2, { bias: false });
  declare readonly steps: Tensor;
  declare readonly scratch: Tensor;

  constructor() {
    super();
    this.registerBuffer("steps", zeros([1]));
    this.registerBuffer("scratch", zeros([2]), { persistent: false });
  }

  forward(x: Tensor): Tensor {
    return this.head.forward(this.body.forward(x)).mul(this.scale);
  }
}

/** Two layers with one weight, as a language model's embedding and output. */
class Tied extends Module {
  readonly first: Linear = new Linear(3, 3);
  readonly second: Linear = new Linear(3, 3);

  constructor() {
    super();
    this.second.weight = this.first.weight;
  }
}

describe("what a module finds", () => {
  test("parameters in order, its own before those of the modules within", () => {
    expect(new Net().namedParameters().map(([name, { shape }]) => [name, shape])).toEqual([
      ["scale", [1]],
      ["body.0.weight", [3, 4]],
      ["body.0.bias", [3]],
      ["body.1.weight", [3]],
      ["body.1.bias", [3]],
      ["head.weight", [2, 3]],
    ]);
    expect(new Net().namedParameters("net")[1]![0]).toBe("net.body.0.weight");
  });

  test("buffers, modules and children", () => {
    const net = new Net();
    expect(net.namedBuffers().map(([name]) => name)).toEqual([
      "steps",
      "scratch",
      "body.1.running_mean",
      "body.1.running_var",
      "body.1.num_batches_tracked",
    ]);
    expect(net.namedModules().map(([name]) => name)).toEqual([
      "",
      "body",
      "body.0",
      "body.1",
      "body.2",
      "body.3",
      "head",
    ]);
    expect(net.namedChildren()).toEqual([["body", net.body], ["head", net.head]]);
    expect(net.buffers()[0]).toBe(net.steps);
  });

  test("a shared parameter or module once, under its first name; the state dict has every name", () => {
    const tied = new Tied();
    expect(tied.namedParameters().map(([name]) => name)).toEqual(["first.weight", "first.bias", "second.bias"]);
    expect(Object.keys(tied.stateDict())).toEqual(["first.weight", "first.bias", "second.weight", "second.bias"]);
    const layer = new Linear(2, 2);
    const twice = new Sequential(layer, layer);
    expect(twice.parameters()).toHaveLength(2);
    expect(twice.namedModules().map(([name]) => name)).toEqual(["", "0"]);
    expect(Object.keys(twice.stateDict())).toHaveLength(4);
  });

  test("a buffer needs a name, and is no parameter", () => {
    const net = new Net();
    expect(() => net.registerBuffer("a.b", zeros([1]))).toThrow(/"a.b" is no name/);
    expect(() => net.registerBuffer("p", new Parameter(zeros([1])))).toThrow(/"p" is a Parameter/);
  });

  test("a buffer that is assigned anew is the new tensor", () => {
    const net = new Net();
    (net as { steps: Tensor }).steps = keep(ones([1]));
    expect(net.stateDict().steps!.item()).toBe(1);
  });
});

describe("modes", () => {
  test("train and eval reach every module, and answer the module", () => {
    const net = new Net();
    expect(net.modules().every((module) => module.training)).toBe(true);
    expect(net.eval()).toBe(net);
    expect(net.modules().some((module) => module.training)).toBe(false);
    net.train();
    expect(net.body.at(3).training).toBe(true);
  });

  test("apply visits those within first", () => {
    const seen: string[] = [];
    new Net().apply((module) => seen.push(module.constructor.name));
    expect(seen).toEqual(["Linear", "BatchNorm1d", "ReLU", "Dropout", "Sequential", "Linear", "Net"]);
  });

  test("requiresGrad_ freezes: no gradients, and none computed", () => {
    const net = new Net();
    net.body.requiresGrad_(false);
    net.forward(randn([5, 4])).sum().backward();
    expect(net.namedParameters().filter(([, { grad }]) => grad !== null).map(([name]) => name)).toEqual([
      "scale",
      "head.weight",
    ]);
  });

  test("zeroGrad forgets gradients and frees their memory", () => {
    const net = new Net();
    const before = memory().storages;
    const inner = scope();
    net.forward(randn([5, 4])).sum().backward();
    inner.end();
    expect(memory().storages).toBe(before + net.parameters().length);
    net.zeroGrad();
    expect(memory().storages).toBe(before);
    expect(net.scale.grad).toBeNull();
  });
});

describe("to", () => {
  test("casts parameters, buffers and gradients of floating point in place; integers stay", () => {
    const net = new Net();
    const weight = net.head.weight;
    const values = weight.toArray();
    net.forward(randn([5, 4])).sum().backward();
    expect(net.to("float64")).toBe(net);
    expect(net.head.weight).toBe(weight);
    expect([weight.dtype, weight.requiresGrad, weight.grad!.dtype]).toEqual(["float64", true, "float64"]);
    expect(weight.toArray()).toEqual(values);
    expect(net.stateDict()["body.1.num_batches_tracked"]!.dtype).toBe("int32");
    expect(net.steps.dtype).toBe("float64");
    expect(net.forward(randn([5, 4], { dtype: "float64" })).dtype).toBe("float64");
  });

  test("training goes on with the same parameters", () => {
    const layer = new Linear(2, 1);
    const [weight] = layer.parameters();
    layer.to("float64");
    layer.forward(ones([2], { dtype: "float64" })).sum().backward();
    noGrad(() => weight!.sub_(weight!.grad!));
    expect(layer.weight.grad!.toArray()).toEqual([[1, 1]]);
    expect(layer.weight).toBe(weight);
  });

  test("tied parameters stay tied, and inside a scope nothing is lost", () => {
    const tied = new Tied();
    const inner = scope();
    tied.to("float64");
    inner.end();
    expect(tied.second.weight).toBe(tied.first.weight);
    expect(tied.first.weight.sum().dtype).toBe("float64");
  });

  test("devices and dtypes that do not fit are refused", () => {
    expect(() => new Linear(2, 2).to("int32")).toThrow(
      /Module.to: parameters are floating-point, they cannot become int32/,
    );
    expect(() => new Linear(2, 2).to("nowhere" as string)).toThrow(/there is no device "nowhere"/);
  });

  test("moves to a device", () => {
    const layer = new Linear(2, 2).to("null");
    expect(layer.weight.device.name).toBe("null");
    expect(layer.bias!.device.name).toBe("null");
  });
});

describe("printing", () => {
  test("the tree as PyTorch draws it", () => {
    const text = `Net(
  (body): Sequential(
    (0): Linear(inFeatures=4, outFeatures=3, bias=true)
    (1): BatchNorm1d(3, eps=0.00001, momentum=0.1, affine=true, trackRunningStats=true)
    (2): ReLU()
    (3): Dropout(p=0.5)
  )
  (head): Linear(inFeatures=3, outFeatures=2, bias=false)
)`;
    expect(String(new Net())).toBe(text);
    expect(inspect(new Net())).toBe(text);
  });

  test("a list and an empty sequence", () => {
    expect(String(new ModuleList([new Conv2d(1, 2, 3, { padding: 1, groups: 1 })]))).toBe(
      "ModuleList(\n  (0): Conv2d(1, 2, kernelSize=[3, 3], stride=[1, 1], padding=[1, 1])\n)",
    );
    expect(String(new Sequential())).toBe("Sequential()");
  });

  test("the summary counts tied parameters once and names frozen ones", () => {
    const tied = new Tied();
    tied.second.bias!.requiresGrad = false;
    expect(tied.summary().split("\n")).toEqual([
      "layer   type    parameters                               count",
      "──────────────────────────────────────────────────────────────",
      "first   Linear  weight [3, 3], bias [3]                     12",
      "second  Linear  weight [3, 3] (tied), bias [3] (frozen)      3",
      "──────────────────────────────────────────────────────────────",
      "15 parameters (60 B), 12 trainable, 3 frozen",
    ]);
  });

  test("the summary of larger ones, with parameters beside modules", () => {
    class Wide extends Module {
      readonly table: Parameter = new Parameter(zeros([1000, 300]));
      readonly act: ReLU = new ReLU();
    }
    const lines = new Wide().summary().split("\n");
    expect(lines[2]).toBe("(root)  Wide  table [1000, 300]  300,000");
    expect(lines[3]).toMatch(/^act +ReLU +0$/);
    expect(lines.at(-1)).toBe("300,000 parameters (1.1 MiB), 300,000 trainable");
  });
});

test("a network written as a class trains inside scopes without leaking", () => {
  const net = new Net().eval();
  const x = keep(arange(20).reshape(5, 4).div(10));
  const before = memory().storages;
  const losses: number[] = [];
  for (let step = 0; step < 30; step++) {
    const inner = scope();
    const loss = net.forward(x).sub(1).square().mean();
    net.zeroGrad();
    loss.backward();
    noGrad(() => net.parameters().forEach((parameter) => parameter.sub_(parameter.grad!.mul(0.05))));
    losses.push(loss.item());
    inner.end();
  }
  net.zeroGrad();
  expect(memory().storages).toBe(before);
  expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
});

describe("modules nested thousands deep", () => {
  const nested = (depth: number): Module => {
    let module: Module & { forward(x: Tensor): Tensor } = new Linear(1, 1);
    for (let i = 0; i < depth; i++) module = new Sequential(module);
    return module;
  };

  test.each<[string, (module: Module) => unknown]>([
    ["parameters", (m) => m.parameters()],
    ["namedModules", (m) => m.namedModules()],
    ["stateDict", (m) => m.stateDict()],
    ["loadStateDict", (m) => m.loadStateDict({})],
    ["train", (m) => m.train()],
    ["apply", (m) => m.apply(() => {})],
    ["to", (m) => m.to("float64")],
    ["summary", (m) => m.summary()],
    ["String", (m) => String(m)],
  ])("%s says so", (_, walk) => {
    expect(() => walk(nested(20_000))).toThrow(/^Sequential: modules are nested more than 1000 deep/);
  });

  test("1000 are walked", () => {
    expect(nested(1000).parameters()).toHaveLength(2);
    expect(Object.keys(nested(1000).stateDict())).toHaveLength(2);
    expect(String(nested(1000)).split("\n")).toHaveLength(2001);
  });
});

test.each(["train", "forward", "parameters", "to", "eval", "stateDict", "children"])(
  "a field that hides the method %s is an error",
  (name) => {
    class Net extends Module {
      readonly layer = new Linear(2, 2);
      forward(x: Tensor): Tensor {
        return this.layer.forward(x);
      }
    }
    for (const value of [new Linear(2, 2), new Parameter(ones([1])), 3]) {
      const net = Object.assign(new Net(), { [name]: value });
      expect(() => new Sequential(net).parameters()).toThrow(
        new TypeError(`Net.${name} is a field that hides the method ${name}(); choose another name for it`),
      );
    }
    const own = Object.assign(new Net(), { forward: (x: Tensor) => x });
    expect(new Sequential(own).parameters()).toHaveLength(2);
  },
);
