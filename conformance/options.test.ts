/** Every function, method and constructor that takes options refuses a name that it does not know, and does so first of all. */
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

/** What a module exports that can be called: functions, constructors, static methods, and methods. */
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

/** Not for users to call: protected, private or abstract. */
const others =
  /checkOptions|checkNames|checkTypes|\.attended|\.informed|optim\.(Optimizer|LRScheduler)$|new nn\.Recurrent|new data\.(CIFAR100|ImageFolder)/;

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
