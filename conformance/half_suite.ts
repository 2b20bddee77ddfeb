/**
 * float16 and bfloat16 against float32: a result for values of 16 bits equals the float32 result for the same values, rounded once.
 * Every recorded call, layer and optimiser runs in both dtypes, with the recorded values and with values that overflow
 * or vanish between the steps.
 */
import { grad } from "@heddle/autograd";
import * as nn from "@heddle/nn";
import { LayerNorm, Module, Sequential, type StateDict } from "@heddle/nn";
import * as optim from "@heddle/optim";
import {
  defaultDevice,
  finfo,
  fromTypedArray,
  type HalfDType,
  isFloat,
  manualSeed,
  randn,
  setDefaultDevice,
  Tensor,
  tidy,
} from "@heddle/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isInPlace, makeCall, outputsOf } from "./calls.ts";
import { type Extra, halfExtras } from "./half_extras.ts";
import { exceptionOf } from "./half_exceptions.ts";
import {
  callValues,
  type DecodedTensor,
  decodeTensor,
  elements,
  type FixtureCase,
  type FixtureTensor,
  loadFixtures,
} from "./load.ts";
import { inDTypes } from "./narrow.ts";

/** In which dtype a subject runs; its inputs hold what the half format holds. */
interface Width {
  readonly dtype: HalfDType | "float32";
  readonly half: HalfDType;
}

const inHalf = (half: HalfDType): Width => ({ dtype: half, half });
const inSingle = (half: HalfDType): Width => ({ dtype: "float32", half });

/** A subject's results: outputs, and gradients of its inputs. */
interface Made {
  readonly outputs: readonly Tensor[];
  readonly gradients: readonly (Tensor | null)[];
}

/** Something that runs in either dtype, with its inputs scaled by a factor. */
interface Subject {
  readonly name: string;
  /** The call whose exceptions ({@link exceptionOf}) apply to it. */
  readonly call: string;
  readonly run: (width: Width, factor: number) => Made;
}

/** Factors of the inputs: as recorded, such that squares overflow float16, such that they vanish. */
const factors: readonly number[] = [1, 300, 1e-4];

const families: readonly string[] = [
  ...["elementwise_unary", "elementwise_binary", "elementwise_ternary", "reductions", "ordering", "indexing"],
  ...[
    "gather_scatter",
    "placing",
    "calculus",
    "products",
    "convolutions",
    "sizes",
    "order_statistics",
    "searching",
    "composed_products",
    "stacking",
  ],
  ...["losses", "functional", "attention_functions", "vision"],
];

/** Recorded values times a factor in the dtype; of floats as the half format holds them. */
function made({ dtype, shape, ...decoded }: DecodedTensor, width: Width, factor: number): Tensor {
  const values = elements({ dtype, shape, ...decoded });
  if (dtype === "int64") return fromTypedArray(BigInt64Array.from(values as bigint[]), shape);
  const numbers = (values as number[]).map((value) => isFloat(dtype) ? value * factor : value);
  if (!isFloat(dtype)) return fromTypedArray(Int32Array.from(numbers), shape).to(dtype);
  return fromTypedArray(Float32Array.from(numbers), shape).to(width.half).to(width.dtype);
}

const fromFixture = (recorded: FixtureTensor, width: Width, factor = 1): Tensor =>
  made(decodeTensor(recorded), width, factor);

/** Recordings in float64 are replayed as if they were float32. */
function narrowed<Case>(cases: readonly Case[]): Case[] {
  return cases.map((each) => inDTypes(each, { float64: "float32" }));
}

const leaves = (list: readonly Tensor[]): Tensor[] => list.map((x) => isFloat(x.dtype) ? x.requiresGrad_() : x);

/** Gradients of the outputs, starting from the recorded output gradients. */
function gradientsOf(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  seeds: readonly (FixtureTensor | null)[] | undefined,
  width: Width,
): (Tensor | null)[] {
  const seeded = outputs.map((_, i) => i).filter((i) => outputs[i]!.requiresGrad && seeds?.[i]);
  const wanted = inputs.filter(({ requiresGrad }) => requiresGrad);
  if (seeded.length === 0 || wanted.length === 0) return [];
  return grad(seeded.map((i) => outputs[i]!), wanted, {
    gradOutputs: seeded.map((i) => fromFixture(seeds![i]!, width).to(outputs[i]!.dtype)),
    allowUnused: true,
  });
}

