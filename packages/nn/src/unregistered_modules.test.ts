import { ones } from "@heddle/tensor";
import { expect, test } from "vitest";
import { Linear, Module, ModuleList, Parameter } from "./mod.ts";

const parameter = (): Parameter => new Parameter(ones([1]));
test.each<[string, () => unknown, string]>([
  [
    "array",
    () => [new Linear(2, 2)],
    "Net.field is a plain array that holds an object of class Linear, whose parameters would not be found",
  ],
  ["array", () => [1, null, new Linear(2, 2)], "make it a new ModuleList([…]), or let the field's name begin with #"],
  ["array of parameters", () => [parameter()], "make it a new ParameterList([…])"],
  [
    "nested array",
    () => [[1], [[new Linear(2, 2)]]],
    "Net.field[1][0] is a plain array that holds an object of class Linear",
  ],
  ["object", () => ({ first: new Linear(2, 2) }), "Net.field is a plain object that holds an object of class Linear"],
  ["object", () => ({ first: new Linear(2, 2) }), "make it a new ModuleDict({ … })"],
  [
    "object without a prototype",
    () => Object.assign(Object.create(null), { a: parameter() }),
    "holds an object of class Parameter",
  ],
  ["object of parameters", () => ({ scale: parameter() }), "make it a new ParameterList([…])"],
  [
    "object of arrays",
    () => ({ a: { b: [new Linear(2, 2)] } }),
    "Net.field.a.b is a plain array that holds an object of class Linear",
  ],
  [
    "Map",
    () => new Map([["first", new Linear(2, 2)]]),
    "Net.field is a plain Map that holds an object of class Linear",
  ],
  ["Map", () => new Map([["first", new Linear(2, 2)]]), "make it a new ModuleDict({ … })"],
  ["Set", () => new Set([new Linear(2, 2)]), "Net.field is a plain Set that holds an object of class Linear"],
  [
    "Map of arrays",
    () => new Map([["a", [new Linear(2, 2)]]]),
    "Net.field.a is a plain array that holds an object of class Linear",
  ],
])("what is in a plain %s is an error, not lost", (_, make, message) => {
  class Net extends Module {
    readonly field = make();
  }
  const uses: ((net: Module) => unknown)[] = [
    (net) => net.parameters(),
    (net) => net.stateDict(),
    (net) => net.loadStateDict({}),
    (net) => net.to("float64"),
    (net) => net.train(),
    (net) => net.children(),
    (net) => new ModuleList([net]).parameters(),
  ];
  for (const use of uses) expect(() => use(new Net())).toThrow(message);
});

test("a container may hold what is registered too", () => {
  class Net extends Module {
    readonly first = new Linear(2, 2);
    readonly rest = new ModuleList([new Linear(2, 2), new Linear(2, 1)]);
    readonly layers = [this.first, ...this.rest];
    readonly stages = [{ name: "last", layer: this.rest.at(-1)! }];
    readonly byName = new Map([["weight", this.first.weight]]);
  }
  expect(new Net().parameters()).toHaveLength(6);
  expect(new Net().train(false).layers).toHaveLength(3);
});

test("data is not searched far, nor what begins with #", () => {
  let reads = 0;
  const counted = <T extends object>(value: T): T =>
    new Proxy(value, {
      get: (target, key) => (reads++, Reflect.get(target, key)),
      ownKeys: (target) => {
        const keys = Reflect.ownKeys(target);
        reads += keys.length;
        return keys;
      },
    });
  const cycle: unknown[] = [];
  cycle.push(cycle, { cycle });
  class Net extends Module {
    readonly layer = new Linear(2, 2);
    readonly #others = [this.layer];
    readonly numbers = counted(Array.from({ length: 1e5 }, (_, i) => i));
    readonly rows = counted(Array.from({ length: 1e5 }, () => [1, 2]));
    readonly words = new Map(this.numbers.map((i) => [`word ${i}`, i]));
    readonly codes = counted(Object.fromEntries(this.words));
    readonly cycle = cycle;
    readonly settings = { name: "net", sizes: [1, 2], nothing: null, date: new Date(0), array: new Float32Array(4) };
    get others(): number {
      return this.#others.length;
    }
  }
  const net = new Net();
  expect([net.parameters().length, net.others]).toEqual([2, 1]);
  reads = 0;
  for (let i = 0; i < 10; i++) net.parameters();
  expect(reads).toBeLessThan(20_000);
});
