import { expect, test } from "vitest";
import { regularisation } from "./regularisation.ts";
import { testBasic } from "./test_harness.ts";

const { figures, pictures } = await testBasic(regularisation);
const [none, l1, l2, dropout, stopped] = figures.methods;

test("without regularisation even wrong labels are memorised", () => {
  expect(none.method).toBe("none");
  expect(none.trainErrorPercent).toBeLessThan(1);
  expect(none.testErrorPercent).toBeGreaterThan(15);
});

test("every method lowers the test loss, and none fits the training set better", () => {
  for (const each of [l1, l2, dropout, stopped]) {
    expect(each.testLoss, each.method).toBeLessThan(0.95 * none.testLoss);
    expect(each.trainErrorPercent, each.method).toBeGreaterThanOrEqual(none.trainErrorPercent);
  }
});

test("L1 sets weights to zero, L2 makes them small, and early stopping stops", () => {
  expect(l1.weightsNearZeroPercent).toBeGreaterThan(50);
  expect(none.weightsNearZeroPercent).toBeLessThan(5);
  expect(l1.weightsNearZeroPercent).toBeGreaterThan(l2.weightsNearZeroPercent);
  expect(l2.weightNorm).toBeLessThan(0.6 * none.weightNorm);
  expect(stopped.epochs).toBeLessThan(none.epochs);
});

test("curves and weights are drawn", () => {
  for (const words of ["Validation loss", "early stopping"]) expect(pictures["curves"]).toContain(words);
  expect(pictures["weights"]!.match(/<image/g)).toHaveLength(24);
});
