/** What metrics refuse, hold and free. Their figures are compared with scikit-learn's in conformance/metrics.test.ts. */
import "@heddle/autograd";
import { memory, scope, type Tensor, tensor, tidy, zeros } from "@heddle/tensor";
import { corpusBleu } from "@heddle/data";
import { describe, expect, test } from "vitest";
import * as metrics from "../metrics.ts";

const labels = (...values: number[]): Tensor => tensor(values, { dtype: "int32" });

describe("sums", () => {
  test("outlive the scope around a step, hold no graph, and are freed by reset", async () => {
    const w = tensor([[1, 2], [3, 1]], { requiresGrad: true });
    const target = labels(1, 1);
    const before = memory().liveBytes;
    const [loss, accuracy] = [new metrics.Mean(), new metrics.Accuracy()];
    for (let step = 0; step < 5; step++) {
      tidy(() => {
        const scores = w.mul(1);
        loss.update(scores.sum());
        accuracy.update(scores, target);
      });
    }
    const held = memory().liveBytes - before;
    expect(held).toBe(8 * 2 + 8 * 3); // pairs of float32: two sums, three counts
    expect([await loss.compute(), await accuracy.compute()]).toEqual([7, 0.5]);
    loss.reset();
    accuracy.reset();
    expect(memory().liveBytes).toBe(before);
    expect(await loss.compute()).toBe(NaN);
    loss.update(tensor(3));
    expect(await loss.compute()).toBe(3);
    loss.reset();
  });

  test("keep what float32 would round away", async () => {
    using _ = scope();
    const mean = new metrics.Mean();
    mean.update(tensor(2 ** 24));
    for (let i = 0; i < 1000; i++) mean.update(tensor(1), 0.5);
    expect(await mean.compute()).toBe((2 ** 24 + 500) / 501);
    mean.update(tensor(Infinity));
    expect(await mean.compute()).toBe(Infinity);
    mean.reset();
  });

  test("of another shape are refused, and the metric goes on", async () => {
    using _ = scope();
    const error = new metrics.MeanSquaredError({ multioutput: "rawValues" });
    error.update(zeros([2, 3]), zeros([2, 3]));
    expect(() => error.update(zeros([2, 4]), zeros([2, 4]))).toThrow(/shape \[5\].*\[4\]; call reset\(\)/);
    expect(await error.compute()).toEqual([0, 0, 0]);
    error.reset();
  });
});

describe("accuracy", () => {
  test("of scores that are NaN is 0 among the top k, and of equal scores the first class is higher", async () => {
    using _ = scope();
    const nan = new metrics.Accuracy({ topK: 2 });
    nan.update(tensor([[NaN, NaN, NaN]]), labels(2));
    expect(await nan.compute()).toBe(0);
    const ties = new metrics.Accuracy({ topK: 2, average: "none" });
    ties.update(zeros([3, 3]), labels(0, 1, 2));
    expect(await ties.compute()).toEqual([1, 1, 0]);
    nan.reset();
    ties.reset();
  });

  test("of pictures takes the classes in dimension 1, as crossEntropy does", async () => {
    using _ = scope();
    const accuracy = new metrics.Accuracy();
    accuracy.update(tensor([[[[1, 0]], [[0, 5]]]]), labels(0, 1).reshape(1, 1, 2));
    expect(await accuracy.compute()).toBe(1);
    accuracy.reset();
  });
});

test("labels outside the classes are reported when sums are read", async () => {
  using _ = scope();
  const scores = zeros([3, 2]);
  for (
    const metric of [
      new metrics.Accuracy(),
      new metrics.Accuracy({ average: "macro" }),
      new metrics.F1(),
      new metrics.ConfusionMatrix(),
      new metrics.RocAuc(),
    ]
  ) {
    metric.update(scores, labels(0, 1, -100));
    await expect(metric.compute()).rejects.toThrow(/1 labels were not among the 2 classes, 0 to 1.*ignoreIndex/);
    metric.reset();
  }
  const binned = new metrics.RocAuc({ thresholds: 3 });
  binned.update(scores, labels(0, 1, 2));
  await expect(binned.compute()).rejects.toThrow(/labels are not among the classes/);
  binned.reset();
  const perplexity = new metrics.Perplexity();
  perplexity.update(zeros([1, 2, 7]), labels(7, 3).reshape(1, 2));
  await expect(perplexity.compute()).rejects.toThrow(/1 labels were not among the 7 classes/);
  perplexity.reset();
});

