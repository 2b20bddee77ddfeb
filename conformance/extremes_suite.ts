/** Numbers at the ends of their range, and very long sums, compared with PyTorch's values on every device. */
import "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import {
  defaultDevice,
  finfo,
  full,
  getDevice,
  type HalfDType,
  setDefaultDevice,
  type Tensor,
  tensor,
  zeros,
} from "@heddle/tensor";
import { maskedSoftmax } from "@heddle/tensor/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const lowest = -3.4028234663852886e38;

/** Scores; their softmax, its logarithm, and the cross-entropy with the second as the label. PyTorch 1.13. */
const scores: readonly (readonly [row: number[], softmax: number[], logSoftmax: number[], loss: number])[] = [
  [[3.4e38, -3.4e38], [1, 0], [0, -Infinity], Infinity],
  [[-3.4e38, 3.4e38], [0, 1], [-Infinity, 0], 0],
  [[lowest, lowest], [0.5, 0.5], [-Math.LN2, -Math.LN2], Math.LN2],
  [[lowest, 0], [0, 1], [lowest, 0], 0],
  [[lowest, -Infinity], [1, 0], [0, -Infinity], Infinity],
  [[-Infinity, 0], [0, 1], [-Infinity, 0], 0],
  [[-Infinity, -Infinity], [NaN, NaN], [NaN, NaN], NaN],
  [[Infinity, 0], [NaN, NaN], [NaN, NaN], NaN],
];

/** Masks of two keys whose values are [1, 2] and [3, 4]; if all keys are masked the result is zeros, unlike PyTorch's NaN. */
const masks: readonly (readonly [mask: number[], result: number[]])[] = [
  [[lowest, lowest], [2, 3]],
  [[-1e30, -1e30], [2, 3]],
  [[-2e38, lowest], [1, 2]],
  [[lowest, -Infinity], [1, 2]],
  [[lowest, 0], [3, 4]],
  [[-Infinity, -Infinity], [0, 0]],
  [[0, 0], [2, 3]],
];

type FloatDType = "float32" | "float64" | HalfDType;

const dtypesOf = (device: string): FloatDType[] =>
  (["float32", "float64", "float16", "bfloat16"] as const).filter((dtype) => getDevice(device).backend.supports(dtype));

function expectClose(found: Tensor, wanted: readonly number[], where: string): void {
  const values = Array.from(found.detach().toTypedArray(), Number);
  values.forEach((value, i) => {
    const right = wanted[i % wanted.length]!;
    const near = Object.is(value, right) || value === right || Math.abs(value - right) <= 1e-3 * Math.abs(right);
    if (!near) expect.fail(`${where}: element ${i} is ${value}, expected ${right}`);
  });
}

/** Defines the tests of one device. */
export function testExtremes(device: string): void {
  describe(`extremes on ${device}`, () => {
    const before = defaultDevice();
    beforeAll(() => setDefaultDevice(device));
    afterAll(() => setDefaultDevice(before));

    test("softmax, logSoftmax and crossEntropy of scores at the ends of float32", () => {
      for (const [row, softmax, logSoftmax, loss] of scores) {
        const where = `[${row}]`;
        for (const dim of [1, 0]) {
          const x = dim === 1 ? tensor([row]) : tensor([row]).t().contiguous();
          expectClose(x.softmax(dim), softmax, `softmax of ${where}`);
          expectClose(x.logSoftmax(dim), logSoftmax, `logSoftmax of ${where}`);
        }
        expectClose(F.crossEntropy(tensor([row]), tensor([1], { dtype: "int32" })), [loss], `loss of ${where}`);
      }
    });

    test("maskedSoftmax: rows of which nothing takes part are zeros, others are not", () => {
      const taking = tensor([[true, true]]);
      for (const [row, softmax] of scores) {
        const nothing = row.every((score) => score === -Infinity);
        const wanted = nothing ? [0, 0] : softmax;
        expectClose(maskedSoftmax(tensor([row]), { masks: [taking] }), wanted, `[${row}], all let through`);
        expectClose(maskedSoftmax(zeros([1, 2]), { masks: [tensor([row])] }), wanted, `[${row}] as a mask`);
        const learned = tensor([row], { requiresGrad: true });
        expectClose(maskedSoftmax(zeros([1, 2]), { masks: [learned] }), wanted, `[${row}] as a mask with a gradient`);
      }
      const [one] = maskedSoftmax(tensor([[lowest, 5]]), { masks: [tensor([[true, false]])] }).split(1) as [Tensor];
      expectClose(one, [1, 0], "the lowest score alone");
    });

    test("attention under masks of very large negative numbers", () => {
      for (const dtype of dtypesOf(device)) {
        for (const [mask, result] of masks) {
          const least = finfo(dtype).min;
          const range = mask.map((x) => Number.isFinite(x) ? Math.max(x, least) : x);
          const wanted = dtype === "float16" && mask[0] === -2e38 ? [2, 3] : result;
          // One query, and more than fit into one block.
          for (const queries of [1, 300]) {
            const q = zeros([queries, 2], { dtype });
            const [k, v] = [zeros([2, 2], { dtype }), tensor([[1, 2], [3, 4]], { dtype })];
            const where = `${dtype}, ${queries} queries, mask [${range}]`;
            const attnMask = tensor([range], { dtype });
            expectClose(F.scaledDotProductAttention(q, k, v, { attnMask }), wanted, where);
            const learned = attnMask.clone().requiresGrad_();
            expectClose(
              F.scaledDotProductAttention(q, k, v, { attnMask: learned }),
              wanted,
              `${where} with a gradient`,
            );
          }
        }
      }
    });

    test("gradients of attention are finite where a row sees nothing, or only what is far below", () => {
      for (const mask of [[lowest, lowest], [-Infinity, -Infinity], [lowest, -Infinity]]) {
        const [q, k, v] = [[1, 0.5], [2, 1], [3, 4]].map((row) => tensor([row, row], { requiresGrad: true })) as [
          Tensor,
          Tensor,
          Tensor,
        ];
        const attnMask = tensor([mask], { requiresGrad: true });
        F.scaledDotProductAttention(q, k, v, { attnMask }).sum().backward();
        for (const { grad } of [q, k, v, attnMask]) expect(Number.isFinite(grad!.sum().item())).toBe(true);
      }
    });

    test("sums over a million, in columns, rows and whole, are right to the sixth digit", () => {
      const tenth = Math.fround(0.1);
      const cases = [[[1_000_000, 3], 0], [[3, 1_000_000], 1], [[1_000_000], 0], [[1000, 1000, 3], [0, 1]]] as const;
      for (const [shape, dims] of cases) {
        const x = full(shape, 0.1);
        const where = `[${shape}] over ${dims}`;
        for (const sum of x.sum(dims).toTypedArray("float32")) {
          expect(Math.abs(sum / (1e6 * tenth) - 1), where).toBeLessThan(1.5e-6);
        }
        for (const mean of x.mean(dims).toTypedArray("float32")) {
          expect(Math.abs(mean / tenth - 1), where).toBeLessThan(1.5e-6);
        }
      }
      // The gradient of a broadcast operand is a sum over the repeats.
      const b = full([3], 0, { requiresGrad: true });
      zeros([1_000_000, 3]).add(b).mul(0.1).sum().backward();
      for (const sum of b.grad!.toTypedArray("float32")) {
        expect(Math.abs(sum / (1e6 * tenth) - 1)).toBeLessThan(1.5e-6);
      }
    });
  });
}
