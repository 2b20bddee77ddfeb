import { SGD } from "@heddle/optim";
import { ones } from "@heddle/tensor";
import { expect, test } from "vitest";
import { makeSchedule, type ScheduleName } from "./schedule.ts";

/** The learning rate of each of 100 steps in 10 epochs. */
function rates(name: ScheduleName): number[] {
  const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 0.1, momentum: 0.9 });
  const schedule = makeSchedule(name, optimizer, { lr: 0.1, steps: 100, epochs: 10 });
  return Array.from({ length: 100 }, () => {
    const { lr } = optimizer.paramGroups[0]!;
    optimizer.step();
    schedule.step();
    return lr;
  });
}

test("constant", () => {
  expect(new Set(rates("constant"))).toEqual(new Set([0.1]));
});

test("step is a tenth from the middle and a hundredth from three quarters on", () => {
  const steps = rates("step");
  expect([steps[49], steps[50], steps[74], steps[75]].map((rate) => rate!.toFixed(6))).toEqual(
    ["0.100000", "0.010000", "0.010000", "0.001000"],
  );
});

test("exponential loses 5% an epoch", () => {
  expect(rates("exponential")[10]).toBeCloseTo(0.095, 10);
});

test("cosine falls to nothing, one-cycle rises first", () => {
  const cosine = rates("cosine"), cycle = rates("one-cycle");
  expect([cosine[0], cosine[50]].map((rate) => rate!.toFixed(6))).toEqual(["0.100000", "0.050000"]);
  expect(cosine[99]).toBeLessThan(1e-4);
  expect(cycle[0]).toBeCloseTo(0.004, 10);
  expect(cycle.indexOf(Math.max(...cycle))).toBe(29);
  expect(cycle[99]).toBeLessThan(1e-6);
});
