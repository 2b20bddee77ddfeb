/**
 * Derives the polynomials of the CPU backend's vector functions and writes them to
 * packages/tensor/src/backends/cpu/math/polynomials.ts: best approximations by Remez's exchange algorithm, with
 * coefficients rounded to the precision they are used in, one after the other; the remaining ones are refitted each
 * time.
 *
 *     npx -y deno@2.9.6 run -A tools/minimax.ts
 */
import { writeFileSync } from "node:fs";
import { isMain } from "./is_main.ts";

/** A polynomial to find: the best `Σ c·x^power` for `target` on an interval, as measured by `weight · error`. */
export interface Fit {
  readonly name: string;
  readonly about: string;
  readonly interval: readonly [number, number];
  readonly powers: readonly number[];
  readonly target: (x: number) => number;
  readonly weight: (x: number) => number;
  readonly precision: "float32" | "float64";
}

/** Solves a small dense linear system by elimination with pivoting. */
function solve(matrix: number[][], right: number[]): number[] {
  const n = right.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(matrix[row]![column]!) > Math.abs(matrix[pivot]![column]!)) pivot = row;
    }
    [matrix[column], matrix[pivot]] = [matrix[pivot]!, matrix[column]!];
    [right[column], right[pivot]] = [right[pivot]!, right[column]!];
    for (let row = column + 1; row < n; row++) {
      const factor = matrix[row]![column]! / matrix[column]![column]!;
      for (let k = column; k < n; k++) matrix[row]![k]! -= factor * matrix[column]![k]!;
      right[row]! -= factor * right[column]!;
    }
  }
  for (let row = n - 1; row >= 0; row--) {
    for (let k = row + 1; k < n; k++) right[row]! -= matrix[row]![k]! * right[k]!;
    right[row]! /= matrix[row]![row]!;
  }
  return right;
}

/** Remez's exchange on a grid dense near the ends. Gives the coefficients and the largest weighted error. */
export function remez(fit: Omit<Fit, "name" | "about" | "precision">): { coefficients: number[]; error: number } {
  const { interval: [low, high], powers, target, weight } = fit;
  const points = 4000;
  const grid = Array.from(
    { length: points },
    (_, i) => (low + high) / 2 - (high - low) / 2 * Math.cos(Math.PI * (i + 0.5) / points),
  );
  const values = grid.map(target);
  const weights = grid.map(weight);
  // Powers of x/scale keep the system well conditioned.
  const scale = Math.max(Math.abs(low), Math.abs(high));
  const basis = grid.map((x) => powers.map((power) => (x / scale) ** power));
  const n = powers.length;
  let chosen = Array.from({ length: n + 1 }, (_, i) => Math.round((i + 0.5) * points / (n + 1)));
  let best = { coefficients: new Array<number>(n).fill(0), error: Infinity };
  for (let round = 0; round < 60; round++) {
    const solution = solve(
      chosen.map((at, i) => [...basis[at]!.map((b) => b * weights[at]!), i % 2 ? -1 : 1]),
      chosen.map((at) => values[at]! * weights[at]!),
    );
    const scaled = solution.slice(0, n);
    const level = Math.abs(solution[n]!);
    const errors = grid.map((_, i) =>
      weights[i]! * (basis[i]!.reduce((sum, b, k) => sum + b * scaled[k]!, 0) - values[i]!)
    );
    // One extremum for each run of errors of one sign.
    const extrema: number[] = [];
    for (let i = 0; i < points; i++) {
      const last = extrema[extrema.length - 1];
      if (last === undefined || Math.sign(errors[i]!) !== Math.sign(errors[last]!)) extrema.push(i);
      else if (Math.abs(errors[i]!) > Math.abs(errors[last]!)) extrema[extrema.length - 1] = i;
    }
    while (extrema.length > n + 1) {
      if (Math.abs(errors[extrema[0]!]!) < Math.abs(errors[extrema[extrema.length - 1]!]!)) extrema.shift();
      else extrema.pop();
    }
    const error = errors.reduce((most, e) => Math.max(most, Math.abs(e)), 0);
    if (error < best.error) best = { coefficients: scaled.map((c, i) => c / scale ** powers[i]!), error };
    if (extrema.length < n + 1 || error < level * 1.0001) break;
    chosen = extrema;
  }
  return best;
}

