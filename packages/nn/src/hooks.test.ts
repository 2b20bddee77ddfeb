import { getDevice, ones, type Tensor, tensor, tidy } from "@heddle/tensor";
import type { NullBackend } from "@heddle/tensor/backend";
import { describe, expect, test } from "vitest";
import { ModuleList, Sequential } from "./container.ts";
import { createFeatureExtractor } from "./feature_extractor.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { ReLU } from "./rectifier.ts";
import { Flatten, Identity } from "./reshaping.ts";

class Doubled extends Module {
  factor = 2;
  forward(x: Tensor, shift = 0): Tensor {
    return x.mul(this.factor).add(shift);
  }
}

describe("forward hooks", () => {
  test("see the module, its arguments and its result, in the order in which they came", () => {
    const seen: unknown[] = [];
    const net = new Doubled();
    net.registerForwardHook((module, args, output) =>
      void seen.push(module === net, args.length, args[1], output.item())
    );
    net.registerForwardHook(() => void seen.push("second"));
    net.registerForwardPreHook(() => void seen.push("before"));
    expect(net.forward(tensor(3), 1).item()).toBe(7);
    expect(seen).toEqual(["before", true, 2, 1, 7, "second"]);
  });

  test("replace arguments and results", () => {
    const net = new Doubled();
    net.registerForwardPreHook((_, [x, shift]) => [(x as Tensor).neg(), shift]);
    net.registerForwardHook((_, __, output) => output.add(100));
    net.registerForwardHook((_, __, output) => output.mul(10));
    expect(net.forward(tensor(3), 1).item()).toBe(950);
  });

  test("are taken off, each for itself, and leave the module as it was", () => {
    const net = new Doubled();
    const count = { a: 0, b: 0 };
    const a = net.registerForwardHook(() => void count.a++);
    const b = net.registerForwardPreHook(() => void count.b++);
    net.forward(tensor(1));
    a.remove();
    a.remove();
    net.forward(tensor(1));
    b[Symbol.dispose]();
    net.forward(tensor(1));
    expect(count).toEqual({ a: 1, b: 2 });
    expect(Object.hasOwn(net, "forward")).toBe(false);
    net.registerForwardHook(() => void count.a++);
    net.forward(tensor(1));
    expect(count.a).toBe(2);
  });

  test("that take themselves off do not disturb those that follow", () => {
    const net = new Doubled();
    const seen: string[] = [];
    const once = net.registerForwardHook(() => {
      seen.push("once");
      once.remove();
    });
    net.registerForwardHook(() => void seen.push("always"));
    net.forward(tensor(1));
    net.forward(tensor(1));
    expect(seen).toEqual(["once", "always", "always"]);
  });

  test("run inside networks, and are no part of what is found, printed or saved", () => {
    const net = new Sequential(new Linear(2, 2), new ReLU());
    const before = [String(net), Object.keys(net.stateDict()), Object.keys(net.at(0))];
    const shapes: unknown[] = [];
    net.at(0).registerForwardHook((_, __, output) => void shapes.push(output.shape));
    net.forward(ones([3, 2]));
    expect(shapes).toEqual([[3, 2]]);
    expect([String(net), Object.keys(net.stateDict()), Object.keys(net.at(0))]).toEqual(before);
  });

  test("a forward in a property comes back", () => {
    class Arrow extends Module {
      forward: (x: Tensor) => Tensor = (x) => x.mul(2);
    }
    const net = new Arrow();
    const { forward } = net;
    const handle = net.registerForwardHook((_, __, output) => output.add(1));
    expect(net.forward(tensor(2)).item()).toBe(5);
    handle.remove();
    expect(net.forward).toBe(forward);
    expect(Object.keys(net)).toContain("forward");
  });

  test("a module without forward has none", () => {
    expect(() => new ModuleList().registerForwardHook(() => {})).toThrow(
      "registerForwardHook: ModuleList has no forward; hook the modules within",
    );
  });

  test("gradients pass through them", () => {
    const net = new Doubled();
    net.registerForwardHook((_, __, output) => output.square());
    const x = tensor([3], { requiresGrad: true });
    net.forward(x).sum().backward();
    expect(x.grad!.toArray()).toEqual([24]); // (2x)² = 4x²
  });
});

describe("getSubmodule", () => {
  test("by dotted names", () => {
    const net = Sequential.named({ body: new Sequential(new Identity(), new Linear(2, 2)), head: new Flatten() });
    expect(net.getSubmodule("body.1")).toBe((net.at(0) as Sequential).at(1));
    expect(net.getSubmodule("")).toBe(net);
    expect(() => net.getSubmodule("body.2")).toThrow(
      'Sequential: there is no module "body.2" within; there are body, body.0, body.1, head',
    );
    expect(() => new Linear(1, 1).getSubmodule("weight")).toThrow('no module "weight" within; there are none');
  });
});

