import { Generator, memory, ones, randn, scope, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { BatchNorm1d } from "./batch_norm.ts";
import { ModuleDict, ModuleList, Sequential } from "./container.ts";
import { deepCopy } from "./deep_copy.ts";
import { Dropout } from "./dropout.ts";
import { GroupConv2d } from "./group_conv.ts";
import { Linear } from "./linear.ts";
import { CrossEntropyLoss } from "./loss.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { ParameterList } from "./parameter_container.ts";
import { ReLU } from "./rectifier.ts";

class Net extends Module {
  readonly first: Linear = new Linear(3, 3);
  readonly second: Linear = new Linear(3, 3);
  readonly body: Sequential = new Sequential(new BatchNorm1d(3), new ReLU());
  readonly heads = new ModuleDict({ a: new Linear(3, 2), b: new Linear(3, 2) });
  readonly list: ModuleList<Linear> = new ModuleList([new Linear(3, 3)]);
  readonly extra: ParameterList = new ParameterList([ones([2])]);
  readonly sizes: number[] = [1, 2];
  declare readonly scratch: Tensor;

  constructor() {
    super();
    this.second.weight = this.first.weight;
    this.registerBuffer("scratch", zeros([2]), { persistent: false });
  }

  forward(x: Tensor): Tensor {
    const hidden = this.body.forward(this.second.forward(this.first.forward(x)));
    return this.heads.get("a").forward(this.list.at(0).forward(hidden)).mul(this.extra.at(0));
  }
}

const values = (module: Module): unknown[] => Object.values(module.stateDict()).map((value) => value.toArray());

describe("deepCopy", () => {
  test("is equal, answers the same, and shares nothing", () => {
    const net = new Net();
    net.forward(randn([4, 3]));
    const copy = deepCopy(net);
    expect(copy).toBeInstanceOf(Net);
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(net.stateDict()));
    expect(values(copy)).toEqual(values(net));
    const x = randn([4, 3]);
    expect(copy.eval().forward(x).equal(net.eval().forward(x))).toBe(true);

    const before = values(net);
    for (const tensor of [...copy.parameters(), ...copy.buffers()]) tensor.detach().fill_(9);
    copy.sizes.push(3);
    copy.train();
    expect(values(net)).toEqual(before);
    expect([net.sizes, net.training, net.scratch.toArray()]).toEqual([[1, 2], false, [0, 0]]);
  });

  test("keeps ties, frozen parameters, modes, and which buffers are persistent", () => {
    const net = new Net();
    net.body.eval();
    net.first.requiresGrad_(false);
    const copy = deepCopy(net);
    expect(copy.second.weight).toBe(copy.first.weight);
    expect(copy.first.weight).not.toBe(net.first.weight);
    expect(copy.first.weight).toBeInstanceOf(Parameter);
    expect([copy.first.weight.requiresGrad, copy.heads.get("a").weight.requiresGrad]).toEqual([false, true]);
    expect([copy.body.at(0).training, copy.training]).toEqual([false, true]);
    expect(copy.namedBuffers().map(([name]) => name)).toContain("scratch");
    expect(Object.keys(copy.stateDict())).not.toContain("scratch");
    const layer = new Linear(2, 2);
    const twice = deepCopy(new Sequential(layer, layer));
    expect(twice.at(0)).toBe(twice.at(1));
  });

  test("gradients and hooks stay behind", () => {
    const layer = new Linear(2, 1);
    layer.forward(ones([1, 2])).sum().backward();
    let calls = 0;
    layer.registerForwardHook(() => void calls++);
    const copy = deepCopy(layer);
    copy.forward(ones([1, 2])).sum().backward();
    expect(calls).toBe(0);
    expect(copy.weight.grad!.toArray()).toEqual([[1, 1]]);
    expect(layer.weight.grad!.toArray()).toEqual([[1, 1]]);
  });

  test("tensors among options are copied, generators and functions are shared", () => {
    class Scaled extends Module {
      readonly options = { scale: tensor([1, 2]) };
    }
    const scaled = new Scaled();
    deepCopy(scaled).options.scale.fill_(0);
    expect(scaled.options.scale.toArray()).toEqual([1, 2]);
    const criterion = new CrossEntropyLoss({ weight: tensor([1, 2]) });
    deepCopy(criterion).weight!.fill_(0);
    expect(criterion.weight!.toArray()).toEqual([1, 2]);
    const generator = new Generator(3);
    expect(deepCopy(new Dropout(0.5, { generator })).generator).toBe(generator);
  });

  test("a layer with tables of its own works on", () => {
    const layer = new GroupConv2d(1, 2, 3);
    const x = randn([1, 1, 4, 5, 5]);
    expect(deepCopy(layer).forward(x).equal(layer.forward(x))).toBe(true);
  });

  test("outlives the scope that it is made in, which keeps nothing else", () => {
    const net = new Net();
    const before = memory().storages;
    const inner = scope();
    const copy = deepCopy(net);
    inner.end();
    // The weights that are tied are one tensor.
    const owned = new Set([...copy.parameters(), ...copy.buffers()]).size;
    expect(memory().storages - before).toBe(owned);
    expect(copy.forward(randn([4, 3])).shape).toEqual([4, 2]);
  });

  test("what cannot be copied", () => {
    class Arrow extends Module {
      fc = new Linear(1, 1);
      forward: (x: Tensor) => Tensor = (x) => this.fc.forward(x);
    }
    expect(() => deepCopy(new Sequential(new Arrow()))).toThrow(
      /^deepCopy: Sequential.layers.0.forward is a function in a property/,
    );
    class Cached extends Module {
      last: Tensor | null = ones([1], { requiresGrad: true }).mul(2);
    }
    expect(() => deepCopy(new Cached())).toThrow("deepCopy: Cached.last was computed (by mul)");
  });
});
