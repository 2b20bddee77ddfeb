import type { Generator } from "@heddle/tensor";

/** The numbers 0 to n − 1 in random order (Fisher–Yates shuffle). */
export function permutation(n: number, generator: Generator): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const draws = generator.uniforms(n);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(draws[i]! * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
