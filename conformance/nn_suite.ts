/** Layers, losses, other functions and initialisers against the recordings of PyTorch, as a function of a device. */
import { grad } from "@heddle/autograd";
import * as nn from "@heddle/nn";
import { init, type Layer, Module, ModuleDict, ModuleList, Parameter, Sequential, type StateDict } from "@heddle/nn";
import {
  defaultDevice,
  empty,
  Generator,
  getDevice,
  memory,
  ones,
  setDefaultDevice,
  type Tensor,
  tidy,
  zeros,
} from "@heddle/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outputsOf } from "./calls.ts";
import type { ConformanceOptions } from "./suite.ts";
import { callValues, type FixtureCase, type FixtureTensor, loadFixtures } from "./load.ts";
import { defaultTolerances, expectTensor, fromFixture, type Tolerances, toTensor } from "./recorded_tensors.ts";
import { inDTypes, type ReplayDTypes } from "./narrow.ts";
import { testAttention } from "./attention_suite.ts";
import { testRecurrent } from "./recurrent_suite.ts";
import { testEach } from "./sampled.ts";
import { replay } from "./replay.ts";

/** One run of a layer: its state before, inputs, outputs and gradients, and its buffers after. */
export interface LayerCase {
  name: string;
  module: string;
  args: unknown[];
  mode: "train" | "eval";
  state: Record<string, FixtureTensor>;
  inputs: FixtureTensor[];
  outputs: FixtureTensor[];
  gradOutputs: FixtureTensor[];
  gradInputs: (FixtureTensor | null)[];
  gradParams: Record<string, FixtureTensor | null>;
  stateAfter: Record<string, FixtureTensor>;
}

/** Names and shapes of a layer's state. */
export interface KeysCase {
  name: string;
  module: string;
  args: unknown[];
  stateKeys: string[];
  stateShapes: number[][];
  parameters?: string[];
  modules?: string[];
}

/** How a layer's parameters are initialised. */
interface DefaultsCase {
  name: string;
  module: string;
  args: unknown[];
  defaults: Record<string, { bound?: number; std?: number; constant?: number }>;
}

/** The distribution of an initialiser for a shape. */
interface InitialiserCase {
  name: string;
  call: string;
  args: unknown[];
  shape?: number[];
  value?: number;
  fanIn?: number;
  fanOut?: number;
  bound?: number;
  std?: number;
}

/** The module whose state was recorded as "keys of a nested module". */
class Block extends Module {
  readonly scale: Parameter = new Parameter(ones([2]));
  readonly first: nn.Linear = new nn.Linear(2, 2);
  readonly rest: ModuleList = new ModuleList([
    new nn.BatchNorm1d(2),
    new Sequential(new nn.Linear(2, 2, { bias: false }), new nn.ReLU()),
  ]);
  readonly heads: ModuleDict = new ModuleDict({ b: new nn.Linear(2, 1), a: new nn.Linear(2, 1) });
  readonly shift: Parameter = new Parameter(zeros([2]));

  constructor() {
    super();
    this.registerBuffer("steps", zeros([1]));
    this.registerBuffer("scratch", zeros([1]), { persistent: false });
  }
}

/** A module from its name and arguments; a sequence's arguments are modules. */
export function build(module: string, args: unknown[]): Module {
  if (module === "Block") return new Block();
  if (module === "Sequential") {
    const parts = args as { module: string; args: unknown[] }[];
    return new Sequential(...parts.map((part) => build(part.module, part.args) as Layer));
  }
  const Make = (nn as unknown as Record<string, new (...args: unknown[]) => Module>)[module]!;
  return new Make(...callValues({ args }, [], toTensor));
}

/** Counters are int64 in PyTorch, int32 here. */
function asHeddle(recorded: FixtureTensor, found: { dtype: string }): FixtureTensor {
  if (recorded.dtype !== "int64" || found.dtype !== "int32") return recorded;
  const words = new BigInt64Array(Uint8Array.from(atob(recorded.data), (char) => char.charCodeAt(0)).buffer);
  const bytes = new Uint8Array(Int32Array.from(words, Number).buffer);
  return { ...recorded, dtype: "int32", data: btoa(String.fromCharCode(...bytes)) };
}

/** PyTorch's float64 gradient of hardsigmoid multiplies by the sixth in float32. */
const coarse: ReadonlySet<string> = new Set(["Hardsigmoid [] float64"]);

function runLayer(recorded: LayerCase, given: Tolerances, replayAs: ReplayDTypes | undefined): void {
  const each = replayAs ? inDTypes(recorded, replayAs) : recorded;
  const dtype = (each.outputs[0]?.dtype ?? "float32") as keyof Tolerances;
  const tolerances = coarse.has(each.name) ? { ...given, float64: { rtol: 1e-7, atol: 1e-12 } } : given;
  const module = build(each.module, each.args).to(dtype).train(each.mode === "train");
  const state: StateDict = {};
  for (const [key, value] of Object.entries(each.state)) state[key] = fromFixture(value);
  module.loadStateDict(state);
  expect(Object.keys(module.stateDict())).toEqual(Object.keys(each.state));

  const before = memory().storages;
  tidy(() => {
    const inputs = each.inputs.map((input, i) => {
      const made = fromFixture(input);
      return each.gradInputs[i] ? made.requiresGrad_() : made;
    });
    const outputs = outputsOf((module as Module & { forward(...inputs: Tensor[]): unknown }).forward(...inputs));
    expect(outputs.length).toBe(each.outputs.length);
    outputs.forEach((output, i) => expectTensor(output, each.outputs[i]!, `output ${i}`, tolerances[dtype]));

    const parameters = new Map(module.namedParameters());
    const wanted = [
      ...each.gradInputs.flatMap((gradient, i) => gradient ? [[`input ${i}`, inputs[i]!, gradient] as const] : []),
      ...Object.entries(each.gradParams).flatMap(([key, gradient]) =>
        gradient ? [[key, parameters.get(key)!, gradient] as const] : []
      ),
    ];
    if (wanted.length > 0) {
      const seeds = each.gradOutputs.map((seed) => fromFixture(seed));
      const found = grad(outputs, wanted.map(([, tensor]) => tensor), { gradOutputs: seeds, allowUnused: true });
      wanted.forEach(([where, , recorded], i) => {
        expect(found[i], `gradient of ${where}`).not.toBeNull();
        expectTensor(found[i]!, recorded, `gradient of ${where}`, tolerances[dtype]);
      });
    }
    const after = module.stateDict();
    for (const [key, recorded] of Object.entries(each.stateAfter)) {
      expectTensor(after[key]!, asHeddle(recorded, after[key]!), `${key} after`, tolerances[dtype]);
    }
  });
  expect(memory().storages - before, "storages left behind").toBeLessThanOrEqual(0);
}