function ofCall(each: FixtureCase): Subject {
  return {
    name: each.name,
    call: each.call,
    run(width, factor) {
      const inputs = each.inputs.map((input) =>
        "list" in input
          ? leaves(input.list.map((item) => fromFixture(item, width, factor)))
          : leaves([fromFixture(input, width, factor)])[0]!
      );
      const given = isInPlace(each.call) ? [(inputs[0] as Tensor).clone(), ...inputs.slice(1)] : inputs;
      const outputs = outputsOf(makeCall(each.call, callValues(each, given, (x) => made(x, width, 1))));
      return { outputs, gradients: gradientsOf(outputs, inputs.flat(), each.gradOutputs, width) };
    },
  };
}

interface LayerCase {
  name: string;
  module: string;
  args: unknown[];
  mode?: "train" | "eval";
  state: Record<string, FixtureTensor>;
  inputs: FixtureTensor[];
  options?: Record<string, unknown>;
  lengths?: number[] | null;
  gradOutputs: FixtureTensor[];
}

type AnyModule = Module & { forward(...args: unknown[]): unknown };

function build(module: string, args: readonly unknown[], width: Width): AnyModule {
  if (module === "Sequential") {
    const parts = args as { module: string; args: unknown[] }[];
    return new Sequential(...parts.map((part) => build(part.module, part.args, width) as never)) as AnyModule;
  }
  const Make = (nn as unknown as Record<string, new (...args: readonly unknown[]) => AnyModule>)[module]!;
  if (module !== "TransformerEncoder" && module !== "TransformerDecoder") {
    return new Make(...callValues({ args: args as unknown[] }, [], (x) => made(x, inSingle(width.half), 1)));
  }
  const [layer, count, norm] = args as [unknown[], number, boolean];
  return new Make(build(`${module}Layer`, layer, width), count, {
    norm: norm ? new LayerNorm(layer[0] as number) : null,
  });
}

const tensorsOf = (value: unknown): Tensor[] =>
  value instanceof Tensor ? [value] : Array.isArray(value) ? value.flatMap(tensorsOf) : [];

function ofLayer(each: LayerCase): Subject {
  return {
    name: each.name,
    call: each.module,
    run(width, factor) {
      const module = build(each.module, each.args, width).to(width.dtype).train(each.mode !== "eval") as AnyModule;
      const state: StateDict = {};
      for (const [key, value] of Object.entries(each.state)) state[key] = fromFixture(value, width);
      module.loadStateDict(state);
      const inputs = leaves(each.inputs.map((input) => fromFixture(input, width, factor)));
      const [x, ...states] = inputs;
      const outputs = tensorsOf(module.forward(...argumentsOf(each, x!, states, width)));
      const wanted = [...inputs, ...module.parameters()];
      const gradients = gradientsOf(outputs, wanted, each.gradOutputs, width);
      return { outputs: [...outputs, ...[...module.buffers()].filter(({ dtype }) => isFloat(dtype))], gradients };
    },
  };
}

/** As the suites of layers, recurrent layers and attention call them. */
function argumentsOf(each: LayerCase, x: Tensor, states: readonly Tensor[], width: Width): unknown[] {
  if (each.lengths !== undefined) {
    const given = states.length === 0 ? null : each.module.startsWith("LSTM") ? states : states[0];
    return [x, given, ...each.lengths ? [{ lengths: each.lengths }] : []];
  }
  if (each.options === undefined) return [x, ...states];
  const [options] = callValues({ args: [each.options] }, [], (mask) => made(mask, width, 1));
  return each.module === "MultiheadAttention" && states.length === 0 ? [x, x, x, options] : [x, ...states, options];
}

interface Trajectory {
  name: string;
  optimizer: string;
  options: Record<string, unknown>;
  params: FixtureTensor[];
  grads: (FixtureTensor | null)[][];
}

