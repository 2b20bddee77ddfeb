import { Device, finfo, type HalfDType, isHalfDType, manualSeed, randint, randn, type Tensor } from "@heddle/tensor";
import type { Attrs, RowPrim } from "@heddle/tensor/backend";
import { apply, applyAll, fusedUpdate, widened } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import { gpuReport } from "../mod.ts";
import { devices } from "../testing/reference_comparison.ts";

const numbers = (x: Tensor): number[] => Array.from<number | bigint, number>(x.toTypedArray(), Number);

/**
 * Runs a function on both devices with the same inputs and compares with the CPU, whose kernels have their own tests.
 * Values of a half format are rounded first; the CPU computes in float32.
 */
function checkOn<P extends RowPrim>(
  device: Device,
  prim: P,
  inputs: readonly Tensor[],
  attrs: Attrs[P],
  dtype: HalfDType | "float32",
): void {
  const narrow = (x: Tensor): Tensor => x.dtype === "float32" ? x.to(dtype) : x;
  const given = inputs.map(narrow);
  const wanted = applyAll(prim, given.map(widened), attrs);
  const found = applyAll(prim, given.map((input) => input.to(device)), attrs);
  found.forEach((output, i) => {
    expect(output.shape).toEqual(wanted[i]!.shape);
    const [a, b] = [numbers(output), numbers(wanted[i]!)];
    const scale = Math.max(1, ...b.filter(Number.isFinite).map(Math.abs));
    const near = (value: number, right: number): boolean =>
      isHalfDType(output.dtype)
        ? Math.abs(value - right) <= 1.5 * finfo(output.dtype).eps * Math.abs(right) + 1e-4 * scale
        : Math.abs(value - right) <= 2e-5 * scale;
    const off = a.findIndex((value, k) => !Object.is(value, b[k]) && !near(value, b[k]!));
    const what = `${prim} of ${dtype} on ${device.name}`;
    expect(off < 0 ? `${what} is close` : `${a[off]} for ${b[off]} at ${off}`).toBe(`${what} is close`);
  });
}