function testLayers(tolerances: Tolerances, replayAs: ReplayDTypes | undefined, sample: number): void {
  const cases = loadFixtures<LayerCase | KeysCase>("modules").cases;
  const layers = cases.filter((each): each is LayerCase => "state" in each);
  testEach(layers, sample, (each) => runLayer(each, tolerances, replayAs));
  test.each(cases.filter((each): each is KeysCase => "stateKeys" in each))("$name", (each) => {
    const module = build(each.module, each.args);
    const state = module.stateDict();
    expect(Object.keys(state)).toEqual(each.stateKeys);
    expect(Object.values(state).map(({ shape }) => shape)).toEqual(each.stateShapes);
    if (each.parameters) expect(module.namedParameters().map(([name]) => name)).toEqual(each.parameters);
    if (each.modules) expect(module.namedModules().map(([name]) => name)).toEqual(each.modules);
  });
}

/** Checks values against a uniform bound, the standard deviation of a normal distribution, or a constant. */
function expectSpread(values: ArrayLike<number>, { bound, std, constant }: DefaultsCase["defaults"][string]): void {
  const list = Array.from(values, Number);
  if (constant !== undefined) expect(list.every((value) => value === constant)).toBe(true);
  const largest = Math.max(...list.map(Math.abs));
  // Of n draws the largest misses the last tenth of the interval with probability 0.9ⁿ.
  if (bound !== undefined) {
    expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-6));
    if (list.length >= 50) expect(largest).toBeGreaterThan(0.9 * bound);
  }
  if (std !== undefined) {
    const measured = Math.sqrt(list.reduce((sum, value) => sum + value ** 2, 0) / list.length);
    // Five standard errors.
    expect(Math.abs(measured / std - 1)).toBeLessThan(5 / Math.sqrt(2 * list.length));
  }
}

function testInitialisers(): void {
  const cases = loadFixtures<InitialiserCase | DefaultsCase>("initialisers").cases;
  type Fill = (tensor: unknown, options: object) => { toTypedArray(): ArrayLike<number> };
  test.each(cases.filter((each): each is InitialiserCase => "call" in each))("$name", (each) => {
    const call = (init as unknown as Record<string, unknown>)[each.call.slice("init.".length)];
    if (each.shape === undefined) {
      expect((call as (...args: unknown[]) => number)(...each.args)).toBeCloseTo(each.value!, 12);
      return;
    }
    const tensor = empty(each.shape);
    expect(init.calculateFan(tensor)).toEqual({ fanIn: each.fanIn, fanOut: each.fanOut });
    const filled = (call as Fill)(tensor, { ...each.args[0] as object, generator: new Generator(1) });
    expect(filled).toBe(tensor);
    expectSpread(tensor.toTypedArray("float32"), each);
  });
  test.each(cases.filter((each): each is DefaultsCase => "defaults" in each))("$name", (each) => {
    const state = build(each.module, each.args).stateDict();
    expect(Object.keys(state)).toEqual(Object.keys(each.defaults));
    for (const [key, spread] of Object.entries(each.defaults)) {
      expectSpread(state[key]!.float().toTypedArray("float32"), spread);
    }
  });
}

/**
 * Defines the tests of layers, losses, other functions and initialisers on one device.
 *
 * @example
 * ```ts ignore
 * nnConformance("gpu", { tolerances: { float32: { rtol: 1e-4, atol: 1e-5 } } });
 * ```
 */
export function nnConformance(device: string, options: ConformanceOptions = {}): void {
  const tolerances: Tolerances = { ...defaultTolerances, ...options.tolerances };
  const { excused = {}, sample = 1 } = options;
  describe(`networks on ${device}`, () => {
    const before = defaultDevice();
    beforeAll(() => setDefaultDevice(device));
    afterAll(() => setDefaultDevice(before));
    describe("layers", () => testLayers(tolerances, options.replayAs, sample));
    describe("recurrent", () => testRecurrent(tolerances, options.replayAs, sample));
    describe("attention", () => testAttention(tolerances, options.replayAs, sample));
    describe.each(["losses", "functional", "attention_functions", "vision"])("%s", (family) => {
      const held = loadFixtures<FixtureCase>(family).cases.filter(({ name }) => !(`${family}/${name}` in excused));
      testEach(held, sample, (each) => {
        const wrong = replay(each, {
          device: getDevice(device),
          tolerances,
          signedZeros: false,
          replayAs: options.replayAs,
        });
        if (wrong.length > 0) expect.fail(wrong.join("\n"));
      });
    });
    describe("initialisers", testInitialisers);
  });
}
