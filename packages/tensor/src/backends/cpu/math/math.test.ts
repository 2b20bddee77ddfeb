import { describe, expect, test } from "vitest";
import { type FunctionBuilder, ModuleBuilder } from "../../../code/module.ts";
import { type Code, get } from "../../../code/tree.ts";
import { features } from "../features.ts";
import { functions } from "../../reference/functions.ts";
import { ArrayFunction } from "../testing/array_function.ts";
import { twoOverPi } from "./huge_angle.ts";
import { binaryMath, unaryMath, vectorMath } from "./mod.ts";
import { errorInUlp, ulpBound } from "../testing/math_bounds.ts";

/** With and without fused multiply-add, which some runtimes lack. */
const variants = [true, false].map((fused) => ({ fused, lacking: fused && !features().relaxedMadd }));
const length = 1 << 17;

/** Bit patterns of zeros, infinities, NaN, ones and the ends of the normal and subnormal numbers. */
const specials = [0, 1, 0x7fffff, 0x800000, 0x3f800000, 0x40000000, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x7f800001]
  .flatMap((bits) => [bits, (bits | 0x80000000) >>> 0]);

for (const { fused, lacking } of variants) {
  describe.skipIf(lacking)(`vector functions, fused: ${fused}`, () => {
    const vectors = Object.entries(unaryMath).flatMap(([name, expand]) =>
      expand ? [[name as "exp", expand] as const] : []
    );

    test.each(vectors)("%s of every 1613th float32 and of special values", (name, expand) => {
      const f = new ArrayFunction(1, expand, length, fused);
      const x = f.operand(0);
      const y = f.operand(-1);
      const bits = new Uint32Array(x.buffer, x.byteOffset, length);
      const reference = functions[name];
      let worst = 0;
      let where = "";
      for (let next = 0; next < 2 ** 32;) {
        let n = 0;
        if (next === 0) { for (const special of specials) bits[n++] = special; }
        for (; n < length; n++, next += 1613) bits[n] = next;
        f.run();
        for (let i = 0; i < length; i++) {
          const error = errorInUlp(y[i]!, reference(x[i]!));
          if (error > worst) [worst, where] = [error, `${name}(${x[i]}) gave ${y[i]}, expected ${reference(x[i]!)}`];
        }
      }
      expect(worst, where).toBeLessThanOrEqual(ulpBound(name));
    });

    test.each(["tanh", "erf", "sin", "tan", "expm1", "log1p", "asin", "atan", "sinh", "asinh", "atanh"] as const)(
      "%s keeps the sign of zero",
      (name) => {
        const f = new ArrayFunction(1, unaryMath[name]!, 8, fused);
        f.operand(0)[0] = -0;
        f.run();
        expect(Object.is(f.operand(-1)[0], -0)).toBe(true);
      },
    );

    test.each(["pow", "atan2"] as const)("%s: every pair of special values", (name) => {
      const values = [
        0,
        1,
        2,
        3,
        0.5,
        2.5,
        Infinity,
        1e-45,
        1e-40,
        2 ** -126,
        3.4e38,
        1.0000001,
        16777215,
        8388607.5,
        149,
      ];
      const list = [NaN, ...values, ...values.map((value) => -value)];
      const f = new ArrayFunction(2, binaryMath[name]!, list.length ** 2, fused);
      list.forEach((a, i) =>
        list.forEach((b, j) => {
          f.operand(0)[i * list.length + j] = a;
          f.operand(1)[i * list.length + j] = b;
        })
      );
      f.run();
      const reference = functions[name];
      for (let i = 0; i < list.length ** 2; i++) {
        const [a, b, got] = [f.operand(0)[i]!, f.operand(1)[i]!, f.operand(-1)[i]!];
        expect(errorInUlp(got, reference(a, b)), `${name}(${a}, ${b}) gave ${got}`).toBeLessThanOrEqual(
          ulpBound(name),
        );
      }
    });

    test("atan2 all around", () => {
      const f = new ArrayFunction(2, binaryMath.atan2!, length, fused);
      const [y, x, out] = [f.operand(0), f.operand(1), f.operand(-1)];
      for (let i = 0; i < length; i++) {
        const radius = Math.exp(30 * Math.sin(i * 1.1));
        y[i] = radius * Math.sin(i);
        x[i] = radius * Math.cos(i);
      }
      f.run();
      for (let i = 0; i < length; i++) {
        const error = errorInUlp(out[i]!, Math.atan2(y[i]!, x[i]!));
        if (error > ulpBound("atan2")) expect.fail(`atan2(${y[i]}, ${x[i]}) gave ${out[i]}, an error of ${error} ulp`);
      }
    });

    test("sinc is 0 at whole numbers, however large", () => {
      const whole = [1, -1, 2, 3, 8388607, 2 ** 23 + 1, 2 ** 24, -(2 ** 40), 3e38];
      const f = new ArrayFunction(1, unaryMath.sinc!, whole.length, fused);
      whole.forEach((x, i) => f.operand(0)[i] = x);
      f.run();
      expect([...f.operand(-1).subarray(0, whole.length)]).toEqual(whole.map(() => 0));
    });

    test("logaddexp of special values and ordinary numbers", () => {
      const list = [0, -0, 0.5, 1, 1.0000001, 2 ** -126, 1e-45, 88, 89, 104, 3.4e38, Infinity, NaN, Math.LN2]
        .flatMap((value) => [value, -value]);
      const pairs = list.flatMap((a) => list.map((b) => [a, b]));
      for (let i = 0; i < 5000; i++) {
        pairs.push([100 * Math.sin(i * 1.37), 100 * Math.sin(i * 1.37) + 20 * Math.sin(i)]);
      }
      const f = new ArrayFunction(2, binaryMath.logaddexp!, pairs.length, fused);
      pairs.forEach((pair, i) => [0, 1].forEach((k) => f.operand(k)[i] = pair[k]!));
      f.run();
      for (let i = 0; i < pairs.length; i++) {
        const [a, b, got] = [f.operand(0)[i]!, f.operand(1)[i]!, f.operand(-1)[i]!];
        const exact = functions.logaddexp(a, b);
        // Below 1 the larger operand and the logarithm may cancel: there the error is one of their last places.
        const error = Math.abs(exact) < 1 ? Math.abs(got - exact) * 2 ** 23 : errorInUlp(got, exact);
        if (!(error <= ulpBound("logaddexp"))) {
          expect.fail(`logaddexp(${a}, ${b}) gave ${got}, an error of ${error} ulp`);
        }
      }
    });

    test("pow of ordinary numbers", () => {
      const f = new ArrayFunction(2, binaryMath.pow!, length, fused);
      const [x, y, out] = [f.operand(0), f.operand(1), f.operand(-1)];
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < length; i++) {
          const [a, b] = [Math.sin(i * 1.37) * 0.5 + 0.5, Math.sin(i * 2.71)];
          x[i] = round === 0 ? Math.exp(170 * (a - 0.5)) : round === 1 ? 1 + (a - 0.5) / 100 : 50 * (a - 0.5);
          y[i] = round === 0 ? 5 * b : round === 1 ? 10000 * b : Math.round(20 * b);
        }
        f.run();
        for (let i = 0; i < length; i++) {
          const error = errorInUlp(out[i]!, x[i]! ** y[i]!);
          if (error > ulpBound("pow")) expect.fail(`${x[i]} ** ${y[i]} gave ${out[i]}, an error of ${error} ulp`);
        }
      }
    });
  });
}

