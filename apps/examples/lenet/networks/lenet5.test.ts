import { rand } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { C3_INPUTS, LeNet5 } from "./lenet5.ts";
import { parameterCount } from "../../parameter_count.ts";

describe("LeNet5", () => {
  test("has the paper's trainable parameters, layer by layer", () => {
    const network = new LeNet5();
    const counts = network.layers.filter(({ module }) => module).map((
      { name, module },
    ) => [name, parameterCount(module!)]);
    expect(counts).toEqual([
      ["C1", 156],
      ["S2", 12],
      ["C3", 1_516],
      ["S4", 32],
      ["C5", 48_120],
      ["F6", 10_164],
      ["output", 850],
    ]);
    expect(parameterCount(network)).toBe(60_850);
  });

  test("saves its weights and nothing else", () => {
    const state = new LeNet5().stateDict();
    expect(Object.values(state).reduce((sum, tensor) => sum + tensor.numel, 0)).toBe(60_850);
  });

  test("maps pictures to ten logits that differ", () => {
    const logits = new LeNet5().forward(rand([3, 1, 28, 28]));
    expect(logits.shape).toEqual([3, 10]);
    expect(logits.std().item()).toBeGreaterThan(0.05);
  });

  test("every parameter gets a gradient", () => {
    const network = new LeNet5();
    network.forward(rand([2, 1, 28, 28])).square().sum().backward();
    for (const [name, parameter] of network.namedParameters()) {
      expect([name, parameter.grad?.abs().amax().item()]).toEqual([name, expect.toSatisfy((size: number) => size > 0)]);
    }
  });
});

describe("the connections of C3", () => {
  test("are 60, in the paper's four groups", () => {
    expect(C3_INPUTS.map((inputs) => inputs.length)).toEqual([3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 6]);
    expect(C3_INPUTS.flat()).toHaveLength(60);
  });

  test("use every map of S2 ten times", () => {
    for (let map = 0; map < 6; map++) expect(C3_INPUTS.filter((inputs) => inputs.includes(map))).toHaveLength(10);
  });

  test("are neighbours on a ring, but for three maps and the last", () => {
    const neighbours = (inputs: readonly number[]): boolean =>
      inputs.filter((map) => inputs.includes((map + 1) % 6)).length >= inputs.length - 1;
    expect(C3_INPUTS.map(neighbours)).toEqual(Array.from({ length: 16 }, (_, map) => map < 12 || map === 15));
  });

  test("are all different and in order", () => {
    expect(new Set(C3_INPUTS.map(String)).size).toBe(16);
    for (const inputs of C3_INPUTS) expect(inputs).toEqual([...new Set(inputs)].sort());
  });
});
