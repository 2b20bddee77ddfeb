/** Gradients of the element-wise primitives: derivatives of elementary functions. */
import type { Elementwise } from "@heddle/tensor";
import type { ElementwisePrim } from "@heddle/tensor/engine";
import { choose, type ElementwiseRule, type ElementwiseRules, type ElementwiseValues, flat } from "./rule.ts";

/** A gradient that reads the values named, separated by spaces. */
function reading(names: string, gradient: ElementwiseRule["gradient"]): ElementwiseRule {
  return { reads: names.split(" ") as (keyof ElementwiseValues<unknown>)[], gradient };
}

/** A gradient that reads nothing but the incoming one. */
function linear(gradient: <T extends Elementwise<T>>(g: T) => T): ElementwiseRule {
  return { reads: [], gradient };
}

/** The gradient of an operand for which there is no formula. */
function refused(operation: string, operand: string): ElementwiseRule {
  return linear(() => {
    throw new Error(`${operation}: there is no gradient of ${operand}; detach it`);
  });
}

const pass: ElementwiseRule = { reads: [], gradient: (g) => g, passes: true };
const twoOverRootPi = 2 / Math.sqrt(Math.PI);

/** The derivative of sinc is π²x times the sum of these times powers of (πx)². */
const sincSeries = [
  -1 / 3,
  1 / 30,
  -1 / 840,
  1 / 45360,
  -1 / 3991680,
  1 / 518918400,
  -1 / 93405312000,
  1 / 22230464256000,
];

/** The derivative of sinc: (cos(πx) − sinc(x)) / x, and near 0, where that cancels, a series, which has right derivatives of its own. */
function sincSlope<T extends Elementwise<T>>(x: T): T {
  const u = x.mul(Math.PI).square();
  const near = u.lt(0.6);
  const sum = sincSeries.slice(0, -1).reduceRight((sum, c) => sum.mul(u).add(c), u.mul(0).add(sincSeries.at(-1)!));
  const far = choose(near, 1, x);
  const angle = far.sub(far.div(2).round().mul(2)).mul(Math.PI);
  return choose(near, x.mul(Math.PI ** 2).mul(sum), angle.cos().sub(angle.sin().div(far.mul(Math.PI))).div(far));
}

/** Terms of ψ₁'s asymptotic series behind 1/z: Bernoulli numbers. */
const trigammaSeries = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6];

/** The derivative of digamma: the recurrence over ten steps, the asymptotic series behind them, reflection below ½. */
function trigamma<T extends Elementwise<T>>(x: T): T {
  const below = x.lt(0.5);
  const z = choose(below, x.neg().add(1), x);
  let sum = z.square().reciprocal();
  for (let k = 1; k < 10; k++) sum = sum.add(z.add(k).square().reciprocal());
  const r = z.add(10).reciprocal();
  const w = r.square();
  const tail = trigammaSeries.slice(0, -1).reduceRight(
    (tail, c) => tail.mul(w).add(c),
    w.mul(0).add(trigammaSeries.at(-1)!),
  );
  const above = sum.add(r.mul(r.mul(0.5).add(w.mul(tail)).add(1)));
  const angle = choose(below, x.sub(x.round()), 0.5).mul(Math.PI);
  return choose(below, angle.sin().square().reciprocal().mul(Math.PI ** 2).sub(above), above);
}

/** xᵃ⁻¹·e⁻ˣ / Γ(a), the derivative of the lower incomplete gamma function. */
function gammaDensity<T extends Elementwise<T>>(a: T, x: T): T {
  return a.sub(1).mul(x.log()).sub(x).sub(a.lgamma()).exp();
}

