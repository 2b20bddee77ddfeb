import { expect, test } from "vitest";
import { optimisers } from "./optimisers.ts";
import { testBasic } from "./test_harness.ts";

const { figures, pictures } = await testBasic(optimisers);
type Walk = {
  landscape: string;
  rule: string;
  stepsToOnePercent: number;
  lastLoss: number;
  differenceFromLibrary: number;
};
const rules = figures.rules as Walk[];
const walk = (landscape: string, rule: string): Walk =>
  rules.find((each) => each.landscape === landscape && each.rule === rule)!;
const NAMES = ["descent", "momentum", "Adagrad", "RMSprop", "Adam"];

test("the rules written out are the library's", () => {
  expect(rules).toHaveLength(15);
  for (const { landscape, rule, differenceFromLibrary } of rules) {
    expect(differenceFromLibrary, `${rule}, ${landscape}`).toBeLessThan(1e-9);
  }
});

test("all come to the bottom; descent as the valley's curvature says", () => {
  for (const { landscape, rule, stepsToOnePercent } of rules) {
    expect(stepsToOnePercent, `${rule}, ${landscape}`).toBeGreaterThan(0);
    expect(stepsToOnePercent, `${rule}, ${landscape}`).toBeLessThan(100);
  }
  // A step multiplies each coordinate by 1 − rate · curvature; the last loss is that before step 150.
  const last = 0.05 * (3.5 * (1 - 0.37 * 0.1) ** 149) ** 2 + 2.5 * ((1 - 0.37 * 5) ** 149) ** 2;
  expect(walk("A valley", "descent").lastLoss / last).toBeCloseTo(1, 6);
});

test("rotation does not affect descent and momentum, and slows adaptive rules down", () => {
  for (const rule of NAMES) {
    const straight = walk("A valley", rule), turned = walk("The valley, rotated", rule);
    if (rule === "descent" || rule === "momentum") expect(turned.stepsToOnePercent).toBe(straight.stepsToOnePercent);
    else expect(turned.stepsToOnePercent, rule).toBeGreaterThan(1.5 * straight.stepsToOnePercent);
  }
});

test("more steps of less points come as near; rates that decay come nearer", () => {
  expect(figures.batches.map(({ steps }: { steps: number }) => steps)).toEqual([5, 50, 500]);
  for (const { way, lossAboveSmallest } of figures.batches) expect(lossAboveSmallest, way).toBeLessThan(0.2);
  const [constant, ...decaying] = figures.decays as { schedule: string; lastRate: number; lossAboveSmallest: number }[];
  for (const { schedule, lossAboveSmallest } of decaying) {
    expect(lossAboveSmallest, schedule).toBeLessThan(constant!.lossAboveSmallest / 10);
  }
  // Of the thousandth step, counted from 0: 999.
  const rates = [0.2, 0.2 / (1 + 999 / 20), 0.2 * 0.995 ** 999, 0.2 * 0.25 ** 3];
  [constant!, ...decaying].forEach(({ lastRate }, i) => expect(lastRate).toBeCloseTo(rates[i]!, 9));
});

test("landscapes, paths and rates are drawn", () => {
  expect(pictures["batches"]).toContain("online: 1 per step");
  for (const name of NAMES) expect(pictures["rules"]).toContain(name);
  expect(pictures["schedules"]).toContain("inverse time");
});
