import { ones, randn } from "@heddle/tensor";
import { describe, expect, expectTypeOf, test } from "vitest";
import { ModuleDict, ModuleList, Sequential } from "./container.ts";
import { Linear } from "./linear.ts";
import type { Layer, Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { ParameterDict } from "./parameter_container.ts";
import { ReLU } from "./rectifier.ts";

describe("Sequential", () => {
  test("applies its layers in order", () => {
    const [first, last] = [new Linear(2, 3), new Linear(3, 1)];
    const net = new Sequential(first, new ReLU(), last);
    const x = randn([4, 2]);
    expect(net.forward(x).toArray()).toEqual(last.forward(first.forward(x).relu()).toArray());
    expect(new Sequential().forward(x)).toBe(x);
  });

  test("is indexed with types, counted, iterated", () => {
    const net = new Sequential(new Linear(2, 3), new ReLU());
    expectTypeOf(net.at(0)).toEqualTypeOf<Linear>();
    expectTypeOf(net.at(1)).toEqualTypeOf<ReLU>();
    expectTypeOf(net.at(-1)).toEqualTypeOf<Linear | ReLU>();
    const plain: Sequential = net;
    expectTypeOf(plain.at(0)).toEqualTypeOf<Layer>();
    expect(net.at(0).outFeatures).toBe(3);
    expect(net.at(-1)).toBeInstanceOf(ReLU);
    expect(net.length).toBe(2);
    expect([...net].map((layer) => layer.constructor.name)).toEqual(["Linear", "ReLU"]);
    expect(() => net.at(2)).toThrow("Sequential: index 2 is out of range for 2 modules; expected -2 to 1");
  });

  test("grows, and is cut into sequences that share its layers", () => {
    const net = new Sequential(new Linear(2, 3)).append(new ReLU()).append(new Linear(3, 4));
    expect(net.length).toBe(3);
    const tail = net.slice(1);
    expect(tail.namedChildren().map(([name]) => name)).toEqual(["1", "2"]);
    expect(tail.at(-1)).toBe(net.at(-1));
    expect(net.slice(0, -1).length).toBe(2);
  });

  test("a layer is replaced under its name", () => {
    const net = Sequential.named({ hidden: new Linear(2, 3), head: new Linear(3, 4) });
    const head = new Linear(3, 2);
    expect(net.set(-1, head).at(1)).toBe(head);
    expect(net.namedChildren().map(([name]) => name)).toEqual(["hidden", "head"]);
    expect(net.forward(ones([2])).shape).toEqual([2]);
    expect(() => net.set(2, head)).toThrow("Sequential: index 2 is out of range for 2 modules");
    expect(() => net.set(0, (() => head) as unknown as Layer)).toThrow(/expected a module/);
  });

  test("takes names instead of numbers", () => {
    const net = Sequential.named({ hidden: new Linear(2, 3), relu: new ReLU() });
    expect(Object.keys(net.stateDict())).toEqual(["hidden.weight", "hidden.bias"]);
    expect(net.forward(ones([2])).shape).toEqual([3]);
    expect(() => Sequential.named({ "a.b": new ReLU() })).toThrow(/"a.b" is not a valid name/);
  });

  test("subclasses may have parameters of their own", () => {
    class Scaled extends Sequential {
      readonly scale: Parameter = new Parameter(ones([1]));
    }
    const net = new Scaled(new Linear(1, 1));
    expect(net.namedParameters().map(([name]) => name)).toEqual(["scale", "0.weight", "0.bias"]);
  });
});

describe("ModuleList", () => {
  test("is a list whose parameters are found", () => {
    const list = new ModuleList([new Linear(1, 1), new Linear(1, 2)]);
    list.append(new Linear(1, 3)).insert(0, new Linear(1, 4)).extend([new Linear(1, 5)]).set(-1, new Linear(1, 6));
    expect([...list].map((layer) => layer.outFeatures)).toEqual([4, 1, 2, 3, 6]);
    expect(list.length).toBe(5);
    expect(list.at(-2).outFeatures).toBe(3);
    expect(list.namedParameters().at(-1)![0]).toBe("4.bias");
    expect(() => list.at(5)).toThrow("ModuleList: index 5 is out of range");
  });
});

describe("ModuleDict", () => {
  test("keeps modules by name, with their types and order", () => {
    const heads = new ModuleDict({ b: new Linear(1, 2), a: new ReLU() });
    expectTypeOf(heads.get("b")).toEqualTypeOf<Linear>();
    expectTypeOf(heads.values()).toEqualTypeOf<IterableIterator<Linear | ReLU>>();
    const plain: ModuleDict = heads;
    expectTypeOf<ReturnType<typeof plain.get>>().toEqualTypeOf<Module>();
    expect(heads.get("b").outFeatures).toBe(2);
    expect([...heads.keys()]).toEqual(["b", "a"]);
    expect([...heads.values()].length).toBe(2);
    expect([...heads.entries()][1]![1]).toBe(heads.get("a"));
    expect([heads.size, heads.has("a"), heads.has("c")]).toEqual([2, true, false]);
    heads.set("c", new Linear(1, 1));
    expect(Object.keys(heads.stateDict())).toEqual(["b.weight", "b.bias", "c.weight", "c.bias"]);
    expect(heads.delete("b")).toBe(true);
    expect(() => heads.get("b")).toThrow('ModuleDict: there is no module "b"; there are "a", "c"');
    expect(() => heads.set("", new ReLU())).toThrow(/is not a valid name/);
  });
});

test("containers by name refuse what has no names", () => {
  const layer = new Linear(2, 2);
  const map = new Map([["a", layer]]) as never;
  expect(() => new ModuleDict(map)).toThrow("ModuleDict: expected an object of values by name, got a Map; Object.from");
  expect(() => new ModuleDict([layer] as never)).toThrow(
    "got an array of 1; Object.fromEntries(pairs) makes an object",
  );
  expect(() => new ModuleDict(3 as never)).toThrow("got 3; write { name: value, … }");
  expect(() => new ParameterDict(new Map([["a", layer.weight]]) as never)).toThrow("ParameterDict: expected an object");
  expect(() => new ParameterDict().update(new Map() as never)).toThrow("got a Map");
});

test("a layer is any module from a tensor to a tensor", () => {
  expectTypeOf<Linear>().toExtend<Layer>();
  expectTypeOf<ModuleList>().not.toExtend<Layer>();
});
