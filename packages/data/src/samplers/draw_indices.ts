import { fromTypedArray, type Generator, multinomial, randint, randperm, type Tensor } from "@heddle/tensor";

// Indices are needed on the host immediately, so they are drawn there, whatever the default device is; the stream is
// the same on every backend.
const HOST = "reference";

/** The integers from 0 to n - 1 in random order. */
export function permutation(n: number, generator?: Generator): Int32Array {
  return read(randperm(n, { device: HOST, ...(generator && { generator }) }));
}

/** `count` independent integers from 0 to n - 1. */
export function integersBelow(n: number, count: number, generator?: Generator): Int32Array {
  return read(randint(0, n, [count], { device: HOST, dtype: "int32", ...(generator && { generator }) }));
}

/** `count` indices, each with a probability in proportion to its weight. */
export function weighted(
  weights: Float64Array,
  count: number,
  replacement: boolean,
  generator?: Generator,
): Int32Array {
  const tensor = fromTypedArray(weights, [weights.length], { device: HOST });
  const drawn = read(multinomial(tensor, count, { replacement, ...(generator && { generator }) }));
  tensor.dispose();
  return drawn;
}

function read(tensor: Tensor): Int32Array {
  const values = tensor.toTypedArray("int32");
  tensor.dispose();
  return values;
}