/** Steps of an optimiser: float32 continues from the half format's result, so that single steps are compared. */
function stepsOf(each: Trajectory, factor: number, half: HalfDType): { found: Tensor; wanted: Tensor }[] {
  const start = (width: Width) => {
    const params = each.params.map((param) => fromFixture(param, width).requiresGrad_());
    const Make = (optim as unknown as Record<string, new (...args: unknown[]) => optim.Optimizer>)[each.optimizer]!;
    return { width, params, made: new Make(params, each.options) };
  };
  const both = [start(inHalf(half)), start(inSingle(half))] as const;
  return each.grads.flatMap((grads) => {
    for (const { width, params, made } of both) {
      params.forEach((param, i) => param.grad = grads[i] ? fromFixture(grads[i]!, width, factor) : null);
      made.step();
    }
    return both[0].params.map((found, i) => {
      const other = both[1].params[i]!.detach();
      const wanted = other.clone();
      other.copy_(found.detach());
      return { found: found.detach().clone(), wanted };
    });
  });
}

function ofExtra(name: string, { shapes, run }: Extra): Subject {
  return {
    name,
    call: name,
    run(width, factor) {
      const inputs = shapes.map((shape) => randn(shape).mul(factor).to(width.half).to(width.dtype).requiresGrad_());
      const wanted = [...inputs];
      const made = run(inputs, wanted);
      const outputs = made instanceof Tensor ? [made] : made;
      const seeded = outputs.filter(({ requiresGrad }) => requiresGrad);
      const gradOutputs = seeded.map((output) => randn(output.shape).to(width.half).to(output.dtype));
      const gradients = seeded.length === 0 ? [] : grad(seeded, wanted, { gradOutputs, allowUnused: true });
      return { outputs, gradients };
    },
  };
}

/** The spacing of a half format at a number. */
function ulp(value: number, half: HalfDType): number {
  const { eps, tiny } = finfo(half);
  return 2 ** Math.floor(Math.log2(Math.max(Math.abs(value), tiny))) * eps;
}

/** The first element that differs from float32's by more than `ulps` units in the half format's last place; null if there is none. */
function differs(found: Tensor, wanted: Tensor, half: HalfDType, ulps: number, part: number = 2 ** -21): string | null {
  const limit = finfo(half).max + ulp(finfo(half).max, half);
  if (found.shape.join() !== wanted.shape.join()) return `shape is [${found.shape}], in float32 [${wanted.shape}]`;
  const expected = wanted.dtype === "float32" ? half : wanted.dtype;
  if (found.dtype !== expected) return `dtype is ${found.dtype}, expected ${expected}`;
  const rounded = (wanted.dtype === "float32" ? wanted.detach().to(half) : wanted.detach()).toTypedArray();
  const values = found.detach().toTypedArray();
  const finite = Array.from(rounded, Number).filter(Number.isFinite);
  // Terms that cancel leave float32's rounding errors, which depend on their order.
  const noise = part * finite.reduce((high, value) => Math.max(high, Math.abs(value)), 0);
  for (let i = 0; i < values.length; i++) {
    const [a, b] = [Number(values[i]), Number(rounded[i])];
    if (Object.is(a, b) || a === b) continue;
    // Beyond the largest number by less than one unit.
    const [x, y] = [a, b].map((value) => Math.min(Math.max(value, -limit), limit)) as [number, number];
    if (Math.abs(x - y) <= ulps * Math.max(ulp(x, half), ulp(y, half)) + noise) continue;
    return `element ${i} is ${a}, in float32 ${b}`;
  }
  return null;
}

