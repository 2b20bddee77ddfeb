import { expect, test } from "vitest";
import { cast, type Expr, type Kernel } from "../../../ir/kernel.ts";
import { fromTypedArray, type Tensor, tensor } from "../../../mod.ts";
import { planOf } from "./plan.ts";

const input: Expr = { op: "input", index: 0, dtype: "bfloat16" };

const kernel = (expr: Expr, reduce: Kernel["reduce"], output: Kernel["output"]): Kernel => ({
  kind: "kernel",
  shape: [8, 8],
  inputs: [{ dtype: "bfloat16", strides: [8, 1] }],
  expr,
  reduce,
  output,
});

test("bfloat16 has a vector form: element by element, in sums, and in casts", () => {
  const wide = cast(input, "float32");
  const exp = cast({ op: "exp", args: [wide], dtype: "float32" }, "bfloat16");
  const stored = { dtype: "bfloat16", strides: [8, 1] } as const;
  expect(planOf(kernel(exp, null, stored))?.wide).toBe(false);
  expect(planOf(kernel(wide, { op: "sum", dims: 1 }, { dtype: "bfloat16", strides: [1] }))?.form).toBe("along");
  expect(planOf(kernel(cast(input, "float64"), null, { dtype: "float64", strides: [8, 1] }))?.wide).toBe(true);
});

/** All finite bit patterns and the infinities, in an order that mixes sizes. */
const patterns = Uint16Array.from({ length: 65536 }, (_, i) => (i * 40503) & 0xffff)
  .filter((bits) => (bits & 0x7fff) <= 0x7f80);

const layouts: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "in rows": (x) => x.reshape(14, -1),
  "in columns": (x) => x.reshape(14, -1).t(),
  "every third": (x) => x.at("1::3"),
  "backwards": (x) => x.reshape(-1, 2).flip([1]).at("...", "1:"),
  "repeated": (x) => x.narrow(0, 0, 301).unsqueeze(1).expand(301, 7),
  "of odd length": (x) => x.narrow(0, 1, 1021),
};

const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "negation": (x) => x.neg(),
  "a product": (x) => x.mul(1.1),
  "a sum with float32": (x) => x.add(tensor([0.3], { device: x.device })),
  "a sum with int32": (x) => x.add(tensor([3], { dtype: "int32", device: x.device })),
  "a comparison": (x) => x.gt(0.5),
  "a choice": (x) => x.clamp({ min: -2, max: 1e30 }),
  "casts": (x) => x.to("float64").to("bfloat16").to("float32"),
  "a cast to bool": (x) => x.bool(),
  "a cast to int8": (x) => x.clamp({ min: -100, max: 100 }).to("int8"),
  "the greatest": (x) => x.amax(-1),
  "a write": (x) => x.clone().copy_(x.abs().sqrt()),
};

for (const [layout, of] of Object.entries(layouts)) {
  test.each(Object.entries(functions))(`%s of elements ${layout} equals the reference's`, (_, run) => {
    const [found, wanted] = ["cpu", "reference"].map((device) =>
      run(of(fromTypedArray(patterns, [patterns.length], { dtype: "bfloat16", device })))
    ) as [Tensor, Tensor];
    expect(found.dtype).toBe(wanted.dtype);
    expect(found.toTypedArray()).toEqual(wanted.toTypedArray());
  });
}

test("a long sum is rounded once", () => {
  for (const device of ["cpu", "reference"]) {
    const x = tensor(Array(100_000).fill(0.01), { dtype: "bfloat16", device });
    const exact = x.float().to("float64").sum().item();
    expect(x.sum().item()).toBe(tensor(exact, { dtype: "bfloat16" }).item());
    expect(x.reshape(10, -1).t().sum(0).toArray()).toEqual(x.reshape(10, -1).t().float().sum(0).bfloat16().toArray());
  }
});