describe.skipIf(devices.length === 0)("row kernels", () => {
  const device = devices[0]!;
  function check<P extends RowPrim>(prim: P, inputs: readonly Tensor[], attrs: Attrs[P]): void {
    for (const each of devices) {
      checkOn(each, prim, inputs, attrs, "float32");
    }
    for (const half of ["float16", "bfloat16"] as const) {
      if (device.backend.rows!(half)) checkOn(device, prim, inputs, attrs, half);
    }
  }
  const draw = (shape: readonly number[]): Tensor => randn([...shape], { device: "cpu" });
  // A thread computes a short row, a workgroup one of more than 4,096 elements on any adapter. Some rows can be read in
  // quads.
  const shapes = [[1, 1], [5, 7], [300, 10], [3, 72], [2, 5002], [2, 8196], [2, 3, 20]];

  test("softmax and log-softmax, forward and backward", { tags: ["long"] }, () => {
    manualSeed(1);
    for (const shape of shapes) {
      const dim = shape.length - 1;
      check("softmax", [draw(shape)], { dim });
      check("logSoftmax", [draw(shape)], { dim });
      check("softmaxGrad", [draw(shape), draw(shape).softmax(dim)], { dim });
      check("logSoftmaxGrad", [draw(shape), draw(shape).logSoftmax(dim)], { dim });
    }
  });

  test("a loss of labels, some of which are ignored", () => {
    manualSeed(2);
    for (const shape of shapes) {
      const dim = shape.length - 1;
      const one = shape.map((size, d) => d === dim ? 1 : size);
      const [x, t] = [draw(shape), randint(0, shape[dim]!, one, { dtype: "int32", device: "cpu" })];
      t.reshape(-1).at(0).fill_(-100);
      const attrs = { dim, ignoreIndex: -100 };
      check("labelLoss", [x, t], attrs);
      const [, high, log] = applyAll("labelLoss", [x, t], attrs);
      check("labelLossGrad", [draw(one), x, t, high!, log!], attrs);
    }
  });

  test("normalisation over one or several dimensions, forward and backward", { tags: ["long"] }, () => {
    manualSeed(3);
    const eps = 1e-5;
    const cases: readonly [shape: number[], dims: number[], weight: number[] | null, perRow: boolean][] = [
      [[5, 33], [1], null, false],
      [[5, 33], [1], [33], false],
      [[4, 3, 5, 7], [0, 2, 3], [1, 3, 1, 1], true],
      [[40, 3, 9, 20], [0, 2, 3], [1, 3, 1, 1], true],
      [[6, 3, 2, 5], [0, 2, 3], [1, 3, 1, 1], true],
      [[2, 3, 2, 9], [2, 3], [1, 3, 2, 1], false],
    ];
    for (const [shape, dims, size, perRow] of cases) {
      const affine = size === null ? [] : [draw(size), draw(size)];
      const x = draw(shape).add(2);
      check("normalize", [x, ...affine], { dims, eps });
      const [, mean, variance] = applyAll("normalize", [x, ...affine], { dims, eps });
      check("normalizeGrad", [draw(shape), x, mean!, variance!, ...affine.slice(0, 1)], { dims, eps, perRow });
      if (!perRow) continue;
      const activation = "relu" as const;
      check("normalize", [x, ...affine, draw(shape)], { dims, eps, activation });
      const given = [draw(shape), x, mean!, variance!, affine[0]!, draw(shape).relu()];
      check("normalizeGrad", given, { dims, eps, perRow, activation });
      check("normalizeGrad", given, { dims, eps, perRow, activation, addend: true });
    }
  });

  test("views, NaN and infinities", () => {
    manualSeed(4);
    const x = draw([4, 6, 9]).transpose(0, 1).narrow(0, 1, 4);
    const there = draw([4, 6, 9]).to(device).transpose(0, 1).narrow(0, 1, 4);
    expect(apply("softmax", [there], { dim: 2 }).sum(2).sub(1).abs().amax().item()).toBeLessThan(1e-6);
    check("normalize", [x], { dims: [2], eps: 1e-5 });
    // Rows that could be read in quads, but do not start at a multiple of four.
    const flat = draw([140]);
    const [host, moved] = [flat, flat.to(device)].map((base) => base.narrow(0, 3, 136).reshape(17, 8));
    const shifted = apply("softmax", [moved!], { dim: 1 });
    expect(shifted.to("cpu").sub(host!.softmax(1)).abs().amax().item()).toBeLessThan(1e-6);
    const rows = draw([3, 4]);
    rows.at(0, 1).fill_(-Infinity);
    rows.at(1, 2).fill_(NaN);
    rows.at(2, 0).fill_(Infinity);
    check("softmax", [rows], { dim: 1 });
  });

  test("in-place updates of several tensors in one kernel", () => {
    const update = fusedUpdate("update", (p, speed, g, rate) => {
      const faster = speed.mul(0.5).add(g);
      return [p.sub(faster.mul(rate)), faster];
    });
    for (const each of devices) {
      for (const count of [1, 3, 4, 1000, 1021, 10_007, 16_384]) {
        for (const from of [0, 1]) {
          const made = Array.from({ length: 3 }, () => draw([count + from]));
          const [wanted, found] = ["cpu", each].map((place) => {
            const [p, speed, g] = made.map((x) => x.to(place).clone().narrow(0, from, count));
            const before = place === each ? gpuReport(each).kernels : 0;
            update([p!, speed!], [g!, 0.1]);
            if (place === each) expect(gpuReport(each).kernels - before).toBe(1);
            return [p!, speed!];
          });
          for (const i of [0, 1]) {
            expect(found![i]!.to("cpu").sub(wanted![i]!).abs().amax().item()).toBeLessThan(1e-6);
          }
        }
      }
    }
  });

  test("in-place updates of views of the same buffer", () => {
    // Blocks of columns, like the gates of recurrent layers, and every second step of a sequence.
    const gates = fusedUpdate("gates", (_a, _b, _next, x, y, h, m) => [x.mul(y), x.add(h), h.mul(m).add(x)]);
    for (const each of devices) {
      for (const [rows, width] of [[1, 4], [3, 5], [4, 8], [7, 300]] as const) {
        const made = [[rows, 2 * width], [3, rows, width], [rows, 2 * width], [rows, 1]].map(draw);
        const [wanted, found] = ["cpu", each].map((place) => {
          const [into, states, x, m] = made.map((t) => t.to(place).clone());
          const before = place === each ? gpuReport(each).kernels : 0;
          const [first, second] = into!.chunk(2, 1);
          gates([first!, second!, states!.select(0, 1)], [...x!.chunk(2, 1), states!.select(0, 0), m!]);
          if (place === each) expect(gpuReport(each).kernels - before).toBe(1);
          return [into!, states!];
        });
        for (const i of [0, 1]) {
          expect(found![i]!.to("cpu").sub(wanted![i]!).abs().amax().item()).toBeLessThan(1e-6);
        }
      }
    }
  });

  test("several functions in one kernel", () => {
    // Lavapipe lost values of these functions when the lanes were written out one after the other.
    const update = fusedUpdate("functions", (_a, _b, _c, x, y, z) => {
      const open = x.sigmoid();
      return [open, y.sigmoid(), z.add(open.mul(y)).tanh()];
    });
    for (const each of devices) {
      const made = Array.from({ length: 3 }, () => draw([2, 8]));
      const [wanted, found] = ["cpu", each].map((place) => {
        const targets = made.map((x) => x.to(place).mul(0));
        update(targets, made.map((x) => x.to(place)));
        return targets;
      });
      for (const i of [0, 1, 2]) {
        expect(found![i]!.to("cpu").sub(wanted![i]!).abs().amax().item()).toBeLessThan(1e-6);
      }
    }
  });

  test("float16: sums and statistics beyond its range", () => {
    if (!device.backend.rows!("float16")) return;
    const x = draw([3, 4096]).mul(2000).half().to(device);
    const [y, mean, variance] = applyAll("normalize", [x], { dims: [1], eps: 1e-5 });
    expect([y!.dtype, mean!.dtype, variance!.dtype]).toEqual(["float16", "float32", "float32"]);
    expect(variance!.amin().item()).toBeGreaterThan(3e6);
    expect(y!.float().square().mean().sub(1).abs().item()).toBeLessThan(1e-3);
    // 70,000 equal scores: float16 can hold neither their sum nor their number.
    const loss = applyAll("labelLoss", [
      draw([1, 70000]).mul(0).half().to(device),
      randint(0, 1, [1, 1], { dtype: "int32", device }),
    ], { dim: 1, ignoreIndex: -100 })[0]!;
    expect(loss.item()).toBeCloseTo(Math.log(70000), 2);
  });
});
