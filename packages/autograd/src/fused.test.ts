import { fuse, rand, randn, type Symbolic, type Tensor, tensor, whereSymbolic } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { grad, gradcheck, gradgradcheck } from "./mod.ts";

type Write = (...inputs: Symbolic[]) => Symbolic;

/** Expressions that are fused and, written the same, run operation by operation. */
const cases: readonly [name: string, write: Write, inputs: number][] = [
  ["a chain", (x) => x!.mul(2 / 3).tanh().mul(1.7159), 1],
  ["an input used in several places", (x) => x!.mul(x!.mul(Math.SQRT1_2).erf().add(1).mul(0.5)), 1],
  ["two inputs", (a, b) => a!.mul(b!).add(a!.exp().div(b!.square().add(1))), 2],
  ["a part used twice", (a, b) => {
    const s = a!.mul(b!).sigmoid();
    return s.mul(s).add(s);
  }, 2],
  ["a choice", (a, b) => whereSymbolic(a!.gt(0), a!.mul(b!), b!.mul(3)), 2],
  ["the same input twice", (a) => a!.mul(a!).mul(a!), 1],
];

/** The expression on tensors: symbols have tensors' methods. */
function eager(write: Write, inputs: Tensor[]): Tensor {
  return write(...inputs as unknown as Symbolic[]) as unknown as Tensor;
}

const values = (x: Tensor | null): number[] => [...x!.toTypedArray("float64")];

describe("fused expressions", () => {
  for (const [name, write, count] of cases) {
    const inputs = (): Tensor[] =>
      [
        randn([3, 4], { dtype: "float64", requiresGrad: true }),
        rand([4], { dtype: "float64" }).add(0.5).detach().requiresGrad_(),
      ]
        .slice(0, count);

    test(`${name}: gradients are those of the operations one by one`, () => {
      if (name === "a choice") return; // `where` of tensors is another function
      const xs = inputs();
      const fused = fuse("f", xs, write);
      const plain = eager(write, xs);
      expect(values(fused)).toEqual(values(plain));
      const g = randn([3, 4], { dtype: "float64" });
      const one = grad([fused], xs, { gradOutputs: [g] });
      const two = grad([plain], xs, { gradOutputs: [g] });
      one.forEach((gradient, i) => {
        expect(gradient!.shape).toEqual(xs[i]!.shape);
        values(gradient).forEach((value, k) => expect(value).toBeCloseTo(values(two[i]!)[k]!, 12));
      });
    });

    test(`${name}: gradients and second derivatives against finite differences`, () => {
      const xs = inputs();
      expect(gradcheck((...args) => fuse("f", args, write), xs)).toBe(true);
      expect(gradgradcheck((...args) => fuse("f", args, write), xs)).toBe(true);
    });
  }

  test("a gradient has its input's dtype and shape", () => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    const y = tensor([[2], [3]], { dtype: "float64" }).requiresGrad_();
    fuse("f", [x, y], (a, b) => a.mul(b)).sum().backward();
    expect(x.grad!.dtype).toBe("float32");
    expect(x.grad!.toArray()).toEqual([5, 5, 5]);
    expect(y.grad!.dtype).toBe("float64");
    expect(y.grad!.toArray()).toEqual([[6], [6]]);
  });

  test("steps have no gradient, and what they are multiplied with has", () => {
    const x = tensor([-1.5, 2.5], { requiresGrad: true });
    fuse("f", [x], (x) => x.mul(x.sign())).sum().backward();
    expect(x.grad!.toArray()).toEqual([-1, 1]);
  });

  test("inputs that were overwritten since are noticed", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const y = x.mul(1);
    const z = fuse("f", [y], (y) => y.exp());
    y.add_(1);
    expect(() => z.sum().backward()).toThrow(/modified by an in-place operation/);
  });
});