/** {@link remez} with coefficients rounded to the fit's precision. */
export function roundedFit(fit: Fit): { coefficients: number[]; error: number } {
  const { powers, precision, target } = fit;
  let best = remez(fit);
  if (precision === "float64") return best;
  const fixed: number[] = [];
  while (fixed.length < powers.length) {
    fixed.push(Math.fround(best.coefficients[0]!));
    const known = fixed.map((c, i) => [c, powers[i]!] as const);
    const rest = (x: number): number => known.reduce((value, [c, power]) => value - c * x ** power, target(x));
    best = fixed.length < powers.length
      ? remez({ ...fit, powers: powers.slice(fixed.length), target: rest })
      : { coefficients: [], error: worst(fit, fixed) };
  }
  return { coefficients: fixed, error: best.error };
}

/** The largest weighted error of coefficients, on a fine grid. */
export function worst({ interval: [low, high], powers, target, weight }: Fit, coefficients: readonly number[]): number {
  let most = 0;
  for (let i = 0.5; i < 20000; i++) {
    const x = low + (high - low) * i / 20000;
    const value = coefficients.reduce((sum, c, k) => sum + c * x ** powers[k]!, 0);
    most = Math.max(most, Math.abs(weight(x) * (value - target(x))));
  }
  return most;
}