/** The faults of a subject. Inputs that float32 refuses are skipped. */
function wrongWith({ name, call, run }: Subject, format: HalfDType, among: readonly number[]): string[] {
  const { ulps = 1, part: given, gradients = false, refused = false } = exceptionOf(call, name, format) ?? {};
  // Exceptions are as large as in float16.
  const part = given && given * finfo(format).eps / finfo("float16").eps;
  return (part === undefined ? among : [1]).flatMap((factor) =>
    tidy(() => {
      const label = `${call} "${name}", inputs times ${factor}`;
      const [wide, half] = [inSingle(format), inHalf(format)].map((width) => {
        manualSeed(3);
        try {
          return run(width, factor);
        } catch (error) {
          return String(error);
        }
      }) as [Made | string, Made | string];
      if (typeof wide === "string") return [];
      if (refused) return typeof half === "string" ? [] : [`${label}: is computed, listed as refused`];
      if (typeof half === "string") return [`${label}: threw ${half}`];
      const wrong: string[] = [];
      const check = (where: string, text: string | null): void => {
        if (text !== null) wrong.push(`${label}: ${where}: ${text}`);
      };
      half.outputs.forEach((found, i) => check(`output ${i}`, differs(found, wide.outputs[i]!, format, ulps, part)));
      if (gradients) return wrong;
      half.gradients.forEach((found, i) => {
        const wanted = wide.gradients[i]!;
        if (found === null || wanted === null) check(`gradient ${i}`, found === wanted ? null : "is missing");
        else check(`gradient ${i}`, differs(found, wanted, format, ulps, part && 5 * part));
      });
      return wrong;
    })
  );
}

const isCall = (each: object): each is FixtureCase => "call" in each && !("error" in each && each.error);

/** Whether all floats among the inputs are of one dtype, which is then replaced. */
function isFloat32(each: FixtureCase): boolean {
  const inputs = each.inputs.flatMap((input) => "list" in input ? input.list : [input]);
  const floats = inputs.filter(({ dtype }) => isFloat(dtype));
  return floats.length > 0 && floats.every(({ dtype }) => dtype === "float32") &&
    !JSON.stringify(each.args).includes('"float');
}

/** The first of similar calls, by name and kinds of arguments. */
function representative<Case extends { name: string }>(cases: readonly Case[], kind: (each: Case) => string): Case[] {
  const seen = new Set<string>();
  return cases.filter((each) => {
    const key = kind(each);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** How much to test: a part that takes seconds, or everything. */
export type Extent = "some" | "all";

/**
 * Defines the tests of one device.
 *
 * @param half the format.
 * @param extent "some" tries one recording of each call and layer; "all" is for the long tests.
 */
export function halfConformance(device: string, half: HalfDType, extent: Extent): void {
  const whole = extent === "all";
  const some = <Case extends { name: string }>(cases: readonly Case[], kind: (each: Case) => string): Case[] =>
    whole ? [...cases] : representative(cases, kind);
  const report = (subjects: readonly Subject[]): void => {
    const wrong = subjects.flatMap((subject) => wrongWith(subject, half, whole ? factors : [300]));
    if (wrong.length > 0) expect.fail([`${wrong.length} differ`, ...wrong.slice(0, 40)].join("\n  "));
  };
  describe(`${half} on ${device}${whole ? ", all" : ""}`, whole ? { tags: ["long", "once"] } : {}, () => {
    const before = defaultDevice();
    beforeAll(() => setDefaultDevice(device));
    afterAll(() => setDefaultDevice(before));
    test.each(families)("%s", (family) => {
      const cases = narrowed(loadFixtures<FixtureCase>(family).cases.filter(isCall)).filter(isFloat32);
      report(some(cases, ({ call }) => call).map(ofCall));
    });
    test.each(["modules", "recurrent", "attention"])("layers: %s", (family) => {
      const cases = narrowed(loadFixtures<LayerCase>(family).cases.filter((each) => "inputs" in each));
      report(some(cases, ({ module }) => module).map(ofLayer));
    });
    test("what has no recording", () => report(Object.entries(halfExtras).map(([name, each]) => ofExtra(name, each))));
    test("optimisers", () => {
      const cases = loadFixtures<Trajectory>("optimisers").cases
        .filter((each) => "trajectory" in each && !("groups" in each));
      const wrong = narrowed(some(cases, ({ optimizer }) => optimizer)).flatMap((each) =>
        (whole ? [1, 300, 1e-4, 0] : [1e-4, 0]).flatMap((factor) =>
          tidy(() =>
            stepsOf(each, factor, half).flatMap(({ found, wanted }, i) => {
              const text = differs(found, wanted, half, 1);
              return text === null ? [] : [`${each.name}, gradients times ${factor}, step ${i}: ${text}`];
            })
          )
        )
      );
      if (wrong.length > 0) expect.fail(wrong.slice(0, 20).join("\n"));
    });
  });
}
