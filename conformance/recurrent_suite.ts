/** Recurrent layers and cells against the recordings of PyTorch, as a function of a device. */
import { grad } from "@heddle/autograd";
import * as nn from "@heddle/nn";
import type { RecurrentCell, RecurrentLayer, StateDict } from "@heddle/nn";
import { memory, Tensor, tidy } from "@heddle/tensor";
import { expect } from "vitest";
import { testEach } from "./sampled.ts";
import { type FixtureTensor, loadFixtures } from "./load.ts";
import { inDTypes, type ReplayDTypes } from "./narrow.ts";
import { expectTensor, fromFixture, type Tolerances } from "./recorded_tensors.ts";

/** One run of a layer or cell: an input and perhaps states, outputs and final states, and gradients of all. */
interface RecurrentCase {
  name: string;
  module: string;
  args: unknown[];
  state: Record<string, FixtureTensor>;
  inputs: FixtureTensor[];
  lengths: number[] | null;
  outputs: FixtureTensor[];
  gradOutputs: FixtureTensor[];
  gradInputs: FixtureTensor[];
  gradParams: Record<string, FixtureTensor>;
}

type Recurrent = (RecurrentLayer | RecurrentCell) & { forward(...args: unknown[]): unknown };

/** All tensors of a result, in their order. */
function flatten(value: unknown): Tensor[] {
  return value instanceof Tensor ? [value] : (value as unknown[]).flatMap(flatten);
}

function runCase(recorded: RecurrentCase, tolerances: Tolerances, replayAs: ReplayDTypes | undefined): void {
  const each = replayAs ? inDTypes(recorded, replayAs) : recorded;
  const dtype = each.inputs[0]!.dtype as keyof Tolerances;
  const Make = (nn as unknown as Record<string, new (...args: unknown[]) => Recurrent>)[each.module]!;
  const module = new Make(...each.args).to(dtype);
  const state: StateDict = {};
  for (const [key, value] of Object.entries(each.state)) state[key] = fromFixture(value);
  expect(Object.keys(module.stateDict())).toEqual(Object.keys(each.state));
  module.loadStateDict(state);

  const before = memory().storages;
  tidy(() => {
    const [x, ...states] = each.inputs.map((input) => fromFixture(input).requiresGrad_());
    const given = states.length === 0 ? null : each.module.startsWith("LSTM") ? states : states[0];
    const found = flatten(module.forward(x, given, ...(each.lengths ? [{ lengths: each.lengths }] : [])));
    expect(found.length).toBe(each.outputs.length);
    found.forEach((output, i) => expectTensor(output, each.outputs[i]!, `output ${i}`, tolerances[dtype]));

    const wanted = [x!, ...states, ...module.parameters()];
    const gradients = grad(found, wanted, { gradOutputs: each.gradOutputs.map((seed) => fromFixture(seed)) });
    const right = [...each.gradInputs, ...Object.values(each.gradParams)];
    const names = [...each.gradInputs.map((_, i) => `input ${i}`), ...Object.keys(each.gradParams)];
    expect(gradients.length).toBe(right.length);
    right.forEach((gradient, i) => {
      expectTensor(gradients[i]!, gradient, `gradient of ${names[i]}`, tolerances[dtype]);
    });
  });
  expect(memory().storages - before, "storages left behind").toBeLessThanOrEqual(0);
}

/** Defines the tests on the default device. */
export function testRecurrent(tolerances: Tolerances, replayAs: ReplayDTypes | undefined, sample: number): void {
  testEach(loadFixtures<RecurrentCase>("recurrent").cases, sample, (each) => runCase(each, tolerances, replayAs));
}
