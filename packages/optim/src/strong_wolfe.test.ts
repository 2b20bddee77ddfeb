import { ones } from "@heddle/tensor";
import { expect, test } from "vitest";
import { type LinePoint, strongWolfe } from "./strong_wolfe.ts";

const gradient = ones([1]);

// Recorded from torch.optim.lbfgs._strong_wolfe, in float64.
test.each([
  { kink: 0.013, first: 1, t: 0.012999878871736882 },
  { kink: 0.013, first: 4, t: 0.012999312365198164 },
  { kink: 0.1, first: 2, t: 0.09999977596666305 },
])("narrows a bracket around the kink at $kink as PyTorch does, from $first", ({ kink, first, t }) => {
  // Falls with slope -1 to the kink and rises with slope 10 beyond, so that no point is flat, and one end stays close.
  const at = (t: number): LinePoint =>
    t < kink ? { t, loss: -t, slope: -1, gradient } : { t, loss: -kink + 10 * (t - kink), slope: 10, gradient };
  const { point, evaluations } = strongWolfe(at(0), first, at, 1, 1e-9);
  expect(point.t).toBeCloseTo(t, 14);
  expect(evaluations).toBe(26);
});
