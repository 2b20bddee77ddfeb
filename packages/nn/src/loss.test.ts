import { ones, randn, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import * as F from "./functional/mod.ts";
import * as losses from "./loss.ts";
import * as margins from "./margin_loss.ts";
import type { Module } from "./module.ts";

type Loss = Module & { forward(...inputs: Tensor[]): Tensor };
type Case = [make: new (options: object) => Loss, fn: (...args: never[]) => Tensor, options: object, inputs: Tensor[]];

const [a, b] = [randn([4, 3]), randn([4, 3])];
const classes = tensor([0, 2, 1, 1], { dtype: "int32" });
const labels = tensor([[0, -1, -1], [2, 1, -1], [1, 0, -1], [2, -1, -1]], { dtype: "int32" });
const signs = ones([4, 3]);
const none = { reduction: "none" } as const;

/** The module, its function, options that matter, inputs. */
const cases: Record<string, Case> = {
  CrossEntropyLoss: [losses.CrossEntropyLoss, F.crossEntropy, { labelSmoothing: 0.3 }, [a, classes]],
  NLLLoss: [losses.NLLLoss, F.nllLoss, { ignoreIndex: 2 }, [a, classes]],
  BCELoss: [losses.BCELoss, F.binaryCrossEntropy, none, [a.sigmoid(), b.sigmoid()]],
  BCEWithLogitsLoss: [losses.BCEWithLogitsLoss, F.binaryCrossEntropyWithLogits, { posWeight: ones([3]).mul(2) }, [
    a,
    b.sigmoid(),
  ]],
  MSELoss: [losses.MSELoss, F.mseLoss, none, [a, b]],
  L1Loss: [losses.L1Loss, F.l1Loss, none, [a, b]],
  SmoothL1Loss: [losses.SmoothL1Loss, F.smoothL1Loss, { beta: 0.2 }, [a, b]],
  HuberLoss: [losses.HuberLoss, F.huberLoss, { delta: 0.2 }, [a, b]],
  KLDivLoss: [losses.KLDivLoss, F.klDiv, { reduction: "batchmean" }, [a, b.softmax(1)]],
  GaussianNLLLoss: [losses.GaussianNLLLoss, F.gaussianNllLoss, { full: true }, [a, b, signs]],
  PoissonNLLLoss: [losses.PoissonNLLLoss, F.poissonNllLoss, { full: true }, [a, b.abs().mul(5)]],
  HingeLoss: [margins.HingeLoss, F.hingeLoss, { margin: 2 }, [a, signs]],
  MultiMarginLoss: [margins.MultiMarginLoss, F.multiMarginLoss, { p: 2 }, [a, classes]],
  HingeEmbeddingLoss: [margins.HingeEmbeddingLoss, F.hingeEmbeddingLoss, { margin: 2 }, [a, signs.neg()]],
  MarginRankingLoss: [margins.MarginRankingLoss, F.marginRankingLoss, { margin: 1 }, [a, b, signs]],
  SoftMarginLoss: [margins.SoftMarginLoss, F.softMarginLoss, none, [a, signs]],
  MultiLabelSoftMarginLoss: [margins.MultiLabelSoftMarginLoss, F.multilabelSoftMarginLoss, none, [a, signs]],
  CosineEmbeddingLoss: [margins.CosineEmbeddingLoss, F.cosineEmbeddingLoss, { margin: -0.9 }, [a, b, ones([4]).neg()]],
  TripletMarginLoss: [margins.TripletMarginLoss, F.tripletMarginLoss, { margin: 3 }, [a, b, signs]],
  TripletMarginWithDistanceLoss: [
    margins.TripletMarginWithDistanceLoss,
    F.tripletMarginWithDistanceLoss,
    { margin: 3 },
    [a, b, signs],
  ],
  MultiLabelMarginLoss: [margins.MultiLabelMarginLoss, F.multilabelMarginLoss, none, [a, labels]],
  CTCLoss: [losses.CTCLoss, F.ctcLoss, { blank: 2 }, [
    randn([6, 2, 3]).logSoftmax(2),
    tensor([[0, 1], [1, 0]], { dtype: "int32" }),
    tensor([6, 5], { dtype: "int32" }),
    tensor([2, 1], { dtype: "int32" }),
  ]],
  CosineSimilarity: [margins.CosineSimilarity, F.cosineSimilarity, { dim: 0 }, [a, b]],
  PairwiseDistance: [margins.PairwiseDistance, F.pairwiseDistance, { p: 1 }, [a, b]],
};

describe("losses as modules are their functions with the options kept", () => {
  test.each(Object.keys(cases))("%s", (name) => {
    const [Make, fn, options, inputs] = cases[name]!;
    const call = (given: object): unknown => (fn as (...args: unknown[]) => Tensor)(...inputs, given).toArray();
    expect(new Make(options).forward(...inputs).toArray()).toEqual(call(options));
    expect(new Make({}).forward(...inputs).toArray()).toEqual(call({}));
    expect(call(options)).not.toEqual(call({}));
  });

  test("there is a case for every module", () => {
    expect(Object.keys(cases).sort()).toEqual([...Object.keys(losses), ...Object.keys(margins)].sort());
  });
});
