/** Every function, method and constructor with options refuses unknown names, before anything else. */
import { checkOptions } from "@heddle/tensor/engine";
import * as autograd from "@heddle/autograd";
import * as data from "@heddle/data";
import * as gpu from "@heddle/gpu";
import * as linalg from "@heddle/linalg";
import * as nn from "@heddle/nn";
import * as optim from "@heddle/optim";
import * as tensor from "@heddle/tensor";
import { describe, expect, test } from "vitest";

type Callable = (...args: unknown[]) => unknown;

/** The parameters as they stand in the source of a function. */
function parametersOf(source: string, name: string): string[] {
  const start = source.search(new RegExp(`(^|[\\s*])${name}\\s*\\(`));
  if (start < 0) return [];
  const open = source.indexOf("(", start);
  const parts: string[] = [""];
  for (let i = open + 1, depth = 0; i < source.length; i++) {
    const c = source[i]!;
    if (c === ")" && depth === 0) break;
    if ("([{".includes(c)) depth++;
    if (")]}".includes(c)) depth--;
    if (c === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += c;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

const isClass = (value: unknown): value is new (...args: unknown[]) => object =>
  typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));

/** Where the options stand among the parameters, or −1. */
function placeOfOptions(parameters: readonly string[]): number {
  return parameters.findIndex((parameter) => /^(options|settings|last)\b/.test(parameter));
}

interface Case {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly call: Callable;
}

/** The callable exports of a module: functions, constructors, static methods, and methods. */
function* callables(module: object, prefix: string): Generator<Case> {
  const seen = new Set<unknown>();
  for (const [key, value] of Object.entries(module)) {
    const name = `${prefix}.${key}`;
    if (isClass(value)) {
      let made: object = value;
      let parameters: string[] = [];
      while (isClass(made) && parameters.length === 0) {
        parameters = parametersOf(made.toString(), "constructor");
        if (/\bconstructor\s*\(/.test(made.toString())) break;
        made = Object.getPrototypeOf(made) as object;
      }
      yield { name: `new ${name}`, parameters, call: (...args) => new value(...args) };
      for (const [on, of] of [[value, value], [value.prototype, null]] as const) {
        for (
          let holder: object | null = on;
          holder && holder !== Function.prototype;
          holder = Object.getPrototypeOf(holder)
        ) {
          for (const method of Object.getOwnPropertyNames(holder)) {
            const fn = Object.getOwnPropertyDescriptor(holder, method)?.value;
            if (method === "constructor" || typeof fn !== "function" || isClass(fn) || seen.has(fn)) continue;
            seen.add(fn);
            const receiver = of ?? Object.create(value.prototype as object);
            yield {
              name: `${name}.${method}`,
              parameters: parametersOf(fn.toString(), method),
              call: fn.bind(receiver),
            };
          }
        }
      }
    } else if (typeof value === "function") {
      const source = value.toString();
      yield { name, parameters: parametersOf(source, value.name || key), call: value as Callable };
    } else if (typeof value === "object" && value !== null && value[Symbol.toStringTag as never] === "Module") {
      yield* callables(value as object, name);
    }
  }
}

const modules = { tensor, autograd, nn, optim, linalg, data, gpu };
const all = Object.entries(modules).flatMap(([name, module]) => [...callables(module, name)]);
const taking = all.filter(({ parameters }) => placeOfOptions(parameters) >= 0);

/** Not public: protected, private or abstract. */
const others =
  /checkOptions|checkNames|checkTypes|\.attended|\.informed|optim\.(Optimizer|LRScheduler)$|new nn\.(Recurrent|EquivariantConv|(LP|MaxUn)?(p|P)oolNd)|new data\.(CIFAR100|ImageFolder)/;

describe("options of another name", () => {
  test("there are many functions to ask", () => expect(taking.length).toBeGreaterThan(250));

  test.each(taking.filter(({ name }) => !others.test(name)).map((one) => [one.name, one] as const))(
    "%s",
    async (_, { parameters, call }) => {
      const args = parameters.map(() => undefined as unknown).slice(0, placeOfOptions(parameters));
      const lie = { thereIsNoSuchOption: 1 };
      // Some are asynchronous.
      await expect((async () => await call(...args, lie))()).rejects.toThrow(
        /: unknown option "thereIsNoSuchOption".* \(known: .+\)$/,
      );
    },
  );

  test("parameters are not taken apart where nobody could look at their names", () => {
    const apart = all.filter(({ parameters }) => parameters.some((p) => /^\{.*\}\s*=/s.test(p)));
    expect(apart.map(({ name, parameters }) => `${name}(${parameters.join(", ")})`)).toEqual([]);
  });
});

/** Flags and numbers in quotes: a function or class, its arguments before the options, and the option. */
const quoted: readonly [string, Callable, string][] = (() => {
  const { ones, tensor: make } = tensor;
  const x = ones([2, 2]);
  const of = (name: string, call: (options: never) => unknown, option: string, value: string) =>
    [`${name} ${option} ${JSON.stringify(value)}`, () => call({ [option]: value } as never), option] as const;
  return [
    of("Linear", (o) => new nn.Linear(2, 2, o), "bias", "false"),
    of("Conv2d", (o) => new nn.Conv2d(1, 1, 1, o), "bias", "false"),
    of("LSTM", (o) => new nn.LSTM(2, 2, o), "bidirectional", "false"),
    of("GRU", (o) => new nn.GRU(2, 2, o), "numLayers", "2"),
    of("Embedding", (o) => new nn.Embedding(3, 2, o), "paddingIdx", "1"),
    of("LayerNorm", (o) => new nn.LayerNorm(2, o), "eps", "2"),
    of("BatchNorm1d", (o) => new nn.BatchNorm1d(2, o), "affine", "false"),
    of("CrossEntropyLoss", (o) => new nn.CrossEntropyLoss(o), "labelSmoothing", ".1"),
    of("GaussianNLLLoss", (o) => new nn.GaussianNLLLoss(o), "full", "false"),
    of("Parameter", (o) => new nn.Parameter(x, o), "requiresGrad", "false"),
    of("loadStateDict", (o) => new nn.Linear(2, 2).loadStateDict({}, o), "strict", "false"),
    of("tensor", (o) => make([1], o), "requiresGrad", "false"),
    of("zeros", (o) => tensor.zeros([1], o), "requiresGrad", "true"),
    of("sort", (o) => x.sort(0, o), "descending", "false"),
    of("topk", (o) => x.topk(1, 0, o), "largest", "false"),
    of("sum", (o) => x.sum(0, o), "keepdim", "false"),
    of("std", (o) => x.std(0, o), "correction", "1"),
    of("add", (o) => x.add(x, o), "alpha", "2"),
    of("clamp", (o) => x.clamp(o), "min", "0"),
    of("multinomial", (o) => tensor.multinomial(x, 1, o), "replacement", "false"),
    of("maxPool2d", (o) => nn.functional.maxPool2d(ones([1, 1, 2, 2]), 2, o), "ceilMode", "false"),
    of("scaledDotProductAttention", (o) => nn.functional.scaledDotProductAttention(x, x, x, o), "isCausal", "false"),
    of("xavierUniform_", (o) => nn.init.xavierUniform_(x, o), "gain", "2"),
    of("StepLR", (o) => new optim.StepLR(new optim.SGD([new nn.Parameter(x)], { lr: 1 }), o), "gamma", "0.5"),
    of("EarlyStopping", (o) => new optim.EarlyStopping(o), "patience", "3"),
    of("clipGradNorm_", (o) => optim.clipGradNorm_([], 1, o), "errorIfNonfinite", "false"),
    of("cholesky", (o) => linalg.cholesky(x, o), "upper", "false"),
    of("DataLoader", (o) => new data.DataLoader([1], o), "dropLast", "false"),
    of("DataLoader", (o) => new data.DataLoader([1], o), "shuffle", "false"),
    of("RandomSampler", (o) => new data.RandomSampler({ length: 2 }, o), "replacement", "false"),
    of("ElasticTransform", (o) => new data.ElasticTransform(o), "sigma", "4"),
    of("backward", (o) => x.sum().backward(undefined, o), "retainGraph", "false"),
  ].map(([name, call, option]) => [name, call as Callable, option]);
})();

describe("flags and numbers in quotes", () => {
  test.each(quoted)("%s", (_, call, option) => {
    expect(call).toThrow(TypeError);
    expect(call).toThrow(new RegExp(`: option ${option} is the string "[^"]+"; give .* without quotes$`));
  });

  test.each(["false", 0, null, "true"])("train and requiresGrad_ refuse %j", (mode) => {
    const layer = new nn.Linear(2, 2);
    expect(() => layer.train(mode as never)).toThrow(/^Linear\.train: expected true or false/);
    expect(() => layer.requiresGrad_(mode as never)).toThrow(/^Linear\.requiresGrad_: expected true or false/);
  });

  test("any text is let through where text is meant", () => {
    expect(new data.Vocabulary(["true", "1"], { pad: "true", unk: "1" }).tokens).toEqual(["true", "1"]);
    checkOptions("f", { name: "1", root: "2026", device: "true" }, ["name", "root", "device"] as never);
  });
});
