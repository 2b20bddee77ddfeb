/**
 * Winograd's minimal filtering of six samples (Winograd 1980; Lavin and Gray, "Fast algorithms for convolutional neural networks",
 * 2016): polynomials are evaluated at six points, multiplied there, and interpolated. Four outputs of three taps, F(4, 3), or three
 * outputs of four taps, F(3, 4), take six products; in two dimensions 36 instead of 144.
 *
 * The points are 0, ±5/8, ±3/2 and infinity. Their powers have few bits and are neither large nor small, so that rounding errors
 * are half of those with the usual 0, ±1, ±2 (docs/decisions/006-winograd.md has the measurements).
 */
import type { FunctionBuilder } from "../../../../code/module.ts";
import { type Code, f32x, get, type Local, op, set } from "../../../../code/tree.ts";
import { type Element, madd, nmadd } from "../element.ts";

/** The number of points, and of samples of a tile, in each dimension. */
export const points = 6;
/** The number of outputs of a tile in each dimension, for three taps. */
export const tileSize = 4;

const [a, b] = [5 / 8, 3 / 2] as const;
const [aa, bb] = [a * a, b * b] as const;

const add = (x: Code, y: Code): Code => op("f32x.add", x, y);
const sub = (x: Code, y: Code): Code => op("f32x.sub", x, y);
const mul = (x: Code, y: Code): Code => op("f32x.mul", x, y);

/**
 * The constant factors of transforms, each in a local that is set at the function's beginning: building one in a loop takes as
 * long as three multiplications.
 */
export class Constants {
  private readonly f: FunctionBuilder;
  private readonly locals: Map<number, Local> = new Map();

  constructor(f: FunctionBuilder) {
    this.f = f;
  }

  /** A number in every lane. */
  readonly of = (value: number): Code => {
    let local = this.locals.get(value);
    if (local === undefined) this.locals.set(value, local = this.f.local("vector"));
    return get(local);
  };

  /** Sets the locals. It must precede all code that uses them. */
  begin(): Code {
    return [...this.locals].map(([value, local]) => set(local, f32x(value)));
  }
}

/** The locals of a transform in one dimension: two for terms that pairs of points share, and constants. */
export interface Work {
  readonly e: Element;
  readonly pair: readonly [Local, Local];
  readonly k: (value: number) => Code;
}

/** A transform in one dimension, from locals. The value passed to `put` is used once, immediately. */
export type Transform = (work: Work, from: readonly Local[], put: (index: number, value: Code) => Code) => Code;

/** `y + k · x` and `y − k · x`. */
function both({ e, k }: Work, factor: number, x: Local, y: Local): [plus: Code, minus: Code] {
  return [madd(e, k(factor), get(x), get(y)), nmadd(e, k(factor), get(x), get(y))];
}

/** Transforms six samples d: the numerators of Lagrange's polynomials, transposed. Bᵀd in Lavin and Gray. */
export const samplesAtPoints: Transform = (work, d, put) => {
  const { e, pair: [t, u], k } = work;
  const x = (i: number): Code => get(d[i]!);
  const pair = (index: number, point: number, other: number): Code => {
    const [plus, minus] = both(work, point, u, t);
    return [
      set(t, nmadd(e, k(other), x(2), x(4))),
      set(u, nmadd(e, k(other), x(1), x(3))),
      put(index, plus),
      put(index + 1, minus),
    ];
  };
  return [
    put(0, madd(e, k(aa * bb), x(0), nmadd(e, k(aa + bb), x(2), x(4)))),
    pair(1, a, bb),
    pair(3, b, aa),
    put(5, madd(e, k(aa * bb), x(1), nmadd(e, k(aa + bb), x(3), x(5)))),
  ];
};

/** The denominators of Lagrange's polynomials, which {@link samplesAtPoints} leaves out. */
const denominators = [aa * bb, 2 * aa * (aa - bb), 2 * bb * (bb - aa)] as const;

/** Transforms three taps w, divided by the {@link denominators}. Gw in Lavin and Gray. */
export const tapsAtPoints: Transform = ({ e, pair: [t, u], k }, w, put) => {
  const x = (i: number): Code => get(w[i]!);
  const pair = (index: number, point: number, share: number): Code => [
    set(t, madd(e, k(share * point * point), x(2), mul(k(share), x(0)))),
    set(u, mul(k(share * point), x(1))),
    put(index, add(get(t), get(u))),
    put(index + 1, sub(get(t), get(u))),
  ];
  return [
    put(0, mul(k(1 / denominators[0]), x(0))),
    pair(1, a, 1 / denominators[1]),
    pair(3, b, 1 / denominators[2]),
    put(5, x(2)),
  ];
};

/** Transforms four gradients g. The division by the denominators follows in {@link threeOfPoints}. */
export const gradientsAtPoints: Transform = (work, g, put) => {
  const { e, pair: [t, u], k } = work;
  const x = (i: number): Code => get(g[i]!);
  const pair = (index: number, point: number): Code => {
    const [plus, minus] = both(work, point, u, t);
    return [
      set(t, madd(e, k(point * point), x(2), x(0))),
      set(u, madd(e, k(point * point), x(3), x(1))),
      put(index, plus),
      put(index + 1, minus),
    ];
  };
  return [put(0, x(0)), pair(1, a), pair(3, b), put(5, x(3))];
};

/** Replaces the products of each pair of points by their sum. The differences are in the pair of locals. */
const evenAndOdd = ({ pair: [t, u] }: Work, m: readonly Local[]): Code => {
  const x = (i: number): Code => get(m[i]!);
  return [
    set(t, sub(x(1), x(2))),
    set(m[1]!, add(x(1), x(2))),
    set(u, sub(x(3), x(4))),
    set(m[3]!, add(x(3), x(4))),
  ];
};

/** Four outputs from six products m, which are overwritten. Aᵀm in Lavin and Gray. */
export const fourOfPoints: Transform = (work, m, put) => {
  const { e, pair: [oddA, oddB], k } = work;
  const [first, evenA, , evenB, , last] = m.map(get) as [Code, Code, Code, Code, Code, Code];
  return [
    evenAndOdd(work, m),
    put(0, add(add(first, evenA), evenB)),
    put(1, madd(e, k(b), get(oddB), mul(k(a), get(oddA)))),
    put(2, madd(e, k(bb), evenB, mul(k(aa), evenA))),
    put(3, madd(e, k(b * bb), get(oddB), madd(e, k(a * aa), get(oddA), last))),
  ];
};

/** Three outputs from six products m with {@link gradientsAtPoints}. The products are overwritten. */
export const threeOfPoints: Transform = (work, m, put) => {
  const { e, pair: [oddA, oddB], k } = work;
  const [first, evenA, , evenB, , last] = m.map(get) as [Code, Code, Code, Code, Code, Code];
  const [d0, dA, dB] = denominators;
  return [
    evenAndOdd(work, m),
    put(0, madd(e, k(1 / dB), evenB, madd(e, k(1 / dA), evenA, mul(k(1 / d0), first)))),
    put(1, madd(e, k(b / dB), get(oddB), mul(k(a / dA), get(oddA)))),
    put(2, madd(e, k(bb / dB), evenB, madd(e, k(aa / dA), evenA, last))),
  ];
};
