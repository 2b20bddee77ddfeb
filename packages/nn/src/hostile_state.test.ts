/** Invalid states, names that are taken, and modules that contain themselves are refused or handled; none leaves anything half done. */
import { manualSeed, ones, Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { AveragedModel } from "./averaged_model.ts";
import { BatchNorm1d } from "./batch_norm.ts";
import { ModuleDict, ModuleList, Sequential } from "./container.ts";
import { deepCopy } from "./deep_copy.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { ParameterList } from "./parameter_container.ts";

const make = () => new Sequential(new Linear(2, 3), new BatchNorm1d(3));
const values = (module: Module) => Object.values(module.stateDict()).map((t) => t.toArray());

describe("loadStateDict", () => {
  const lies: [string, unknown][] = [
    ["plain objects, as JSON made them before", { 0: 1, 1: 2, 2: 3 }],
    ["arrays", [1, 2, 3]],
    ["null", null],
    ["numbers", 7],
    ["strings", "7"],
    ["typed arrays", Float32Array.of(1, 2, 3)],
    ["functions", () => ones([3])],
    ["undefined", undefined],
    ["another shape", ones([4])],
    ["another rank", ones([3, 1])],
  ];

  test.each(lies)("%s in the place of any tensor: refused by name, with nothing written", (_, lie) => {
    for (const key of Object.keys(make().stateDict())) {
      for (const wrap of [(m: Sequential) => m, (m: Sequential) => new AveragedModel(m)]) {
        const module = wrap(make());
        const name = Object.keys(module.stateDict()).find((k) => k.endsWith(key))!;
        const state: Record<string, unknown> = Object.fromEntries(
          Object.entries(wrap(make()).stateDict()).map(([k, t]) => [k, t.add(1)]),
        );
        state[name] = lie;
        const before = values(module);
        expect(() => module.loadStateDict(state as never)).toThrow(name);
        expect(values(module)).toEqual(before);
      }
    }
  });

  test("through JSON and back it is refused, with what to do", () => {
    const layer = new Linear(2, 3);
    const state = JSON.parse(JSON.stringify(layer.stateDict()));
    expect(() => layer.loadStateDict(state)).toThrow(TypeError);
    expect(() => layer.loadStateDict(state)).toThrow(
      /weight is an array of 3[\s\S]*bias is an array of 3[\s\S]*tensor\(/,
    );
    layer.loadStateDict({ weight: tensor(state.weight), bias: tensor(state.bias) });
  });

  test("undefined is missing, also where names need not be the same", () => {
    const layer = new Linear(2, 3);
    const state = { weight: undefined, bias: ones([3]) } as never;
    expect(() => layer.loadStateDict(state)).toThrow("missing from the state: weight");
    expect(layer.loadStateDict(state, { strict: false })).toEqual({ missingKeys: ["weight"], unexpectedKeys: [] });
    expect(layer.bias!.toArray()).toEqual([1, 1, 1]);
  });

  test.each([null, undefined, 7, "weight", [], new Map([["weight", ones([1])]]), ones([2])])(
    "%s is no state",
    (state) => {
      expect(() => new Linear(1, 1).loadStateDict(state as never)).toThrow(
        /^loadStateDict: (expected an|the state is)/,
      );
    },
  );

  test("fractions do not go into integers, nor anything into an expanded tensor", () => {
    class Counter extends Module {
      declare readonly count: Tensor;
      readonly wide: Parameter = new Parameter(ones([1]).expand(3));
      constructor() {
        super();
        this.registerBuffer("count", zeros([], { dtype: "int32" }));
      }
    }
    expect(() => new Counter().loadStateDict({ count: tensor(1.5), wide: ones([3]) })).toThrow(
      /wide is expanded[\s\S]*count is float32 in the state, int32 in the module/,
    );
  });

  test("integers that the buffer's dtype cannot hold are refused, with nothing written", () => {
    const layer = new BatchNorm1d(2);
    const state = { ...new BatchNorm1d(2).stateDict(), weight: tensor([5, 6]) };
    for (const value of [2n ** 40n + 5n, 2n ** 31n, -(2n ** 31n) - 1n]) {
      const wrong = { ...state, num_batches_tracked: tensor(value) };
      expect(() => layer.loadStateDict(wrong)).toThrow(
        /num_batches_tracked is int64 in the state with values that int32, .* cannot hold/,
      );
      expect(layer.weight!.toArray()).toEqual([1, 1]);
      expect(layer.numBatchesTracked!.item()).toBe(0);
    }
    layer.loadStateDict({ ...state, num_batches_tracked: tensor(2n ** 31n - 1n) });
    expect(layer.numBatchesTracked!.item()).toBe(2 ** 31 - 1);
  });

  test("names can be exchanged within one module", () => {
    const list = new ParameterList([tensor([1, 2]), tensor([3, 4])]);
    const state = list.stateDict();
    list.loadStateDict({ 0: state[1]!, 1: state[0]! });
    expect(values(list)).toEqual([[3, 4], [1, 2]]);
  });

  test("tensors of another device are brought over before anything is written", () => {
    const layer = new Linear(2, 1);
    layer.loadStateDict({ weight: ones([1, 2], { device: "reference" }), bias: ones([1], { device: "reference" }) });
    expect([layer.weight.toArray(), layer.weight.device.name]).toEqual([[[1, 1]], "cpu"]);
  });

  test("options are known by name", () => {
    expect(() => new Linear(1, 1).loadStateDict({}, { strcit: false } as never)).toThrow('did you mean "strict"?');
  });
});

describe("names that are taken", () => {
  class Net extends Module {
    readonly hidden: Linear = new Linear(1, 1);
    readonly scale: Parameter = new Parameter(ones([1]));
    readonly size: number = 3;
    declare readonly mean: Tensor;
    declare(name: string): void {
      this.registerBuffer(name, zeros([1]));
    }
    forward(x: Tensor): Tensor {
      return x;
    }
  }

  test.each([
    ...["constructor", "forward", "toString", "stateDict", "training", "hasOwnProperty", "__proto__", "valueOf", "to"],
    ...["hidden", "scale", "size", "persistence", "toJSON", "__defineGetter__"],
  ])("registerBuffer refuses %s", (name) => {
    const net = new Net();
    expect(() => net.declare(name)).toThrow(
      new RegExp(`^registerBuffer: "${name}" is a .* of Net, which the buffer would hide`),
    );
    expect(Object.keys(net.stateDict())).toEqual(["scale", "hidden.weight", "hidden.bias"]);
    expect(net.forward(ones([1])).item()).toBe(1);
  });

  test.each(["", "a.b", ".", undefined, 3])("registerBuffer refuses %s, which is no name", (name) => {
    expect(() => new Net().declare(name as never)).toThrow("is no name for a buffer");
  });

  test("a buffer may be registered again, declared before, or have been a tensor", () => {
    const net = new Net();
    net.declare("mean");
    net.declare("mean");
    (net as unknown as { spare: Tensor }).spare = ones([1]);
    net.declare("spare");
    expect(net.namedBuffers().map(([name]) => name)).toEqual(["mean", "spare"]);
    expect(() => net.registerBuffer("mean", [1] as never)).toThrow('registerBuffer: expected "mean" to be a tensor');
  });

  test("containers refuse names that are none, and what is no module", () => {
    expect(() => new ModuleDict({ "a.b": new Linear(1, 1) })).toThrow("is not a valid name");
    expect(() => new ModuleDict().set("", new Linear(1, 1))).toThrow("is not a valid name");
    expect(() => new Sequential([new Linear(1, 1)] as never)).toThrow(
      /Sequential: expected a module, got an array of 1; write new Sequential\(\.\.\.layers\)/,
    );
    expect(() => new Sequential(((x: Tensor) => x) as never)).toThrow("got the function");
    expect(() => new ModuleList([null as never])).toThrow("ModuleList: expected a module, got null");
    expect(() => new ModuleDict({ a: {} as never })).toThrow("got an object of class Object");
    expect(() => Sequential.named({ a: Linear as never })).toThrow("got the function Linear");
  });

  test("names that objects inherit are names like others in a ModuleDict", () => {
    const dict = new ModuleDict(
      { constructor: new Linear(1, 1), ["__proto__"]: new Linear(1, 1) } as Record<string, Module>,
    );
    expect(Object.keys(dict.stateDict())).toEqual([
      "constructor.weight",
      "constructor.bias",
      "__proto__.weight",
      "__proto__.bias",
    ]);
    expect(new ModuleDict().has("constructor")).toBe(false);
  });

  test("a layer put behind a slice replaces none", () => {
    const net = new Sequential(new Linear(1, 2), new Linear(2, 3), new Linear(3, 4));
    const rest = net.slice(1).append(new Linear(4, 5));
    expect([...rest].map((layer) => (layer as Linear).outFeatures)).toEqual([3, 4, 5]);
  });

  test("two tensors of one name in a state are refused", () => {
    class Twice extends Module {
      readonly running_mean: Parameter = new Parameter(ones([1]));
      readonly runningMean: Parameter = new Parameter(ones([2]));
      override stateKey(property: string): string {
        return property === "runningMean" ? "running_mean" : property;
      }
    }
    expect(() => new Twice().stateDict()).toThrow('Twice: two tensors are called "running_mean"');
  });
});

describe("a module that one within points back to", () => {
  class Child extends Module {
    parent: Module | null = null;
    readonly layer: Linear = new Linear(1, 1);
  }
  class Root extends Module {
    readonly child: Child = new Child();
    readonly twin: Child = this.child;
    constructor() {
      super();
      this.child.parent = this;
    }
    forward(x: Tensor): Tensor {
      return this.child.layer.forward(x);
    }
  }

  test("is met once by everything that walks through modules", () => {
    manualSeed(0);
    const root = new Root();
    // Under both names of the child, as PyTorch lists tied modules, but not through the parent.
    expect(Object.keys(root.stateDict())).toEqual([
      "child.layer.weight",
      "child.layer.bias",
      "twin.layer.weight",
      "twin.layer.bias",
    ]);
    root.loadStateDict(root.stateDict());
    expect(String(root)).toBe(
      "Root(\n  (child): Child(\n    (parent): Root(…), which this is within\n    (layer): Linear(inFeatures=1, outFeatures=1, bias=true)\n  )\n" +
        "  (twin): Child(\n    (parent): Root(…), which this is within\n    (layer): Linear(inFeatures=1, outFeatures=1, bias=true)\n  )\n)",
    );
    const met: string[] = [];
    root.apply((module) => met.push(module.constructor.name));
    expect(met).toEqual(["Linear", "Child", "Root"]);
    expect(root.namedModules().map(([name]) => name)).toEqual(["", "child", "child.layer"]);
    expect(root.namedParameters().map(([name]) => name)).toEqual(["child.layer.weight", "child.layer.bias"]);
    expect(root.eval().child.layer.training).toBe(false);
    expect(root.to("float64").child.layer.weight.dtype).toBe("float64");
    root.requiresGrad_(false).zeroGrad();
    expect(root.summary()).toContain("child.layer");
    const copy = deepCopy(root);
    expect(copy.child.parent).toBe(copy);
    expect(root.getSubmodule("child.parent.child.layer")).toBe(root.child.layer);
  });
});

test("modules are not written as JSON", () => {
  expect(() => JSON.stringify({ model: make() })).toThrow(
    /^Sequential: a module is not written as JSON; write the tensors of stateDict/,
  );
});

test("to: an object of options is refused, with the call that was meant", () => {
  const layer = new Linear(1, 1);
  expect(() => layer.to({ dtype: "float32" } as never)).toThrow(
    'Module.to: expected a dtype or a device, got an object with options; write to("float32")',
  );
  expect(() => layer.to({ device: "cpu", dtype: "float64" } as never)).toThrow('write to("float64", "cpu")');
  expect(() => new Sequential().to({ device: "cpu" } as never)).toThrow('write to("cpu")');
  expect(layer.weight.dtype).toBe("float32");
});

test("to: a name that is none is refused before anything is converted, also without parameters", () => {
  const layer = new Linear(1, 1);
  for (const module of [layer, new Sequential()]) {
    // @ts-expect-error no dtype and no device has this name
    expect(() => module.to("float64", "flaot32")).toThrow('Module.to: there is no device "flaot32" and no dtype');
  }
  expect(layer.weight.dtype).toBe("float32");
});
