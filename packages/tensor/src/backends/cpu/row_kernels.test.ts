import { describe, expect, test } from "vitest";
import { applyAll } from "../../engine/apply.ts";
import { Device, getDevice } from "../../device.ts";
import type { DType } from "../../dtype.ts";
import { arange, fromTypedArray, tensor } from "../../ops/creation.ts";
import { randint, randn } from "../../ops/random.ts";
import type { Attrs, RowPrim } from "../../prims/attrs.ts";
import "../../mod.ts";
import { manualSeed } from "../../random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { CpuBackend } from "./mod.ts";

const cpu = getDevice("cpu");
const reference = getDevice("reference");

/** The expected result of a row primitive, by other operations in float64. */
const expected: { readonly [P in RowPrim]: (inputs: readonly Tensor[], attrs: Attrs[P]) => readonly Tensor[] } = {
  softmax: ([x, ...masks], { dim, scale = 1, limited }) => {
    let sum = x!.mul(scale);
    if (masks.length === 0) return [sum.softmax(dim)];
    masks.forEach((mask, i) => {
      const bool = limited && i === 0
        ? arange(x!.shape[dim]!, { dtype: "int32", device: x!.device }).le(mask)
        : mask.dtype === "bool"
        ? mask
        : null;
      sum = bool === null ? sum.add(mask) : sum.maskedFill(bool.logicalNot(), -Infinity);
    });
    const some = sum.gt(-Infinity).any(dim).unsqueeze(dim);
    return [sum.maskedFill(some.logicalNot(), 0).softmax(dim).mul(some.to(x!.dtype))];
  },
  softmaxGrad: ([g, y], { dim, scale = 1 }) => [y!.mul(g!.sub(g!.mul(y!).sum(dim, { keepdim: true }))).mul(scale)],
  logSoftmax: ([x], { dim }) => [x!.logSoftmax(dim)],
  logSoftmaxGrad: ([g, y], { dim }) => [g!.sub(y!.exp().mul(g!.sum(dim, { keepdim: true })))],
  labelLoss: ([x, t], { dim, ignoreIndex }) => {
    const high = x!.amax(dim, { keepdim: true });
    const log = x!.sub(high).exp().sum(dim, { keepdim: true }).log();
    const ignored = t!.eq(ignoreIndex);
    const right = x!.gather(dim, t!.maskedFill(ignored, 0));
    return [high.add(log).sub(right).maskedFill(ignored, 0), high, log];
  },
  labelLossGrad: ([g, x, t, high, log], { dim, ignoreIndex }) => {
    const classes = arange(x!.shape[dim]!, { dtype: "int32", device: x!.device })
      .reshape(x!.shape.map((size, d) => d === dim ? size : 1));
    const p = x!.sub(high!).sub(log!).exp();
    return [p.sub(classes.eq(t!).to(p.dtype)).mul(g!).maskedFill(t!.eq(ignoreIndex), 0)];
  },
  normalize: ([x, weight, bias, residual], { dims, eps, activation }) => {
    const mean = x!.mean(dims, { keepdim: true });
    const variance = x!.sub(mean).square().mean(dims, { keepdim: true });
    const y = x!.sub(mean).div(variance.add(eps).sqrt());
    const scaled = weight ? y.mul(weight).add(bias!) : y;
    const sum = residual ? scaled.add(residual) : scaled;
    return [activation === "relu" ? sum.relu() : sum, mean, variance];
  },
  normalizeGrad: ([incoming, x, mean, variance, weight, out], { dims, eps, perRow, addend }) => {
    const g = out ? incoming!.mul(out.gt(0).to(out.dtype)) : incoming;
    const scale = variance!.add(eps).sqrt().reciprocal();
    const unit = x!.sub(mean!).mul(scale);
    const scaled = weight ? g!.mul(weight) : g!;
    const along = scaled.mul(unit).mean(dims, { keepdim: true });
    const dx = scaled.sub(scaled.mean(dims, { keepdim: true })).sub(unit.mul(along)).mul(scale);
    const sums = perRow ? [g!.mul(unit).sum(dims, { keepdim: true }), g!.sum(dims, { keepdim: true })] : [];
    return [dx, ...sums, ...addend ? [g!] : []];
  },
  rmsNormalize: ([x, weight], { dims, eps }) => {
    const scale = x!.square().mean(dims, { keepdim: true }).add(eps).rsqrt();
    return [weight ? x!.mul(scale).mul(weight) : x!.mul(scale), scale];
  },
  rmsNormalizeGrad: ([incoming, x, scale, weight], { dims }) => {
    const g = weight ? incoming!.mul(weight) : incoming!;
    const unit = x!.mul(scale!);
    return [g.sub(unit.mul(g.mul(unit).mean(dims, { keepdim: true }))).mul(scale!)];
  },
};