/** By primitive: one rule an input; null where the result depends on the inputs in steps or not at all, and is not recorded. */
export const elementwiseRules: {
  readonly [P in ElementwisePrim]: ElementwiseRules | null;
} = {
  cast: [pass],
  neg: [linear((g) => g.neg())],
  abs: [reading("a", (g, { a }) => g.mul(a.sign()))],
  sign: [flat],
  floor: [flat],
  ceil: [flat],
  round: [flat],
  trunc: [flat],
  sqrt: [reading("out", (g, { out }) => g.div(out.mul(2)))],
  exp: [reading("out", (g, { out }) => g.mul(out))],
  expm1: [reading("out", (g, { out }) => g.mul(out.add(1)))],
  log: [reading("a", (g, { a }) => g.div(a))],
  log2: [reading("a", (g, { a }) => g.div(a.mul(Math.LN2)))],
  log10: [reading("a", (g, { a }) => g.div(a.mul(Math.LN10)))],
  log1p: [reading("a", (g, { a }) => g.div(a.add(1)))],
  sin: [reading("a", (g, { a }) => g.mul(a.cos()))],
  cos: [reading("a", (g, { a }) => g.mul(a.sin()).neg())],
  tan: [reading("out", (g, { out }) => g.mul(out.square().add(1)))],
  asin: [reading("a", (g, { a }) => g.mul(a.square().neg().add(1).rsqrt()))],
  acos: [reading("a", (g, { a }) => g.mul(a.square().neg().add(1).rsqrt()).neg())],
  atan: [reading("a", (g, { a }) => g.div(a.square().add(1)))],
  sinh: [reading("a", (g, { a }) => g.mul(a.cosh()))],
  cosh: [reading("a", (g, { a }) => g.mul(a.sinh()))],
  tanh: [reading("out", (g, { out }) => g.mul(out.square().neg().add(1)))],
  asinh: [reading("a", (g, { a }) => g.div(a.square().add(1).sqrt()))],
  acosh: [reading("a", (g, { a }) => g.div(a.square().sub(1).sqrt()))],
  atanh: [reading("a", (g, { a }) => g.div(a.square().neg().add(1)))],
  erf: [reading("a", (g, { a }) => g.mul(a.square().neg().exp().mul(twoOverRootPi)))],
  erfc: [reading("a", (g, { a }) => g.mul(a.square().neg().exp().mul(-twoOverRootPi)))],
  erfinv: [reading("out", (g, { out }) => g.mul(out.square().exp().div(twoOverRootPi)))],
  sigmoid: [reading("out", (g, { out }) => g.mul(out.mul(out.neg().add(1))))],
  lgamma: [reading("a", (g, { a }) => g.mul(a.digamma()))],
  digamma: [reading("a", (g, { a }) => g.mul(trigamma(a)))],
  i0: [reading("a", (g, { a }) => g.mul(a.i1()))],
  i1: [reading("a", (g, { a }) => {
    const zero = a.eq(0);
    return g.mul(choose(zero, 0.5, a.i0().sub(a.i1().div(choose(zero, 1, a)))));
  })],
  sinc: [reading("a", (g, { a }) => g.mul(sincSlope(a)))],
  relu: [reading("out", (g, { out }) => choose(out.le(0), 0, g))],
  isnan: null,
  logicalNot: null,
  bitwiseNot: null,
  add: [pass, pass],
  sub: [pass, linear((g) => g.neg())],
  mul: [reading("b", (g, { b }) => g.mul(b)), reading("a", (g, { a }) => g.mul(a))],
  // Not from the quotient, so that it may be overwritten in place, as in PyTorch.
  div: [reading("b", (g, { b }) => g.div(b)), reading("a b", (g, { a, b }) => g.mul(a.div(b).div(b)).neg())],
  floorDivide: [flat, flat],
  remainder: [pass, reading("a b", (g, { a, b }) => g.mul(a.floorDivide(b)).neg())],
  fmod: [pass, reading("a b", (g, { a, b }) => g.mul(a.div(b).trunc()).neg())],
  pow: [
    // At exponent 0 the power is constant, also at base 0, where the formula is 0 · ∞.
    reading("a b", (g, { a, b }) => choose(b.eq(0), 0, g.mul(b.mul(a.pow(b.sub(1)))))),
    reading("a b out", (g, { a, b, out }) => choose(a.eq(0).logicalAnd(b.ge(0)), 0, g.mul(out.mul(a.log())))),
  ],
  atan2: [
    reading("a b", (g, { a, b }) => g.mul(b).div(a.square().add(b.square()))),
    reading("a b", (g, { a, b }) => g.mul(a).neg().div(a.square().add(b.square()))),
  ],
  logaddexp: [
    reading("a b", (g, { a, b }) => g.mul(a.sub(b).sigmoid())),
    reading("a b", (g, { a, b }) => g.mul(b.sub(a).sigmoid())),
  ],
  zeta: [
    refused("zeta", "its first operand"),
    reading("a b", (g, { a, b }) => g.mul(a.mul(a.add(1).zeta(b)).neg())),
  ],
  igamma: [
    refused("igamma", "its first operand"),
    reading("a b", (g, { a, b }) => g.mul(gammaDensity(a, b))),
  ],
  igammac: [
    refused("igammac", "its first operand"),
    reading("a b", (g, { a, b }) => g.mul(gammaDensity(a, b)).neg()),
  ],
  gcd: null,
  nextafter: null,
  // Equal operands share the gradient.
  maximum: [
    reading("a b", (g, { a, b }) => choose(a.lt(b), 0, choose(a.eq(b), g.div(2), g))),
    reading("a b", (g, { a, b }) => choose(b.lt(a), 0, choose(a.eq(b), g.div(2), g))),
  ],
  minimum: [
    reading("a b", (g, { a, b }) => choose(a.gt(b), 0, choose(a.eq(b), g.div(2), g))),
    reading("a b", (g, { a, b }) => choose(b.gt(a), 0, choose(a.eq(b), g.div(2), g))),
  ],
  eq: null,
  ne: null,
  lt: null,
  le: null,
  gt: null,
  ge: null,
  logicalAnd: null,
  logicalOr: null,
  logicalXor: null,
  bitwiseAnd: null,
  bitwiseOr: null,
  bitwiseXor: null,
  bitwiseLeftShift: null,
  bitwiseRightShift: null,
  where: [null, reading("a", (g, { a }) => choose(a, g, 0)), reading("a", (g, { a }) => choose(a, 0, g))],
};