test("accuracy refuses targets that are no labels", async () => {
  using _ = scope();
  const accuracy = new metrics.Accuracy();
  for (
    const [output, target, message] of [
      [tensor([0.2, 0.9, 0.8]), tensor([0, 1, 3.7]), /1 labels were not among the 2 classes/],
      [tensor([0.2, 0.9, 0.8]), labels(0, 2, 1), /1 labels were not among the 2 classes/],
      [labels(3, 5, 7), labels(3, 5, -1), /1 labels are no whole numbers from 0/],
      [labels(3, 5, 7), tensor([3, 5.5, 6.5]), /2 labels are no whole numbers from 0/],
    ] as const
  ) {
    accuracy.update(output, target);
    await expect(accuracy.compute()).rejects.toThrow(message);
    accuracy.reset();
  }
  accuracy.update(labels(3, 5, 7), labels(3, 5, 6));
  expect(await accuracy.compute()).toBe(2 / 3);
  accuracy.reset();
});

test("labels of more classes without numClasses are an error that names it", async () => {
  using _ = scope();
  for (const metric of [new metrics.F1(), new metrics.ConfusionMatrix(), new metrics.Accuracy({ average: "macro" })]) {
    metric.update(labels(0, 1, 2), labels(0, 2, 2));
    await expect(metric.compute()).rejects.toThrow(/outputs that are labels of more classes need numClasses/);
    metric.reset();
  }
});

test("figures of classes are NaN where no target counts, as that of accuracy is", async () => {
  using _ = scope();
  const ignoreIndex = -100, scores = zeros([2, 3]), none = labels(-100, -100);
  for (const average of ["micro", "macro", "weighted"] as const) {
    for (const metric of [new metrics.F1({ average, ignoreIndex }), new metrics.Recall({ average, ignoreIndex })]) {
      metric.update(scores, none);
      expect(await metric.compute()).toBe(NaN);
      metric.reset();
    }
  }
  const each = new metrics.Precision({ average: "none", ignoreIndex });
  each.update(scores, none);
  expect(await each.compute()).toEqual([NaN, NaN, NaN]);
  each.reset();
  const binary = new metrics.Precision({ ignoreIndex });
  binary.update(tensor([0.2, 0.9]), none);
  expect(await binary.compute()).toBe(NaN);
  binary.reset();
});

test("shapes that would broadcast are refused", () => {
  using _ = scope();
  const column = zeros([4, 1]);
  const row = zeros([4]);
  expect(() => new metrics.MeanSquaredError().update(column, row)).toThrow(
    /output has shape \[4, 1\], the target \[4\]/,
  );
  expect(() => new metrics.R2Score().update(column, row)).toThrow(/same shape/);
  expect(() => new metrics.Accuracy().update(zeros([4, 2, 3]), labels(0, 1, 0, 1))).toThrow(/\[N, C, …\]/);
  expect(() => new metrics.F1().update(zeros([4, 2]), row)).toThrow(/targets of scores are labels/);
  expect(() => new metrics.F1().update(column, labels(0, 1, 1, 0))).toThrow(/has one class; reshape it/);
  expect(() => new metrics.Perplexity().update(zeros([2, 3, 9]), zeros([3, 2]))).toThrow(
    /vocabulary in the last dimension/,
  );
  expect(() => new metrics.Mean().update(row, column)).toThrow(/weight has shape \[4, 1\]/);
  expect(() => new metrics.RocAuc().update(row, labels(0, 1, 1, 1), column)).toThrow(/weight has shape/);
});

test("options that do not fit are refused", () => {
  expect(() => new metrics.Accuracy({ topK: 0 })).toThrow(/topK is 0/);
  expect(() => new metrics.Accuracy({ average: "binary" as never })).toThrow(/use one of/);
  expect(() => new metrics.F1({ numClasses: 1 })).toThrow(/numClasses is 1/);
  expect(() => new metrics.RocAuc({ thresholds: [0.5, 0.5] })).toThrow(/rising/);
  expect(() => new metrics.RocAuc({ thresholds: 1 })).toThrow(/from 2/);
  expect(() => new metrics.Recall({ numClases: 3 } as object)).toThrow(/did you mean "numClasses"/);
  expect(() => new metrics.Accuracy({ topK: 3 }).update(zeros([1, 2]), labels(0))).toThrow(/there are 2 classes/);
});

test("targets of binary losses are floats", async () => {
  using _ = scope();
  const accuracy = new metrics.Accuracy({ threshold: 0 });
  accuracy.update(tensor([[1], [-1], [2]]), tensor([[1], [1], [1]]));
  expect(await accuracy.compute()).toBeCloseTo(2 / 3, 9);
  accuracy.reset();
  const auc = new metrics.RocAuc();
  auc.update(tensor([0.1, 0.9]), tensor([0, 0.7]));
  await expect(auc.compute()).rejects.toThrow(/1 labels were not among/);
  auc.reset();
});