/** Within a fraction of the largest element, or equal if that is not finite. */
function expectClose(actual: Tensor, wanted: Tensor, tolerance: number): void {
  expect(actual.shape).toEqual(wanted.shape);
  const a = [...actual.to("float64").toTypedArray("float64")];
  const b = [...wanted.toTypedArray("float64")];
  const scale = Math.max(1, ...b.filter(Number.isFinite).map(Math.abs));
  const off = a.findIndex((value, i) => !Object.is(value, b[i]) && !(Math.abs(value - b[i]!) <= tolerance * scale));
  expect(off < 0 ? "all close" : `${a[off]} for ${b[off]} at ${off}`).toBe("all close");
}

function check<P extends RowPrim>(prim: P, inputs: readonly Tensor[], attrs: Attrs[P]): void {
  const outputs = applyAll(prim, inputs, attrs);
  const exact = inputs.map((input) => {
    const there = input.to(reference);
    return input.dtype === "float32" ? there.to("float64") : there;
  });
  const wanted = expected[prim](exact, attrs);
  expect(outputs.length).toBe(wanted.length);
  const tolerance = outputs[0]!.dtype === "float32" ? 2e-5 : 1e-12;
  outputs.forEach((output, i) => expectClose(output, wanted[i]!, tolerance));
}

const shapes: readonly (readonly number[])[] = [[1, 1], [3, 2], [5, 7], [2, 10], [4, 33], [3, 4099], [2, 3, 20], [
  70,
  130,
]];

