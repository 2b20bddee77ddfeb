import { type Case, type Family, type Maker, numbers } from "../case.ts";
import { input, steady } from "./heddle_work.ts";

function square(n: number): Case {
  return {
    family: "matmul",
    name: `matmul ${n}`,
    kind: "matmul",
    sizes: { m: n, k: n, n, right: false },
    tolerance: 1e-5,
    amount: { of: 2 * n ** 3, unit: "GFLOP/s" },
  };
}

/** A linear layer's product, input times turned weight. */
function linear(m: number, k: number, n: number): Case {
  return {
    ...square(0),
    name: `linear ${m}×${k} to ${n}`,
    sizes: { m, k, n, right: true },
    amount: { of: 2 * m * k * n, unit: "GFLOP/s" },
  };
}

/** Products of matrices. */
export const matmul: Family = {
  name: "matmul",
  about: "products of float32 matrices",
  cases: [square(512), square(1024), square(2048), linear(100, 784, 512)],
};

/** Heddle's code for them. */
export const heddleMatmul: Readonly<Record<string, Maker>> = {
  matmul(sizes) {
    const [m, k, n] = numbers(sizes, "m", "k", "n");
    const a = input(1, [m, k]);
    const b = input(2, sizes.right ? [n, k] : [k, n]);
    return steady([a, b], () => [a.matmul(sizes.right ? b.t() : b)]);
  },
};
