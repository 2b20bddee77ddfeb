/** Metrics on a GPU, in Deno. Nothing is read before `compute`. */
import "@heddle/autograd";
import { Accuracy, ConfusionMatrix, F1, Mean, RocAuc } from "@heddle/train/metrics";
import { tensor } from "@heddle/tensor";
import { describe, expect, test, vi } from "vitest";
import { gpuFor } from "./expected.ts";
import { metricsSuite } from "./metrics_suite.ts";

const gpu = await gpuFor("the tests of metrics on a GPU");

describe.skipIf(gpu === null)("metrics on a GPU", () => {
  metricsSuite(gpu, { everyNth: 4, float64: false });

  test("batches stay on the device until compute", async () => {
    const reads = (["read", "readAsync"] as const).map((read) => vi.spyOn(gpu!.backend, read));
    try {
      const scores = tensor([[1, 2], [3, 1]], { device: gpu! });
      const labels = tensor([1, 1], { dtype: "int32", device: gpu! });
      const all = [
        new Accuracy({ topK: 1 }),
        new F1(),
        new ConfusionMatrix(),
        new RocAuc(),
        new RocAuc({ thresholds: 5 }),
      ];
      for (const metric of all) metric.update(scores, labels);
      const loss = new Mean();
      loss.update(scores.mean(), 2);
      for (const read of reads) expect(read).not.toHaveBeenCalled();
      expect(await all[0]!.compute()).toBe(0.5);
      expect(await loss.compute()).toBe(1.75);
      for (const metric of [...all, loss]) metric.reset();
    } finally {
      for (const read of reads) read.mockRestore();
    }
  });
});
