import { expect, test } from "vitest";
import { specialFunctions } from "./special.ts";

const m = specialFunctions();

/** Values to twenty digits, from the tables in Abramowitz and Stegun and from exact series. */
test.each([
  [0.5, 0.5204998778130465, 0.4795001221869535],
  [1, 0.8427007929497149, 0.15729920705028513],
  [2, 0.9953222650189527, 0.004677734981047266],
  [2.5, 0.999593047982555, 4.069520174449589e-4],
  [3, 0.9999779095030014, 2.2090496998585441e-5],
  [5, 0.9999999999984626, 1.5374597944280349e-12],
  [10, 1, 2.088487583762545e-45],
  [26, 1, 5.663192408856143e-296],
])("erf and erfc of %d", (x, erf, erfc) => {
  const near = (found: number, wanted: number) => expect(Math.abs(found / wanted - 1)).toBeLessThan(2e-14);
  near(m.erf(x), erf);
  near(m.erfc(x), erfc);
  near(m.erf(-x), -erf);
  near(m.erfc(-x), 1 + erf);
});

test("erf at its ends", () => {
  expect([m.erf(Infinity), m.erf(-Infinity), m.erf(NaN), m.erf(1e-300)]).toEqual([
    1,
    -1,
    NaN,
    2e-300 / Math.sqrt(Math.PI),
  ]);
  expect([m.erfc(Infinity), m.erfc(-Infinity), m.erfc(30)]).toEqual([0, 2, 0]);
  expect(Object.is(m.erf(-0), -0)).toBe(true);
});

test("erfinv undoes erf over all of its range", () => {
  for (let x = -5.8; x <= 5.8; x += 0.1) {
    const y = m.erf(x);
    if (Math.abs(y) === 1) continue;
    // Near ±1 an error of one unit in y is one of 1/erf′ in x.
    const slope = 2 / Math.sqrt(Math.PI) * Math.exp(-x * x);
    expect(Math.abs(m.erfinv(y) - x), `${x}`).toBeLessThan(1e-14 + 3e-16 / slope);
  }
  for (const y of [1e-300, 1e-10, -1e-5]) {
    expect(Math.abs(m.erfinv(y) / (y * Math.sqrt(Math.PI) / 2) - 1)).toBeLessThan(1e-9);
  }
  expect([m.erfinv(1), m.erfinv(-1), m.erfinv(1.1), m.erfinv(NaN)]).toEqual([Infinity, -Infinity, NaN, NaN]);
});

test("sinc is 1 at zero, 0 at whole numbers, and even", () => {
  expect([0, -0, 1, -1, 2, 1e15, 1e300].map(m.sinc)).toEqual([1, 1, 0, 0, 0, 0, 0]);
  expect([Infinity, -Infinity, NaN].map(m.sinc)).toEqual([NaN, NaN, NaN]);
  expect(m.sinc(1e-320)).toBe(1);
  for (const [x, wanted] of [[0.5, 2 / Math.PI], [1.5, -2 / (3 * Math.PI)], [100.5, 2 / (201 * Math.PI)]] as const) {
    expect(Math.abs(m.sinc(x) / wanted - 1)).toBeLessThan(1e-15);
    expect(m.sinc(-x)).toBe(m.sinc(x));
  }
});

test("logaddexp neither overflows nor underflows", () => {
  expect(m.logaddexp(1000, 1000)).toBe(1000 + Math.LN2);
  expect(m.logaddexp(-1000, -1000)).toBe(-1000 + Math.LN2);
  expect(m.logaddexp(0, -40)).toBe(Math.exp(-40));
  const infinities = [[Infinity, Infinity], [Infinity, -Infinity], [-Infinity, -Infinity], [-Infinity, 2], [NaN, 1]];
  expect(infinities.map(([a, b]) => m.logaddexp(a!, b!))).toEqual([Infinity, Infinity, -Infinity, 2, NaN]);
});

test("round goes to even, and keeps the sign of zero", () => {
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, -2.6, 0.49999999999999994].map(m.round))
    .toEqual([0, 2, 2, -0, -2, 2, -3, 0]);
  expect([Infinity, -Infinity, NaN, 2 ** 52 + 1, -(2 ** 53)].map(m.round))
    .toEqual([Infinity, -Infinity, NaN, 2 ** 52 + 1, -(2 ** 53)]);
});

test("remainder and floor quotient belong together", () => {
  for (const a of [7, -7, 5.5, -5.5, 0.3, 1e16]) {
    for (const b of [2, -2, 0.1, 3, Infinity]) {
      const [q, r] = [m.floorDivide(a, b), m.remainder(a, b)];
      expect(r === 0 || r < 0 === b < 0, `${a} by ${b}`).toBe(true);
      if (Number.isFinite(b)) expect(Math.abs(q * b + r - a)).toBeLessThanOrEqual(Math.abs(a) * 1e-15);
    }
  }
  expect(m.floorDivide(1, 0)).toBe(Infinity);
  expect(m.remainder(1, 0)).toBeNaN();
});

test("powers of integers are exact, modulo their range", () => {
  expect(m.intPow(3, 20)).toBe(3486784401 | 0);
  expect(m.intPow(-2, 31)).toBe(-(2 ** 31));
  expect(m.bigPow(3n, 39n)).toBe(3n ** 39n);
  expect(m.bigPow(3n, 80n)).toBe(BigInt.asIntN(64, 3n ** 80n));
  expect([m.bigPow(2n, -1n), m.bigPow(-1n, -3n), m.bigPow(1n, -5n)]).toEqual([0n, -1n, 1n]);
});
