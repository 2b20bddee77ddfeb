/** Compares the GPU with the CPU where real drivers may differ from software adapters, and two runs with each other. */
import { grad } from "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { conv2d, fromTypedArray, rand, randint, randn, scope, type Tensor, zeros } from "@heddle/tensor";
import { type Check, difference, type Results, round, size } from "./check.ts";

/** A case: what it computes, the tolerance, and the inputs, made on the CPU. */
type Case = readonly [
  name: string,
  tolerance: number,
  inputs: readonly Tensor[],
  run: (...x: Tensor[]) => Tensor | readonly Tensor[],
];

/** Gradients of the sum of squares of a convolution. */
function convGradients(x: Tensor, w: Tensor, padding: number): readonly Tensor[] {
  const leaves = [x, w].map((each) => each.detach().requiresGrad_());
  return grad(conv2d(leaves[0]!, leaves[1]!, { padding }).square().sum(), leaves) as Tensor[];
}

function casesOf(check: Check): readonly Case[] {
  const odd = size(check, 1000, 60) + 13;
  const n = size(check, 4_000_003, 50_003);
  const special = fromTypedArray(Float32Array.of(NaN, Infinity, -Infinity, 0, -0, 1, -1, 3e38, 1e-40, -88, 90, 0.5));
  const index = randint(0, odd, [size(check, 20_000, 500)], { dtype: "int32" });
  const image = [size(check, 16, 2), 20, size(check, 33, 9), size(check, 31, 9)];
  const filters = [24, 20, 3, 3];
  const large = [size(check, 100, 4), 1, 28, 28];
  const queries = (): Tensor => randn([2, 3, size(check, 600, 100), 64]);
  return [
    ["matmul, odd sizes", 1e-5, [randn([odd, odd + 4]), randn([odd + 4, odd - 7])], (a, b) => a!.matmul(b!)],
    [
      "matmul, transposed and batched",
      1e-5,
      [randn([3, 70, 129]), randn([3, 65, 129])],
      (a, b) => a!.matmul(b!.transpose(-2, -1)),
    ],
    ["matrix and vector", 1e-5, [randn([odd, odd]), randn([odd, 1])], (a, b) => a!.matmul(b!)],
    ["64×64 of many terms", 1e-5, [randn([64, n >> 4]), randn([n >> 4, 64])], (a, b) => a!.matmul(b!)],
    ["conv 3×3, padded", 1e-5, [randn(image), randn(filters)], (x, w) => conv2d(x!, w!, { padding: 1 })],
    ["conv, stride 2", 1e-5, [randn(image), randn(filters)], (x, w) => conv2d(x!, w!, { stride: 2, padding: 1 })],
    [
      "conv, depthwise",
      1e-5,
      [randn(image), randn([20, 1, 3, 3])],
      (x, w) => conv2d(x!, w!, { padding: 1, groups: 20 }),
    ],
    ["conv 3×3, gradients", 1e-5, [randn(image), randn(filters)], (x, w) => convGradients(x!, w!, 1)],
    [
      "conv 3×3 of 128 channels, gradients",
      2e-5,
      [randn([size(check, 32, 8), 128, 16, 16]), randn([128, 128, 3, 3])],
      (x, w) => convGradients(x!, w!, 1),
    ],
    [
      "conv 5×5 of one channel, gradients",
      1e-5,
      [randn(large), randn([32, 1, 5, 5])],
      (x, w) => convGradients(x!, w!, 0),
    ],
    ["softmax of rows", 1e-5, [randn([odd, 1025])], (x) => x!.softmax(-1)],
    ["sum of many", 1e-5, [rand([n])], (x) => x!.sum()],
    ["sum of columns", 1e-5, [rand([odd, odd])], (x) => x!.sum(0)],
    ["running sum", 1e-5, [rand([n])], (x) => x!.cumsum(0)],
    ["sort", 0, [randn([n >> 2])], (x) => x!.sort(0).values],
    [
      "fused functions",
      1e-5,
      [randn([n])],
      (x) => x!.tanh().mul(x!.sigmoid()).add(x!.exp()).sub(x!.abs().add(1).log()),
    ],
    [
      "sum with a transposed matrix",
      0,
      [randn([odd, odd + 1]), randn([odd + 1, odd])],
      (a, b) => a!.add(b!.transpose(0, 1)),
    ],
    ["indexAdd", 1e-5, [zeros([odd, 64]), index, randn([index.shape[0]!, 64])], (x, i, s) => x!.indexAdd(0, i!, s!)],
    [
      "NaN and infinities in functions",
      1e-5,
      [special],
      (x) => x!.relu().add(x!.exp()).add(x!.tanh()).add(x!.maximum(x!.neg())),
    ],
    ["NaN in relu", 0, [special], (x) => x!.relu()],
    ["NaN in amax", 0, [special], (x) => x!.amax(0)],
    [
      "NaN in a convolution's relu",
      1e-5,
      [special.reshape([1, 1, 3, 4]), rand([1, 1, 1, 1])],
      (x, w) => conv2d(x!, w!, { activation: "relu" }),
    ],
    ["the range of log", 1e-5, [special.abs()], (x) => x!.log().clamp({ min: -200, max: 200 })],
    [
      "attention, causal",
      1e-5,
      [queries(), queries(), queries()],
      (q, k, v) => F.scaledDotProductAttention(q!, k!, v!, { isCausal: true }),
    ],
  ];
}

/** The correctness of each case. `ok` is whether the difference is within the tolerance, `repeatable` whether two runs agree exactly. */
export async function correctness(check: Check, results: Results): Promise<void> {
  for (const [name, tolerance, inputs, run] of casesOf(check)) {
    using _ = scope();
    try {
      const list = (given: readonly Tensor[]): readonly Tensor[] => [run(...given)].flat() as Tensor[];
      const there = inputs.map((each) => each.to(check.device));
      const [wanted, found, again] = [list(inputs), list(there), list(there)];
      let [error, repeated] = [0, 0];
      for (const [i, each] of found.entries()) {
        error = Math.max(error, await difference(each, wanted[i]!));
        repeated = Math.max(repeated, await difference(again[i]!, each));
      }
      results[name] = {
        ok: error <= tolerance,
        error: error === Infinity ? "NaN differs" : round(error),
        repeatable: repeated === 0,
      };
    } catch (error) {
      results[name] = { ok: false, error: String(error) };
    }
  }
}
