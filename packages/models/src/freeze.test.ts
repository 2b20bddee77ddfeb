import { BatchNorm2d, Conv2d, Linear, Module, ReLU, Sequential } from "@heddle/nn";
import { randn, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { freeze, unfreeze } from "./freeze.ts";
import { resnet18 } from "./vision/mod.ts";

class Net extends Module {
  layer1 = new Sequential(new Conv2d(1, 2, 3), new BatchNorm2d(2), new ReLU());
  layer10 = new Sequential(new Conv2d(2, 2, 3), new BatchNorm2d(2));
  head = new Linear(2, 3);
  forward(x: Tensor): Tensor {
    return this.head.forward(this.layer10.forward(this.layer1.forward(x)).mean([2, 3]));
  }
}

const frozen = (net: Module): string[] =>
  net.namedParameters().filter(([, { requiresGrad }]) => !requiresGrad).map(([name]) => name);

describe("freeze", () => {
  test.each<[string | RegExp | (string | RegExp)[], string[]]>([
    ["layer1", ["layer1.0.weight", "layer1.0.bias", "layer1.1.weight", "layer1.1.bias"]],
    ["layer1.0.bias", ["layer1.0.bias"]],
    ["layer*.1", ["layer1.1.weight", "layer1.1.bias", "layer10.1.weight", "layer10.1.bias"]],
    ["*.weight", ["head.weight"]],
    ["**.weight", ["layer1.0.weight", "layer1.1.weight", "layer10.0.weight", "layer10.1.weight", "head.weight"]],
    [/\.1\.b/g, ["layer1.1.bias", "layer10.1.bias"]],
    [["head.bias", /^layer1\.0/], ["layer1.0.weight", "layer1.0.bias", "head.bias"]],
  ])("%s", (patterns, names) => {
    const net = new Net();
    const report = freeze(net, patterns);
    expect(report.names).toEqual(names);
    expect(frozen(net)).toEqual(names);
    const sizes = net.namedParameters().filter(([name]) => names.includes(name)).map(([, { numel }]) => numel);
    expect(report.elements).toBe(sizes.reduce((sum, size) => sum + size));
    expect(unfreeze(net, patterns).names).toEqual(names);
    expect(frozen(net)).toEqual([]);
  });

  test("a pattern that matches nothing is an error, and nothing is changed", () => {
    const net = new Net();
    expect(() => freeze(net, ["layer1", "layer2"])).toThrow(
      'freeze: "layer2" matches no parameter of Net, whose parts are layer1, layer10, head; namedParameters() lists all names',
    );
    expect(() => unfreeze(net, /running/)).toThrow(/unfreeze: \/running\/ matches no parameter/);
    expect(() => freeze(net, "layer1.0.weigh")).toThrow(/matches no parameter/);
    expect(() => freeze(net, "layer1[0]")).toThrow(/matches no parameter/);
    expect(() => freeze(net, "")).toThrow(/expected a name/);
    expect(frozen(net)).toEqual([]);
  });

  test("statistics only if asked for, and then through train()", () => {
    const net = new Net();
    const [first, second] = [net.layer1.at(1), net.layer10.at(1)];
    expect(freeze(net, "layer1").norms).toEqual([]);
    net.forward(randn([2, 1, 8, 8]));
    expect(first.numBatchesTracked!.item()).toBe(1);
    expect(freeze(net, "layer1", { normStatistics: true }).norms).toEqual(["layer1.1"]);
    net.train().forward(randn([2, 1, 8, 8])).sum().backward();
    expect([first, second].map(({ numBatchesTracked }) => numBatchesTracked!.item())).toEqual([1, 2]);
    expect(net.parameters().filter(({ grad }) => grad !== null)).toHaveLength(6);
    expect(unfreeze(net, "layer1.1").norms).toEqual(["layer1.1"]);
    net.forward(randn([2, 1, 8, 8]));
    expect(first.numBatchesTracked!.item()).toBe(2);
    expect(frozen(net)).toEqual(["layer1.0.weight", "layer1.0.bias"]);
  });

  test("the documented example", () => {
    const net = resnet18({ numClasses: 10, device: "null" });
    expect(freeze(net, "**").names).toHaveLength(62);
    expect(unfreeze(net, ["layer4", "fc"]).elements).toBe(8398858);
    expect(freeze(net, /bn\d\./, { normStatistics: true }).norms).toHaveLength(17);
  });
});