for (const dtype of ["float32", "float64"] as const) {
  describe(`row kernels in ${dtype}`, () => {
    const draw = (shape: readonly number[]): Tensor => randn([...shape], { dtype, device: cpu });

    test("softmax and its logarithm, forward and backward", () => {
      manualSeed(1);
      for (const shape of shapes) {
        const dim = shape.length - 1;
        check("softmax", [draw(shape).mul(3)], { dim });
        check("logSoftmax", [draw(shape).mul(3)], { dim });
        check("softmaxGrad", [draw(shape), draw(shape).softmax(dim)], { dim });
        check("logSoftmaxGrad", [draw(shape), draw(shape).logSoftmax(dim)], { dim });
      }
    });

    test("masked softmax", () => {
      manualSeed(4);
      for (const shape of shapes) {
        const dim = shape.length - 1;
        const [rows, length] = shape.slice(-2) as [number, number];
        const x = draw(shape);
        // The first row is masked everywhere.
        const last = arange(-1, rows - 1, 1, { dtype: "int32", device: cpu }).unsqueeze(1);
        const some = draw([length]).gt(0);
        const added = draw([rows, 1]);
        check("softmax", [x], { dim, scale: 0.3 });
        check("softmax", [x, last], { dim, limited: true });
        check("softmax", [x, some], { dim, scale: 2 });
        check("softmax", [x, last, some, added], { dim, limited: true, scale: 0.5 });
        check("softmax", [x, added.expand(rows, length).maskedFill(some, -Infinity)], { dim });
        check("softmaxGrad", [draw(shape), draw(shape).softmax(dim)], { dim, scale: 0.3 });
      }
    });

    test("RMS normalisation, forward and backward", () => {
      manualSeed(5);
      for (const shape of shapes) {
        const dims = [shape.length - 1];
        const [x, weight] = [draw(shape), draw([shape.at(-1)!])];
        const scale = x.square().mean(dims, { keepdim: true }).add(0.1).rsqrt();
        check("rmsNormalize", [x], { dims, eps: 0.1 });
        check("rmsNormalize", [x, weight], { dims, eps: 0.1 });
        check("rmsNormalizeGrad", [draw(shape), x, scale], { dims });
        check("rmsNormalizeGrad", [draw(shape), x, scale, weight], { dims });
      }
      const x = draw([3, 4, 5]);
      check("rmsNormalize", [x, draw([4, 5])], { dims: [1, 2], eps: 1e-6 });
    });

    test("a loss of labels, some of them ignored, of either integer dtype", () => {
      manualSeed(2);
      for (const shape of shapes) {
        for (const labels of ["int32", "int64"] as const) {
          const dim = shape.length - 1;
          const one = shape.map((size, d) => d === dim ? 1 : size);
          const [x, t] = [draw(shape), randint(0, shape[dim]!, one, { dtype: labels, device: cpu })];
          t.reshape(-1).at(0).fill_(-100);
          check("labelLoss", [x, t], { dim, ignoreIndex: -100 });
          const [, high, log] = applyAll("labelLoss", [x, t], { dim, ignoreIndex: -100 });
          check("labelLossGrad", [draw(one), x, t, high!, log!], { dim, ignoreIndex: -100 });
        }
      }
    });

    // The dimensions of a row, and the shapes of weights that go with them.
    const norms: readonly (readonly [shape: number[], dims: number[], weight: number[] | null])[] = [
      [[5, 33], [1], null],
      [[5, 33], [1], [33]],
      [[3, 4, 6], [1, 2], [4, 6]],
      [[4, 3, 5, 7], [0, 2, 3], [1, 3, 1, 1]],
      [[4, 3, 5, 7], [0, 2, 3], null],
      [[4, 3, 5, 7], [2, 3], [1, 3, 1, 1]],
      [[2, 3, 2, 9], [2, 3], [1, 3, 2, 1]],
      [[1, 8], [1], [8]],
    ];

    test("normalisation over one or several dimensions, forward and backward", () => {
      manualSeed(3);
      const eps = 1e-5;
      for (const [shape, dims, size] of norms) {
        const affine = size === null ? [] : [draw(size), draw(size)];
        const x = draw(shape).add(2);
        check("normalize", [x, ...affine], { dims, eps });
        const [, mean, variance] = applyAll("normalize", [x, ...affine], { dims, eps });
        const perRow = size !== null && dims.every((d) => (size[d - (shape.length - size.length)] ?? 1) === 1);
        check("normalizeGrad", [draw(shape), x, mean!, variance!, ...affine.slice(0, 1)], { dims, eps, perRow });
        if (size === null) continue;
        const activation = "relu" as const;
        check("normalize", [x, ...affine, draw(shape)], { dims, eps });
        check("normalize", [x, ...affine], { dims, eps, activation });
        const out = draw(shape).relu();
        for (const addend of [false, true]) {
          const given = [draw(shape), x, mean!, variance!, affine[0]!, out];
          check("normalizeGrad", given, { dims, eps, perRow, activation, addend });
        }
      }
    });

    test("inputs that are views: transposed outer dimensions, offsets, expanded gradients", () => {
      manualSeed(4);
      const x = draw([4, 6, 9]).transpose(0, 1).narrow(0, 1, 4);
      check("softmax", [x], { dim: 2 });
      check("normalize", [x], { dims: [2], eps: 1e-5 });
      const [, mean, variance] = applyAll("normalize", [x], { dims: [2], eps: 1e-5 });
      const g = tensor(0.5, { dtype, device: cpu }).expand([4, 4, 9]);
      check("normalizeGrad", [g, x, mean!, variance!], { dims: [2], eps: 1e-5, perRow: false });
    });
  });
}

describe("row kernels", () => {
  test("propagate non-finite values as the operations do", () => {
    const values = Float32Array.of(1, -Infinity, 2, Infinity, 1, 2, NaN, 0, 1, -Infinity, -Infinity, -Infinity);
    const x = fromTypedArray(values, [4, 3], { device: cpu });
    check("softmax", [x], { dim: 1 });
    check("logSoftmax", [x], { dim: 1 });
  });

  test("are exact where exponentials overflow or vanish", () => {
    const x = tensor([[1000, 1001, -2000], [-1e30, -1e30, 0]], { device: cpu });
    expect(x.softmax(1).sum(1).toArray()).toEqual([1, 1]);
    expect(x.logSoftmax(1).at(0, 2).item()).toBeCloseTo(-3001.3133, 3);
  });

  test("give the same with one thread and with several, bit for bit", () => {
    const several = [1, 2, 3].map((threads) => new Device(`cpu with ${threads}`, new CpuBackend(threads)));
    manualSeed(5);
    const x = randn([300, 700], { device: cpu });
    const run = (device: Device, dtype: DType = "float32") => {
      const there = x.to(device).to(dtype);
      const [y, mean, variance] = applyAll("normalize", [there], { dims: [1], eps: 1e-5 });
      const dx = applyAll("normalizeGrad", [there.softmax(1), there, mean!, variance!], {
        dims: [1],
        eps: 1e-5,
        perRow: false,
      });
      return [y!, mean!, variance!, ...dx].flatMap((t) => [...t.toTypedArray("float32")]);
    };
    const [first, ...others] = several.map((device) => run(device));
    for (const other of others) expect(other).toEqual(first);
  });
});