/** Error function by its Taylor series; complement by Lentz's continued fraction (Abramowitz & Stegun 7.1.5, 7.1.14). */
function erf(x: number): number {
  if (x > 2.5) return 1 - erfc(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return sum * 2 / Math.sqrt(Math.PI);
}

function erfc(x: number): number {
  if (x < 1) return 1 - erf(x);
  let fraction = x;
  for (let k = 400; k > 0; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

/** `e^(a²)·erfc(a)·(1 + 2a)`, which lies between 1 and 1.3. */
function scaledErfc(a: number): number {
  if (a < 1) return Math.exp(a * a) * erfc(a) * (1 + 2 * a);
  let fraction = a;
  for (let k = 400; k > 0; k--) fraction = a + k / 2 / fraction;
  return (1 + 2 * a) / Math.sqrt(Math.PI) / fraction;
}

const ln2 = Math.LN2;
const run = (first: number, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => first + i * step);
const smallLog: readonly [number, number] = [Math.SQRT1_2 - 1, Math.SQRT2 - 1];

/** Everything the vector functions need. */
export const fits: readonly Fit[] = [
  {
    name: "expTail",
    about: "e^r − 1 − r in powers of r from 2, |r| ≤ ln 2, relative to e^r",
    interval: [-ln2 * 1.0005, ln2 * 1.0005],
    powers: run(2, 6),
    target: (r) => Math.expm1(r) - r,
    weight: (r) => Math.exp(-r),
    precision: "float32",
  },
  {
    name: "expm1Tail",
    about: "e^r − 1 − r in powers of r from 2, |r| ≤ ln(2)/2, relative to e^r − 1",
    interval: [-ln2 / 2 * 1.0005, ln2 / 2 * 1.0005],
    powers: run(2, 6),
    target: (r) => Math.expm1(r) - r,
    weight: (r) => 1 / Math.expm1(r),
    precision: "float32",
  },
  {
    name: "logTail",
    about: "log(1 + f) − f + f²/2 in powers of f from 3, √½ ≤ 1 + f ≤ √2, relative to log(1 + f)",
    interval: smallLog,
    powers: run(3, 8),
    target: (f) => Math.log1p(f) - f + f * f / 2,
    weight: (f) => 1 / Math.log1p(f),
    precision: "float32",
  },
  {
    name: "sinTail",
    about: "sin(r) − r in odd powers of r from 3, |r| ≤ π/4, relative to sin(r)",
    interval: [0, Math.PI / 4 * 1.01],
    powers: run(3, 3, 2),
    target: (r) => Math.sin(r) - r,
    weight: (r) => 1 / Math.sin(r),
    precision: "float32",
  },
  {
    name: "cosTail",
    about: "cos(r) − 1 + r²/2 in even powers of r from 4, |r| ≤ π/4",
    interval: [0, Math.PI / 4 * 1.01],
    powers: run(4, 3, 2),
    target: (r) => Math.cos(r) - 1 + r * r / 2,
    weight: () => 1,
    precision: "float32",
  },
  {
    name: "tanTail",
    about: "tan(r) − r in odd powers of r from 3, |r| ≤ π/4, relative to tan(r)",
    interval: [0, Math.PI / 4 * 1.01],
    powers: run(3, 7, 2),
    target: (r) => Math.tan(r) - r,
    weight: (r) => 1 / Math.tan(r),
    precision: "float32",
  },
  {
    name: "erfNear",
    about: "erf(x) − x in odd powers of x, |x| ≤ 1, relative to erf(x)",
    interval: [0, 1.0],
    powers: run(1, 6, 2),
    target: (x) => erf(x) - x,
    weight: (x) => 1 / erf(x),
    precision: "float32",
  },
  {
    name: "erfFar",
    about: "−log(1 − erf(x)) in powers of x from 0, 1 ≤ x ≤ 4, weighted by 1 − erf(x)",
    interval: [1, 4],
    powers: run(0, 7),
    target: (x) => -Math.log(erfc(x)),
    weight: (x) => erfc(x),
    precision: "float32",
  },
  {
    name: "erfcScaled",
    about: "e^(a²)·erfc(a)·(1 + 2a) in powers of q = (a − 2)/(a + 2) from 0, 0 ≤ a ≤ 10.5, relative",
    interval: [-1, 8.5 / 12.5],
    powers: run(0, 10),
    target: (q) => scaledErfc(2 * (1 + q) / (1 - q)),
    weight: (q) => 1 / scaledErfc(2 * (1 + q) / (1 - q)),
    precision: "float32",
  },
  {
    name: "atanTail",
    about: "atan(x) − x in odd powers of x from 3, |x| ≤ 1, relative to atan(x)",
    interval: [0, 1],
    powers: run(3, 9, 2),
    target: (x) => Math.atan(x) - x,
    weight: (x) => 1 / Math.atan(x),
    precision: "float32",
  },
  {
    name: "asinTail",
    about: "asin(x) − x in odd powers of x from 3, |x| ≤ ½, relative to asin(x)",
    interval: [0, 0.5],
    powers: run(3, 5, 2),
    target: (x) => Math.asin(x) - x,
    weight: (x) => 1 / Math.asin(x),
    precision: "float32",
  },
  {
    name: "wideLog2",
    about: "log2((1 + s)/(1 − s)) in odd powers of s, √½ ≤ (1 + s)/(1 − s) ≤ √2, relative",
    interval: [0, (Math.SQRT2 - 1) / (Math.SQRT2 + 1)],
    powers: run(1, 5, 2),
    target: (s) => 2 * Math.atanh(s) * Math.LOG2E,
    weight: (s) => 1 / Math.atanh(s),
    precision: "float64",
  },
  {
    name: "wideExp2",
    about: "2^r in powers of r from 0, |r| ≤ ½, relative",
    interval: [-0.501, 0.501],
    powers: run(0, 7),
    target: (r) => 2 ** r,
    weight: (r) => 2 ** -r,
    precision: "float64",
  },
];

function render(): string {
  const lines = [
    "/** Generated by tools/minimax.ts: do not edit. Errors are maximal errors, without rounding in the evaluation. */",
  ];
  for (const fit of fits) {
    const { coefficients, error } = roundedFit(fit);
    console.log(fit.name, error.toExponential(2), `2^${Math.log2(error).toFixed(1)}`);
    lines.push("", `/** ${fit.about}; error ${error.toExponential(1)}. */`);
    lines.push(`export const ${fit.name}: readonly number[] = [`, ...coefficients.map((c) => `  ${c},`), "];");
  }
  return lines.join("\n") + "\n";
}

if (isMain(import.meta.url)) {
  writeFileSync(new URL("../packages/tensor/src/backends/cpu/math/polynomials.ts", import.meta.url), render());
}
