import type { Tensor } from "@heddle/tensor";
import { type Case, type Family, type Maker, numbers } from "../case.ts";
import { input, steady } from "./heddle_work.ts";

function square(n: number, dtype: "float32" | "float64" = "float32"): Case {
  return {
    family: "matmul",
    name: dtype === "float32" ? `matmul ${n}` : `matmul ${n} in ${dtype}`,
    kind: "matmul",
    sizes: { m: n, k: n, n, right: false, dtype },
    // Results are compared in float32.
    tolerance: dtype === "float32" ? 1e-5 : 1e-6,
    amount: { of: 2 * n ** 3, unit: "GFLOP/s" },
  };
}

/** A linear layer's product, input times turned weight. */
function linear(m: number, k: number, n: number): Case {
  return {
    ...square(0),
    name: `linear ${m}×${k} to ${n}`,
    sizes: { m, k, n, right: true, dtype: "float32" },
    amount: { of: 2 * m * k * n, unit: "GFLOP/s" },
  };
}

/** Products of matrices. */
export const matmul: Family = {
  name: "matmul",
  about: "products of matrices",
  cases: [
    ...[512, 1024, 2048].map((n) => square(n)),
    ...[512, 1024, 2048].map((n) => square(n, "float64")),
    linear(100, 784, 512),
  ],
};

/** Heddle's code for them. */
export const heddleMatmul: Readonly<Record<string, Maker>> = {
  matmul(sizes) {
    const [m, k, n] = numbers(sizes, "m", "k", "n");
    const made = (seed: number, shape: readonly number[]): Tensor => {
      const x = input(seed, shape);
      if (sizes["dtype"] !== "float64") return x;
      const wide = x.to("float64");
      x.dispose();
      return wide;
    };
    const a = made(1, [m, k]);
    const b = made(2, sizes.right ? [n, k] : [k, n]);
    return steady([a, b], () => [a.matmul(sizes.right ? b.t() : b)]);
  },
};
