/** Attention and transformers against the recordings of PyTorch and of formulas, as a function of a device. */
import { grad } from "@heddle/autograd";
import * as nn from "@heddle/nn";
import { LayerNorm, Module, type StateDict } from "@heddle/nn";
import { memory, Tensor, tidy } from "@heddle/tensor";
import { expect } from "vitest";
import { testEach } from "./sampled.ts";
import { callValues, type FixtureTensor, loadFixtures } from "./load.ts";
import { inDTypes, type ReplayDTypes } from "./narrow.ts";
import { expectTensor, fromFixture, type Tolerances, toTensor } from "./recorded_tensors.ts";

/** One run of a module: state, inputs, outputs, and the gradients of inputs and parameters. */
interface AttentionCase {
  name: string;
  module: string;
  args: unknown[];
  state: Record<string, FixtureTensor>;
  inputs: FixtureTensor[];
  options: Record<string, unknown>;
  outputs: FixtureTensor[];
  gradOutputs: FixtureTensor[];
  gradInputs: (FixtureTensor | null)[];
  gradParams: Record<string, FixtureTensor | null>;
}

type AnyModule = Module & { forward(...args: unknown[]): unknown };

/** A module from its name and arguments; a stack's are those of a layer, the number of layers, and whether a norm follows. */
function build(module: string, args: readonly unknown[]): AnyModule {
  const Make = (nn as unknown as Record<string, new (...args: readonly unknown[]) => AnyModule>)[module]!;
  if (module !== "TransformerEncoder" && module !== "TransformerDecoder") return new Make(...args);
  const [layer, count, norm] = args as [unknown[], number, boolean];
  return new Make(build(`${module}Layer`, layer), count, { norm: norm ? new LayerNorm(layer[0] as number) : null });
}

function tensorsOf(value: unknown): Tensor[] {
  return value instanceof Tensor ? [value] : value === null ? [] : (value as unknown[]).flatMap(tensorsOf);
}

/** Sums of many terms that nearly cancel: the recordings in float64 are the strict ones. */
const inFloat32 = { rtol: 1e-4, atol: 2e-5 };

function runCase(recorded: AttentionCase, given: Tolerances, replayAs: ReplayDTypes | undefined): void {
  const each = replayAs ? inDTypes(recorded, replayAs) : recorded;
  const dtype = each.inputs[0]!.dtype as keyof Tolerances;
  const tolerances: Tolerances = { ...given, float32: inFloat32 };
  const module = build(each.module, each.args).to(dtype);
  const state: StateDict = {};
  for (const [key, value] of Object.entries(each.state)) state[key] = fromFixture(value);
  expect(Object.keys(module.stateDict())).toEqual(Object.keys(each.state));
  module.loadStateDict(state);

  const run = (): void =>
    tidy(() => {
      const inputs = each.inputs.map((input) => fromFixture(input).requiresGrad_());
      const [options] = callValues({ args: [each.options] }, [], toTensor) as [Record<string, unknown>];
      // Self-attention has one input for all three.
      const given = each.module === "MultiheadAttention" && inputs.length === 1
        ? [inputs[0], inputs[0], inputs[0]]
        : inputs;
      const found = tensorsOf(module.forward(...given, options));
      expect(found.length).toBe(each.outputs.length);
      found.forEach((output, i) => expectTensor(output, each.outputs[i]!, `output ${i}`, tolerances[dtype]));

      const wanted = [...inputs, ...module.parameters()];
      const right = [...each.gradInputs, ...Object.values(each.gradParams)];
      const names = [...inputs.map((_, i) => `input ${i}`), ...Object.keys(each.gradParams)];
      const gradOutputs = each.gradOutputs.map((seed) => fromFixture(seed));
      const gradients = grad(found, wanted, { gradOutputs, allowUnused: true });
      expect(gradients.length).toBe(right.length);
      right.forEach((gradient, i) => {
        if (gradient !== null) expectTensor(gradients[i]!, gradient, `gradient of ${names[i]}`, tolerances[dtype]);
      });
    });
  run(); // what is made at the first call and kept, as tables are, is there now
  const before = memory().storages;
  run();
  expect(memory().storages - before, "storages left behind").toBeLessThanOrEqual(0);
}

/** Defines the tests on the default device. */
export function testAttention(tolerances: Tolerances, replayAs: ReplayDTypes | undefined, sample: number): void {
  testEach(loadFixtures<AttentionCase>("attention").cases, sample, (each) => runCase(each, tolerances, replayAs));
}
