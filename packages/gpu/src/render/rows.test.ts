import {
  apply,
  applyAll,
  type Attrs,
  Device,
  manualSeed,
  randint,
  randn,
  type RowPrim,
  type Tensor,
} from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gpu } from "../test_device.ts";

/** Both devices on the same inputs, the CPU's engine being the oracle: it is held against other operations itself. */
function check<P extends RowPrim>(device: Device, prim: P, inputs: readonly Tensor[], attrs: Attrs[P]): void {
  const wanted = applyAll(prim, inputs, attrs);
  const found = applyAll(prim, inputs.map((input) => input.to(device)), attrs);
  found.forEach((output, i) => {
    expect(output.shape).toEqual(wanted[i]!.shape);
    const [a, b] = [output, wanted[i]!].map((t) => [...t.toTypedArray() as Float32Array]) as [number[], number[]];
    const scale = Math.max(1, ...b.filter(Number.isFinite).map(Math.abs));
    const off = a.findIndex((value, k) => !Object.is(value, b[k]) && !(Math.abs(value - b[k]!) <= 2e-5 * scale));
    expect(off < 0 ? `${prim} is close` : `${a[off]} for ${b[off]} at ${off}`).toBe(`${prim} is close`);
  });
}

describe.skipIf(gpu === null)("row kernels", () => {
  const device = gpu!;
  const draw = (shape: readonly number[]): Tensor => randn([...shape], { device: "cpu" });
  // Short rows are a thread's, rows of more than 4,096 a workgroup's on any adapter.
  const shapes = [[1, 1], [5, 7], [300, 10], [3, 70], [2, 5000], [2, 3, 20]];

  test("softmax and its logarithm, forward and backward", () => {
    manualSeed(1);
    for (const shape of shapes) {
      const dim = shape.length - 1;
      check(device, "softmax", [draw(shape)], { dim });
      check(device, "logSoftmax", [draw(shape)], { dim });
      check(device, "softmaxGrad", [draw(shape), draw(shape).softmax(dim)], { dim });
      check(device, "logSoftmaxGrad", [draw(shape), draw(shape).logSoftmax(dim)], { dim });
    }
  });

  test("a loss of labels, some of them ignored", () => {
    manualSeed(2);
    for (const shape of shapes) {
      const dim = shape.length - 1;
      const one = shape.map((size, d) => d === dim ? 1 : size);
      const [x, t] = [draw(shape), randint(0, shape[dim]!, one, { dtype: "int32", device: "cpu" })];
      t.reshape(-1).at(0).fill_(-100);
      const attrs = { dim, ignoreIndex: -100 };
      check(device, "labelLoss", [x, t], attrs);
      const [, high, log] = applyAll("labelLoss", [x, t], attrs);
      check(device, "labelLossGrad", [draw(one), x, t, high!, log!], attrs);
    }
  });

  test("normalisation over one or several dimensions, forward and backward", () => {
    manualSeed(3);
    const eps = 1e-5;
    const cases: readonly [shape: number[], dims: number[], weight: number[] | null, perRow: boolean][] = [
      [[5, 33], [1], null, false],
      [[5, 33], [1], [33], false],
      [[4, 3, 5, 7], [0, 2, 3], [1, 3, 1, 1], true],
      [[40, 3, 9, 20], [0, 2, 3], [1, 3, 1, 1], true],
      [[2, 3, 2, 9], [2, 3], [1, 3, 2, 1], false],
    ];
    for (const [shape, dims, size, perRow] of cases) {
      const affine = size === null ? [] : [draw(size), draw(size)];
      const x = draw(shape).add(2);
      check(device, "normalize", [x, ...affine], { dims, eps });
      const [, mean, variance] = applyAll("normalize", [x, ...affine], { dims, eps });
      check(device, "normalizeGrad", [draw(shape), x, mean!, variance!, ...affine.slice(0, 1)], { dims, eps, perRow });
    }
  });

  test("views, and what is not finite", () => {
    manualSeed(4);
    const x = draw([4, 6, 9]).transpose(0, 1).narrow(0, 1, 4);
    const there = draw([4, 6, 9]).to(device).transpose(0, 1).narrow(0, 1, 4);
    expect(apply("softmax", [there], { dim: 2 }).sum(2).sub(1).abs().amax().item()).toBeLessThan(1e-6);
    check(device, "normalize", [x], { dims: [2], eps: 1e-5 });
    const rows = draw([3, 4]);
    rows.at(0, 1).fill_(-Infinity);
    rows.at(1, 2).fill_(NaN);
    rows.at(2, 0).fill_(Infinity);
    check(device, "softmax", [rows], { dim: 1 });
  });
});
