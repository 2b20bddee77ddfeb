/** Metrics against scikit-learn (tools/oracle/metrics.py), in batches of uneven size, on a device. */
import { readFileSync } from "node:fs";
import { type Device, memory, scope, type Tensor, tensor } from "@heddle/tensor";
import * as metrics from "@heddle/train/metrics";
import { expect, test } from "vitest";

interface Recorded {
  readonly dtype: "float32" | "float64" | "int32";
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly name: string;
  readonly metric: "Accuracy";
  readonly options: object;
  readonly output: Recorded;
  readonly target: Recorded;
  readonly weight?: Recorded;
  readonly expected: metrics.MetricValue;
}

const { cases } = JSON.parse(readFileSync(new URL("./fixtures/train/metrics.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

/** Which cases run on a device. */
export interface MetricsSuiteOptions {
  /** Every how many-th case runs (default 1). */
  readonly everyNth?: number;
  /** Whether the device has float64 (default true). */
  readonly float64?: boolean;
}

/** Compares every recorded metric. The device is null where the tests are skipped. */
export function metricsSuite(device: Device | null, { everyNth = 1, float64 = true }: MetricsSuiteOptions = {}): void {
  test.each(cases.filter(({ output }, i) => i % everyNth === 0 && (float64 || output.dtype !== "float64")))(
    "$name",
    async ({ metric: name, options, output, target, weight, expected }) => {
      const whole = ({ dtype, shape, data }: Recorded): Tensor =>
        tensor([...data], { dtype, device: device! }).reshape([...shape]);
      const Made = metrics[name] as new (options: object) => metrics.Metric<metrics.MetricValue, Tensor[]>;
      const before = memory().liveBytes;
      const metric = new Made(options);
      for (const round of [1, 2]) {
        let start = 0;
        for (const size of [1, 8, 2, Infinity]) {
          using _ = scope();
          const length = Math.min(size, target.shape[0]! - start);
          metric.update(...[output, target, ...weight ? [weight] : []].map((x) => whole(x).narrow(0, start, length)));
          start += length;
        }
        const found = await metric.compute();
        const flat = (value: unknown): number[] => [value].flat(2) as number[];
        expect(flat(found).length, `round ${round}`).toBe(flat(expected).length);
        flat(found).forEach((value, i) => expect(value, `round ${round}, ${i}`).toBeCloseTo(flat(expected)[i]!, 5));
        metric.reset();
      }
      expect(memory().liveBytes).toBe(before);
    },
  );
}
