import { grad } from "@heddle/autograd";
import { ones, randn, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { BatchNorm1d } from "./batch_norm.ts";
import { Sequential } from "./container.ts";
import { Linear } from "./linear.ts";
import { snakeCase, stripPrefix } from "./state_dict.ts";

const make = () => new Sequential(new Linear(2, 3), new BatchNorm1d(3));

describe("stateDict", () => {
  test("shares memory with the module and is detached", () => {
    const layer = new Linear(2, 1);
    const state = layer.stateDict();
    expect(state.weight!.requiresGrad).toBe(false);
    state.bias!.fill_(5);
    expect(layer.bias!.item()).toBe(5);
    expect(Object.keys(layer.stateDict("encoder"))).toEqual(["encoder.weight", "encoder.bias"]);
  });
});

describe("loadStateDict", () => {
  test("copies into the same tensors, casting, so that optimisers go on", () => {
    const [a, b] = [make(), make().to("float64")];
    a.at(1).forward(randn([4, 3]));
    const weight = b.at(0).weight;
    expect(b.loadStateDict(a.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(b.at(0).weight).toBe(weight);
    expect([weight.dtype, weight.requiresGrad]).toEqual(["float64", true]);
    expect(weight.toArray()).toEqual(a.at(0).weight.toArray());
    expect(b.at(1).numBatchesTracked!.item()).toBe(1);
    // The copy is no part of any graph.
    const [found] = grad(weight.sum(), weight);
    expect(found!.toArray()).toEqual([[1, 1], [1, 1], [1, 1]]);
  });

  test("names all that is missing, unexpected or of another shape, and changes nothing", () => {
    const net = make();
    const { "1.bias": _, ...state } = net.stateDict();
    const before = net.at(0).bias!.toArray();
    const wrong: Record<string, Tensor> = {
      ...state,
      extra: ones([1]),
      "0.weight": zeros([4, 2]),
      "0.bias": zeros([3]),
    };
    expect(() => net.loadStateDict(wrong)).toThrow(
      "loadStateDict: the state does not fit Sequential:\n" +
        "  missing from the state: 1.bias\n" +
        "  not in the module: extra\n" +
        "  0.weight has shape [4, 2] in the state, [3, 2] in the module\n" +
        "  { strict: false } loads the names that both sides have",
    );
    expect(net.at(0).bias!.toArray()).toEqual(before);
  });

  test("statistics without a count of batches, as in old files, count as none seen", () => {
    const [a, b] = [make(), make()];
    for (const net of [a, b, b]) net.forward(randn([4, 2]));
    const { "1.num_batches_tracked": count, ...old } = a.stateDict();
    expect(b.loadStateDict(old)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect([count!.item(), b.at(1).numBatchesTracked!.item()]).toEqual([1, 0]);
    expect(b.at(1).runningMean!.equal(a.at(1).runningMean!)).toBe(true);
    expect(() => b.loadStateDict({ "0.weight": old["0.weight"]! })).toThrow(/missing.*1\.num_batches_tracked/);
  });

  test("names with a prefix, and a state within another, have a hint", () => {
    const net = make(), state = net.stateDict();
    const hint = (given: object): string => {
      try {
        net.loadStateDict(given as never);
        return "none";
      } catch (error) {
        return (error as Error).message.split("\n").at(-1)!.trim();
      }
    };
    const prefixed = (prefix: string): Record<string, Tensor> =>
      Object.fromEntries(Object.entries(state).map(([name, value]) => [prefix + name, value]));
    for (const prefix of ["module.", "_orig_mod.", "module._orig_mod."]) {
      expect(hint(prefixed(prefix))).toBe(
        `the names in the state begin with "${prefix}", which loadStateDict(stripPrefix(state, "${prefix}")) takes away`,
      );
      expect(hint(stripPrefix(prefixed(prefix), prefix))).toBe("none");
    }
    expect(hint({ epoch: 3, state_dict: state })).toBe('the state lies within: loadStateDict(state["state_dict"])');
    const checkpoint = { epoch: 3, optimizer: { state: {} }, state_dict: prefixed("module.") };
    expect(hint(checkpoint)).toBe(
      'the state lies within, and its names begin with "module.": loadStateDict(stripPrefix(state["state_dict"], "module."))',
    );
    expect(hint({ module: "__main__", name: "Net", args: [], state: { _modules: {} }, items: null })).toMatch(
      /^no value is a tensor: .* save model\.state_dict\(\) in Python$/,
    );
    expect(hint({ ...state, "module.0.weight": ones([1]) })).toMatch(/strict: false/);
    expect(hint({ "x.0.weight": ones([1]) })).toMatch(/no name in common; \{ strict: false \} would load nothing/);
    const outer = new Sequential(net);
    expect(() => outer.loadStateDict(state)).toThrow(
      'the names in the module begin with "0.": getSubmodule("0").loadStateDict(state)',
    );
    expect(() => stripPrefix({ a: 1, "x.a": 2 }, "x.")).toThrow('two names would be "a"; one has the prefix "x."');
    expect(stripPrefix({ "x.a": 1, b: 2, "x.__proto__": 3 }, "x.")).toEqual(JSON.parse('{"a":1,"b":2,"__proto__":3}'));
  });

  test("not strict: reports what did not match, but shapes must", () => {
    const net = make();
    const state = { "0.bias": tensor([1, 2, 3]), extra: ones([1]) };
    expect(net.loadStateDict(state, { strict: false })).toEqual({
      missingKeys: ["0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"],
      unexpectedKeys: ["extra"],
    });
    expect(net.at(0).bias!.toArray()).toEqual([1, 2, 3]);
    expect(() => net.loadStateDict({ "0.bias": ones([4]) }, { strict: false })).toThrow(
      /0.bias has shape \[4\] in the state, \[3\] in the module/,
    );
  });

  test("a promise and a module in place of a state are named, strict or not", async () => {
    const layer = new Linear(1, 1), state = layer.stateDict(), promise = Promise.resolve(state);
    for (const strict of [true, false]) {
      expect(() => layer.loadStateDict(promise as never, { strict })).toThrow(
        "loadStateDict: the state is a Promise; await it, as in loadStateDict(await load(path))",
      );
      expect(() => layer.loadStateDict(layer as never, { strict })).toThrow(
        "loadStateDict: expected a state, got an object of class Linear; give its stateDict()",
      );
    }
    expect(layer.loadStateDict(await promise)).toEqual({ missingKeys: [], unexpectedKeys: [] });
  });

  test("a freed tensor is named", () => {
    const layer = new Linear(1, 1);
    const state = { weight: ones([1, 1]), bias: ones([1]) };
    state.bias.dispose();
    expect(() => layer.loadStateDict(state)).toThrow(/bias was freed in the state; keep/);
  });

  test("names that objects inherit are not in a state", () => {
    const layer = new Linear(1, 1);
    (layer as unknown as { toString: unknown }).toString = layer.weight;
    expect(() => layer.loadStateDict({ weight: ones([1, 1]), bias: ones([1]) })).toThrow(
      /missing from the state: toString/,
    );
  });
});

test("snakeCase", () => {
  expect(["runningMean", "weight", "numBatchesTracked"].map(snakeCase)).toEqual([
    "running_mean",
    "weight",
    "num_batches_tracked",
  ]);
});