describe("createFeatureExtractor", () => {
  const net = (): Sequential =>
    Sequential.named({
      hidden: new Linear(4, 8),
      body: new Sequential(new ReLU(), new Linear(8, 3)),
      head: new Flatten(),
    });

  test("answers what the modules named answered, and takes its hooks off", () => {
    const model = net();
    const x = ones([2, 4]);
    const hidden = model.at(0).forward(x);
    const found = createFeatureExtractor(model, ["hidden", "body.0"]).forward(x);
    expect(found.hidden.equal(hidden)).toBe(true);
    expect(found["body.0"].equal(hidden.relu())).toBe(true);
    expect(model.modules().some((module) => Object.hasOwn(module, "forward"))).toBe(false);
  });

  test("under names of one's own, the network's own answer among them", () => {
    const model = net();
    const features = createFeatureExtractor(model, { "body": "scores", "": "all" });
    const { scores, all } = features.forward(ones([2, 4]));
    expect(scores.equal(all)).toBe(true);
    expect(features.parameters()).toEqual(model.parameters());
  });

  test("gradients reach the shared parameters; what is frozen stays without", () => {
    const model = net();
    model.getSubmodule("hidden").requiresGrad_(false);
    createFeatureExtractor(model, ["body"]).forward(ones([2, 4])).body.sum().backward();
    expect(model.namedParameters().filter(([, { grad }]) => grad !== null).map(([name]) => name)).toEqual([
      "body.1.weight",
      "body.1.bias",
    ]);
  });

  test("runs no further than asked, in whatever order the names are", () => {
    const device = getDevice("null");
    const backend = device.backend as NullBackend;
    const model = new Sequential(...[1, 2, 3, 4, 5].map(() => new Linear(4, 4, { device })));
    const x = ones([2, 4], { device });
    const kernels = (run: () => unknown): number => {
      backend.reset();
      run();
      return backend.dispatched.length;
    };
    const each = kernels(() => model.forward(x)) / 5;
    expect(each).toBeGreaterThan(0);
    expect(kernels(() => createFeatureExtractor(model, ["2", "0"]).forward(x))).toBe(3 * each);
    expect(kernels(() => createFeatureExtractor(model, [""]).forward(x))).toBe(5 * each);
  });

  test("an extractor within an extractor stops by itself", () => {
    const inner = createFeatureExtractor(net(), ["hidden"]);
    class Outer extends Module {
      inner = inner;
      after = new Identity();
      forward(x: Tensor): Tensor {
        return this.after.forward(this.inner.forward(x).hidden.mul(2));
      }
    }
    const outer = new Outer();
    const x = ones([2, 4]);
    const found = createFeatureExtractor(outer, ["inner.model.hidden", "after"]).forward(x);
    expect(found.after.equal(found["inner.model.hidden"].mul(2))).toBe(true);
    expect(createFeatureExtractor(outer, ["inner.model.hidden"]).forward(x)["inner.model.hidden"].shape).toEqual([
      2,
      8,
    ]);
  });

  test("of a module that is called twice returns the first output", () => {
    class Twice extends Module {
      step = new Doubled();
      forward(x: Tensor): Tensor {
        return this.step.forward(this.step.forward(x));
      }
    }
    expect(createFeatureExtractor(new Twice(), { step: "once", "": "all" }).forward(tensor(3)).once.item()).toBe(6);
  });

  test("outputs outlive a scope inside the network, and end with the one around the call", () => {
    class Tidied extends Module {
      first = new Linear(4, 8);
      last = new Linear(8, 2);
      forward(x: Tensor): Tensor {
        return tidy(() => this.last.forward(this.first.forward(x).tanh()));
      }
    }
    const model = new Tidied();
    const x = ones([3, 4]);
    for (const names of [["first"], ["first", "last"]]) {
      const features = createFeatureExtractor(model, names);
      const first = features.forward(x).first!;
      expect(first.equal(model.first.forward(x))).toBe(true);
      first.sum().backward();
      expect(model.first.weight.grad!.toArray()).toEqual(Array(8).fill([3, 3, 3, 3]));
      model.zeroGrad();
      let within: Tensor | undefined;
      tidy(() => void (within = features.forward(x).first));
      expect(within!.isDisposed).toBe(true);
      expect(tidy(() => features.forward(x)).first!.isDisposed).toBe(false);
    }
  });

  test("errors of the network pass through, and take the hooks off", () => {
    const model = net();
    expect(() => createFeatureExtractor(model, ["hidden"]).forward(ones([2, 5]))).toThrow(/\[2, 5\]/);
    expect(model.modules().some((module) => Object.hasOwn(module, "forward"))).toBe(false);
  });

  test("of what is not there, or not called", () => {
    expect(() => createFeatureExtractor(net(), ["hidden", "layer4"])).toThrow('there is no module "layer4" within');
    class Lazy extends Module {
      used = new Identity();
      unused = new Identity();
      forward(x: Tensor): Tensor {
        return this.used.forward(x);
      }
    }
    const lazy = new Lazy();
    expect(() => createFeatureExtractor(lazy, ["used", "unused"]).forward(ones([1]))).toThrow(
      'the module "unused" was not called; is it used by Lazy.forward?',
    );
    expect(Object.hasOwn(lazy.used, "forward")).toBe(false);
  });
});
