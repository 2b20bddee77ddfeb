/**
 * The recorded calls, layers and optimisers once more, compiled.
 *
 * @module-tag once
 */
import { grad } from "@heddle/autograd";
import { compile } from "@heddle/compile";
import type { Module } from "@heddle/nn";
import { manualSeed, type Tensor, tidy } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { isInPlace, makeCall, outputsOf } from "./calls.ts";
import { callValues, type FixtureCase, loadFixtures } from "./load.ts";
import { build, type KeysCase, type LayerCase } from "./nn_suite.ts";
import { fromFixture, toTensor } from "./recorded_tensors.ts";
import { start, type Trajectory } from "./trajectories.ts";

type Step = (...inputs: Tensor[]) => Tensor[];

/** The values of all results of some runs, each on the same inputs. `begin` makes the step from the same state each time. */
function values(begin: () => Step, inputs: readonly (readonly Tensor[])[]): number[][][] {
  const step = begin();
  return inputs.map((each) => {
    manualSeed(5);
    const made = step(...each);
    const found = made.map((tensor) => [...tensor.detach().toTypedArray()].map(Number));
    for (const tensor of made) if (!each.includes(tensor) && !tensor.isDisposed) tensor.dispose();
    return found;
  });
}

/**
 * Runs a step eagerly, and compiled without and with passes; the fourth and fifth run are replays. Without passes the bits are the same,
 * unless arguments are not contiguous: their copies are, and sums may have another order.
 */
function compare(begin: () => Step, inputs: readonly (readonly Tensor[])[], exact = true): void {
  const eager = values(() => {
    const step = begin();
    return (...each) => tidy(() => step(...each));
  }, inputs);
  for (const passes of [[], undefined]) {
    let replays = 0;
    const compiled = values(() => {
      const step = compile(begin(), passes === undefined ? {} : { passes });
      return (...each) => {
        const made = step(...each);
        ({ replays } = step.report());
        return made;
      };
    }, inputs);
    // A step without elements runs nothing.
    if (inputs[0]!.every(({ numel }) => numel > 0)) expect(replays).toBeGreaterThanOrEqual(2);
    const [found, wanted] = [compiled.flat(2), eager.flat(2)];
    expect(found.length).toBe(wanted.length);
    const agree = passes !== undefined && exact ? Object.is : isClose;
    const wrong = found.findIndex((value, i) => !agree(value, wanted[i]!));
    if (wrong >= 0) expect.fail(`value ${wrong} is ${found[wrong]}, eagerly ${wanted[wrong]}`);
  }
}

const isClose = (found: number, wanted: number): boolean =>
  Object.is(found, wanted) || found === wanted || Math.abs(found - wanted) <= 1e-6 + 1e-5 * Math.abs(wanted);

/** The outputs, and the gradients of those inputs that the recording has gradients of. */
function withGradients(
  run: (inputs: Tensor[]) => Tensor[],
  wanted: readonly boolean[],
  seeds: readonly (Tensor | null)[],
  others: readonly Tensor[],
): Step {
  return (...given) => {
    const inputs = given.map((input, i) => wanted[i] ? input.detach().requiresGrad_() : input);
    const outputs = run(inputs);
    const leaves = [...inputs.filter((_, i) => wanted[i]), ...others];
    const roots = outputs.filter((output, i) => seeds[i] && output.requiresGrad);
    if (leaves.length === 0 || roots.length === 0) return outputs.map((output) => output.detach().clone());
    const gradients = grad(roots, leaves, {
      gradOutputs: seeds.filter((seed, i): seed is Tensor => seed !== null && outputs[i]!.requiresGrad),
      allowUnused: true,
    });
    return [
      ...outputs.map((output) => output.detach().clone()),
      ...gradients.flatMap((g) => g === null ? [] : [g.clone()]),
    ];
  };
}

const runs = 5;

describe.each(["losses", "functional", "attention_functions", "vision"])("%s", (family) => {
  const cases = loadFixtures<FixtureCase>(family).cases.filter(({ call, error }) => !error && !isInPlace(call));
  test.each(cases)("$name", (each) => {
    const flat = each.inputs.flatMap((input) => "list" in input ? input.list : [input]);
    const inputs = flat.map((input) => fromFixture(input));
    const begin = (): Step => {
      const seeds = (each.gradOutputs ?? []).map((seed) => seed && fromFixture(seed));
      // Tensors among the arguments, in their order: made once.
      const constants: Tensor[] = [];
      let used = 0;
      const constant: typeof toTensor = (decoded) => constants[used++] ??= toTensor(decoded);
      callValues(each, each.inputs.map(() => null) as never, constant);
      return withGradients(
        (own) => {
          let next = used = 0;
          const called = each.inputs.map((input) =>
            "list" in input ? input.list.map(() => own[next++]!) : own[next++]!
          );
          return outputsOf(makeCall(each.call, callValues(each, called, constant)));
        },
        flat.map((_, i) => each.grads?.[i] != null),
        seeds,
        [],
      );
    };
    compare(begin, Array.from({ length: runs }, () => inputs), inputs.every((input) => input.isContiguous()));
  });
});

describe("layers", () => {
  const cases = loadFixtures<LayerCase | KeysCase>("modules").cases.filter((each): each is LayerCase =>
    "state" in each
  );
  test.each(cases)("$name", (each) => {
    const inputs = each.inputs.map((input) => fromFixture(input));
    const begin = (): Step => {
      const dtype = (each.outputs[0]?.dtype ?? "float32") as "float32";
      const module = build(each.module, each.args).to(dtype).train(each.mode === "train");
      module.loadStateDict(
        Object.fromEntries(Object.entries(each.state).map(([key, value]) => [key, fromFixture(value)])),
      );
      const parameters = module.parameters();
      return withGradients(
        (own) => outputsOf((module as Module & { forward(...inputs: Tensor[]): unknown }).forward(...own)),
        each.gradInputs.map((gradient) => gradient !== null),
        each.gradOutputs.map((seed) => fromFixture(seed)),
        parameters,
      );
    };
    // This layer reads its labels, and computes otherwise where it must not.
    const exact = each.module !== "AdaptiveLogSoftmaxWithLoss" && inputs.every((input) => input.isContiguous());
    compare(begin, Array.from({ length: runs }, () => inputs), exact);
  });
});

describe("optimisers", () => {
  const cases = loadFixtures<Trajectory | { name: string }>("optimisers").cases.filter((each): each is Trajectory =>
    "trajectory" in each
  );
  test.each(cases)("$name", (each) => {
    // Steps in which all parameters have gradients repeat.
    const inputs = each.grads.filter((grads) => grads.every((g) => g !== null)).map((grads) =>
      grads.map((g) => fromFixture(g!))
    );
    const begin = (): Step => {
      const { params, made } = start(each);
      return (...gradients) => {
        params.forEach((param, i) => param.grad = gradients[i]!.clone());
        made.step();
        return params.map((param) => param.detach().clone());
      };
    };
    compare(begin, inputs);
  });
});
