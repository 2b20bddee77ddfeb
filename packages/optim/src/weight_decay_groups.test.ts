import "@heddle/autograd";
import { ones } from "@heddle/tensor";
import { expect, test } from "vitest";
import { weightDecayGroups } from "./weight_decay_groups.ts";
import { SGD } from "./sgd.ts";

const leaf = (...shape: number[]) => ones(shape, { requiresGrad: true });

test("matrices and kernels decay, vectors and numbers do not", () => {
  const [kernel, bias, matrix, scale] = [leaf(2, 3, 1, 1), leaf(2), leaf(2, 2), leaf()];
  const groups = weightDecayGroups([kernel, bias, matrix, scale], 0.5);
  expect(groups.map(({ params }) => params)).toEqual([[kernel, matrix], [bias, scale]]);
  const optimizer = new SGD(groups, { lr: 1 });
  for (const param of [kernel, bias, matrix, scale]) param.grad = ones(param.shape).zero_();
  optimizer.step();
  expect([matrix.sum().item(), bias.sum().item(), scale.item()]).toEqual([2, 2, 1]);
});

test("an empty group is left out", () => {
  expect(weightDecayGroups([leaf(2)], 0.5).map(({ weightDecay }) => weightDecay)).toEqual([0]);
});

test("parameters that are named do not decay, whatever their dimensions", () => {
  const [kernel, scale] = [leaf(2, 3), leaf(4, 4)];
  const groups = weightDecayGroups([kernel, scale], 0.5, { without: [scale] });
  expect(groups).toEqual([{ params: [kernel], weightDecay: 0.5 }, { params: [scale], weightDecay: 0 }]);
});
