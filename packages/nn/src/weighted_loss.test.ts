import { ones, scope, type Tensor, tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { Sequential } from "./container.ts";
import { Linear } from "./linear.ts";
import { BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, NLLLoss } from "./loss.ts";
import { MultiLabelSoftMarginLoss, MultiMarginLoss } from "./margin_loss.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import type { WeightedLoss } from "./weighted_loss.ts";

const losses: Record<string, (weight: Tensor) => WeightedLoss> = {
  CrossEntropyLoss: (weight) => new CrossEntropyLoss({ weight }),
  NLLLoss: (weight) => new NLLLoss({ weight }),
  BCELoss: (weight) => new BCELoss({ weight }),
  BCEWithLogitsLoss: (weight) => new BCEWithLogitsLoss({ weight }),
  MultiMarginLoss: (weight) => new MultiMarginLoss({ weight }),
  MultiLabelSoftMarginLoss: (weight) => new MultiLabelSoftMarginLoss({ weight }),
};

test.each(Object.entries(losses))("%s: the weight is part of its state, and moves with it", (_, make) => {
  const given = tensor([1, 2, 3]);
  const loss = make(given);
  expect(Object.keys(loss.stateDict())).toEqual(["weight"]);
  expect(loss.parameters()).toEqual([]);
  loss.loadStateDict({ weight: tensor([4, 5, 6]) });
  expect(loss.weight!.toArray()).toEqual([4, 5, 6]);
  expect(given.toArray()).toEqual([4, 5, 6]); // the memory is shared, as in PyTorch
  expect(loss.to("float64").weight!.dtype).toBe("float64");
  expect(given.dtype).toBe("float32");
  expect(loss.to("reference").weight!.device.name).toBe("reference");
});

test("a checkpoint of PyTorch that holds a loss loads strictly", () => {
  class Net extends Module {
    readonly body = new Sequential(new Linear(2, 3));
    readonly loss = new BCEWithLogitsLoss({ weight: ones([3]), posWeight: ones([3]) });
  }
  const checkpoint = {
    "body.0.weight": ones([3, 2]),
    "body.0.bias": ones([3]),
    "loss.weight": tensor([1, 2, 3]),
    "loss.pos_weight": tensor([4, 5, 6]),
  };
  const net = new Net();
  expect(net.loadStateDict(checkpoint)).toEqual({ missingKeys: [], unexpectedKeys: [] });
  expect(net.loss.posWeight!.toArray()).toEqual([4, 5, 6]);
  expect(Object.keys(net.stateDict())).toEqual(Object.keys(checkpoint));
});

test("a weight outlives the scope that the loss is made in", () => {
  const inner = scope();
  const loss = new CrossEntropyLoss({ weight: tensor([1, 2]) });
  inner.end();
  expect(loss.weight!.toArray()).toEqual([1, 2]);
});

test("gradients flow to a weight that wants them, and a parameter stays one", () => {
  const [scores, labels] = [ones([1, 3]), tensor([0], { dtype: "int32" })];
  const weight = ones([3]).requiresGrad_();
  new NLLLoss({ weight, reduction: "sum" }).forward(scores, labels).backward();
  expect(weight.grad!.toArray()).toEqual([-1, 0, 0]);
  const learned = new NLLLoss({ weight: new Parameter(ones([3])), reduction: "sum" });
  expect(learned.namedParameters().map(([name]) => name)).toEqual(["weight"]);
  expect(Object.keys(learned.stateDict())).toEqual(["weight"]);
});