test("binary average of more classes is refused", async () => {
  using _ = scope();
  const f1 = new metrics.F1({ average: "binary" });
  f1.update(zeros([2, 3]), labels(0, 2));
  await expect(f1.compute()).rejects.toThrow(/3 classes; use "macro"/);
  f1.reset();
});

test("ranking figures of one class alone are NaN, which means leave out", async () => {
  using _ = scope();
  for (const thresholds of [null, 11]) {
    const one = new metrics.RocAuc({ thresholds });
    one.update(tensor([0.2, 0.7]), labels(1, 1));
    expect(await one.compute()).toBe(NaN);
    const three = new metrics.AveragePrecision({ thresholds, average: "none" });
    three.update(tensor([[0.9, 0.1, 0.5], [0.2, 0.8, 0.5]]), labels(0, 1));
    expect(await three.compute()).toEqual([1, 1, NaN]);
    one.reset();
    three.reset();
  }
  const nan = new metrics.RocAuc();
  nan.update(tensor([NaN, 1]), labels(0, 1));
  await expect(nan.compute()).rejects.toThrow(/a score is NaN/);
  nan.reset();
});

test("perplexity is that of all tokens, not the mean of batches", async () => {
  using _ = scope();
  const perplexity = new metrics.Perplexity({ ignoreIndex: 0 });
  const sure = tensor([[0, 0, 50, 0]]);
  perplexity.update(sure, labels(2));
  perplexity.update(zeros([3, 4]), labels(1, 0, 3));
  expect(await perplexity.compute()).toBeCloseTo(4 ** (2 / 3), 6);
  perplexity.reset();
});

test("BLEU is that of the whole text", async () => {
  const bleu = new metrics.Bleu({ lowercase: true });
  expect(await bleu.compute()).toBe(NaN);
  const hypotheses = ["the cat sat on the mat today", "it rained a lot"];
  const references = ["The cat is on the mat today", "It rained very much"];
  hypotheses.forEach((text, i) => bleu.update([text], [references[i]!]));
  expect(await bleu.compute()).toBe(corpusBleu(hypotheses, references, { lowercase: true }).score);
  expect(() => bleu.update(["a"], [])).toThrow(/1 hypotheses, but 0 references/);
});

test("a state goes on to the bit, in another metric of the class", async () => {
  using _ = scope();
  const flat = () => [tensor([0.1, 0.7, 0.4]), tensor([0.3, 0.6, 1 / 3])] as const;
  const binary = (): readonly [Tensor, Tensor] => [tensor([0.2, 0.7, 0.4]), labels(0, 1, 1)];
  const classes = (): readonly [Tensor, Tensor] => [tensor([[0.2, 0.7], [0.6, 0.1], [0.3, 0.4]]), labels(1, 1, 0)];
  const text = () => [["the cat sat on the mat today"], ["The cat is on the mat today"]] as const;
  const cases: [() => metrics.Metric<metrics.MetricValue, never[]>, () => readonly unknown[]][] = [
    [() => new metrics.Accuracy(), classes],
    [() => new metrics.Accuracy({ average: "none" }), classes],
    [() => new metrics.F1(), classes],
    [() => new metrics.Precision(), binary],
    [() => new metrics.Recall(), classes],
    [() => new metrics.ConfusionMatrix(), classes],
    [() => new metrics.RocAuc(), binary],
    [() => new metrics.AveragePrecision({ thresholds: 5 }), binary],
    [() => new metrics.Mean(), () => [tensor([0.1, 0.7])]],
    [() => new metrics.MeanSquaredError(), flat],
    [() => new metrics.MeanAbsoluteError(), flat],
    [() => new metrics.R2Score(), flat],
    [() => new metrics.Perplexity(), classes],
    [() => new metrics.Bleu(), text],
  ];
  for (const [create, batch] of cases) {
    const [whole, first, second] = [create(), create(), create()];
    const empty = first.stateDict!();
    for (const metric of [whole, first]) metric.update(...batch() as never[]);
    const state = first.stateDict!() as never;
    first.reset();
    second.loadStateDict!(state);
    for (const metric of [whole, second]) metric.update(...batch() as never[]);
    expect(await second.compute()).toEqual(await whole.compute());
    second.loadStateDict!(empty as never);
    expect([await second.compute()].flat().every((value) => Number.isNaN(value))).toBe(true);
    whole.reset();
  }
  expect(() => new metrics.F1().loadStateDict(new metrics.Recall().stateDict())).toThrow(
    /F1: the state is that of Recall; give what F1\.stateDict\(\) returned/,
  );
});
