import { noGrad } from "@heddle/autograd";
import { manualSeed, rand } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { parameterCount } from "../parameter_count.ts";
import { MODELS, RotationNetwork } from "./network.ts";
import { rotatedByQuarters, rotatedMaps } from "./rotated.ts";

test("all have about as many parameters", () => {
  const counts = Object.fromEntries(MODELS.map((model) => [model, parameterCount(new RotationNetwork(model))]));
  // Convolutions, and a scale and a shift for each channel of six batch norms.
  expect(counts).toEqual({
    standard: 20 * 9 + 5 * 20 * 20 * 9 + 10 * 20 * 16 + 6 * 2 * 20,
    "p4-pooled": 20 * 9 + 5 * 20 * 20 * 9 + 10 * 20 * 16 + 6 * 2 * 20,
    p4: 10 * 9 + 5 * 10 * 10 * 4 * 9 + 10 * 10 * 4 * 16 + 6 * 2 * 10,
    p4m: 7 * 9 + 5 * 7 * 7 * 8 * 9 + 10 * 7 * 8 * 16 + 6 * 2 * 7,
  });
});

describe.each(MODELS)("%s", (model) => {
  manualSeed(1);
  const network = new RotationNetwork(model), images = rand([4, 1, 28, 28]);
  // Non-trivial statistics, as after training.
  noGrad(() => network.forward(rand([8, 1, 28, 28])));
  network.eval();
  const maps = noGrad(() => network.maps(images)),
    turnedMaps = noGrad(() => network.maps(rotatedByQuarters(images, 1)));
  const outputs = [0, 1, 2, 3].map((times) => noGrad(() => network.forward(rotatedByQuarters(images, times))));
  const equivariant = model !== "standard";

  test(`feature maps ${equivariant ? "turn along" : "do not turn along"} with the images`, () => {
    expect(maps.shape.slice(3)).toEqual([24, 24]);
    const expected = rotatedMaps(maps);
    expect(turnedMaps.allclose(expected, { rtol: 0, atol: 1e-5 })).toBe(equivariant);
    // Without rotating and permuting, the maps would differ.
    expect(turnedMaps.allclose(maps, { rtol: 0, atol: 1e-2 })).toBe(false);
    if (maps.shape[2]! > 1) {
      expect(turnedMaps.allclose(rotatedByQuarters(maps, 1), { rtol: 0, atol: 1e-2 })).toBe(false);
    }
  });

  test(`outputs for images rotated by 90° are ${equivariant ? "the same" : "others"}`, () => {
    expect(outputs[0]!.shape).toEqual([4, 10]);
    for (const output of outputs.slice(1)) {
      expect(output.allclose(outputs[0]!, { rtol: 0, atol: 1e-5 })).toBe(equivariant);
    }
  });

  test("mirrored images are the same to p4m alone", () => {
    const mirrored = noGrad(() => network.forward(images.flip([-1])));
    expect(mirrored.allclose(outputs[0]!, { rtol: 0, atol: 1e-5 })).toBe(model === "p4m");
  });
});