test("kernels use the form for this runtime or the native target, and functions of one operand ignore the second", () => {
  const code = (expand: (f: FunctionBuilder) => Code, targetBytes?: number): unknown => {
    const f = new ModuleBuilder(targetBytes).func(["vector", "vector"], ["vector"]);
    return [expand(f), f.body];
  };
  const [x, y] = [get({ index: 0, type: "vector" }), get({ index: 1, type: "vector" })];
  expect(code((f) => vectorMath.exp!(f, x, []))).toEqual(code((f) => unaryMath.exp!(f, x, features().relaxedMadd)));
  expect(code((f) => vectorMath.exp!(f, x, []), 32)).toEqual(code((f) => unaryMath.exp!(f, x, true)));
  expect(code((f) => vectorMath.pow!(f, x, y))).toEqual(code((f) => binaryMath.pow!(f, x, y, features().relaxedMadd)));
});

test("the bits of 2/π are those of Machin's formula", () => {
  const one = 1n << 400n;
  const arctanOfInverse = (n: bigint): bigint => {
    let sum = 0n;
    for (let term = one / n, k = 1n; term !== 0n; term = -term / (n * n), k += 2n) sum += term / k;
    return sum;
  };
  const pi = 4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n));
  const expected = (2n * one * one / pi) >> 144n;
  expect(twoOverPi.reduce((bits, word) => (bits << 64n) | word, 0n)).toBe(expected);
});

test("the error in ulp tells signs of zero, infinities and NaN apart", () => {
  expect(errorInUlp(0, -0)).toBe(Infinity);
  expect(errorInUlp(NaN, 1)).toBe(Infinity);
  expect(errorInUlp(1, NaN)).toBe(Infinity);
  expect(errorInUlp(NaN, NaN)).toBe(0);
  expect(errorInUlp(Infinity, 1e39)).toBe(0);
  expect(errorInUlp(Infinity, 1e38)).toBeGreaterThan(1e6);
  expect(errorInUlp(1 + 2 ** -23, 1)).toBe(1);
  expect(errorInUlp(2 ** -149, 0)).toBe(1);
});
