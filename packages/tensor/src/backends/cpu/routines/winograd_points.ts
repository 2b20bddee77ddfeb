/**
 * Winograd's minimal filtering of six samples (Winograd 1980; Lavin and Gray, "Fast algorithms for convolutional neural networks",
 * 2016): polynomials evaluated at six points, multiplied there, and interpolated. Four outputs of three taps, F(4, 3), or three of four,
 * F(3, 4), take six products; in two dimensions 36 instead of 144.
 *
 * The points are 0, ±5/8, ±3/2 and infinity. With powers of them at hand in few bits and neither large nor small, rounding errors are
 * half of those of the usual 0, ±1, ±2 (docs/decisions/006-winograd.md has the figures).
 */
import { type Code, f32x4, get, type Local, op, set } from "../../../wasm/assembler.ts";
import { type Element, madd } from "./element.ts";

/** Samples of a tile in each dimension, and points. */
export const points = 6;
/** Outputs of a tile in each dimension, where there are three taps. */
export const tileSize = 4;

const [a, b] = [5 / 8, 3 / 2] as const;
const [aa, bb] = [a * a, b * b] as const;

const add = (x: Code, y: Code): Code => op("f32x4.add", x, y);
const sub = (x: Code, y: Code): Code => op("f32x4.sub", x, y);
const mul = (x: Code, y: Code): Code => op("f32x4.mul", x, y);

/** Code of a transform in one dimension, made of locals: what is put is used once, right away. */
type Put = (index: number, value: Code) => Code;

/** `k · x + y`. */
const scaled = (e: Element, k: number, x: Code, y: Code): Code => madd(e, f32x4(k), x, y);

/**
 * Six samples d at the points: the numerators of Lagrange's polynomials, which are transposed interpolation. Bᵀd in Lavin and Gray.
 */
export function samplesAtPoints(e: Element, d: readonly Local[], [t, u]: readonly [Local, Local], put: Put): Code {
  const x = (i: number): Code => get(d[i]!);
  const pair = (index: number, point: number, other: number): Code => [
    set(t, scaled(e, -other, x(2), x(4))),
    set(u, scaled(e, -other, x(1), x(3))),
    put(index, scaled(e, point, get(u), get(t))),
    put(index + 1, scaled(e, -point, get(u), get(t))),
  ];
  return [
    put(0, scaled(e, aa * bb, x(0), scaled(e, -aa - bb, x(2), x(4)))),
    pair(1, a, bb),
    pair(3, b, aa),
    put(5, scaled(e, aa * bb, x(1), scaled(e, -aa - bb, x(3), x(5)))),
  ];
}

/** The denominators of Lagrange's polynomials, which {@link samplesAtPoints} leaves out. */
const denominators = [
  aa * bb,
  2 * aa * (aa - bb),
  2 * aa * (aa - bb),
  2 * bb * (bb - aa),
  2 * bb * (bb - aa),
  1,
] as const;

/** Three taps w at the points, divided by what {@link samplesAtPoints} leaves out. Gw in Lavin and Gray. */
export function tapsAtPoints(e: Element, w: readonly Local[], [t, u]: readonly [Local, Local], put: Put): Code {
  const x = (i: number): Code => get(w[i]!);
  const pair = (index: number, point: number): Code => {
    const share = 1 / denominators[index]!;
    return [
      set(t, scaled(e, share * point * point, x(2), mul(f32x4(share), x(0)))),
      set(u, mul(f32x4(share * point), x(1))),
      put(index, add(get(t), get(u))),
      put(index + 1, sub(get(t), get(u))),
    ];
  };
  return [put(0, mul(f32x4(1 / denominators[0]), x(0))), pair(1, a), pair(3, b), put(5, x(2))];
}

/** Four gradients g at the points; what is divided by comes later, in {@link threeOfPoints}. */
export function gradientsAtPoints(e: Element, g: readonly Local[], [t, u]: readonly [Local, Local], put: Put): Code {
  const x = (i: number): Code => get(g[i]!);
  const pair = (index: number, point: number): Code => [
    set(t, scaled(e, point * point, x(2), x(0))),
    set(u, scaled(e, point * point, x(3), x(1))),
    put(index, scaled(e, point, get(u), get(t))),
    put(index + 1, scaled(e, -point, get(u), get(t))),
  ];
  return [put(0, x(0)), pair(1, a), pair(3, b), put(5, x(3))];
}

/** Four outputs of six products m. Aᵀm in Lavin and Gray; overwrites the products. */
export function fourOfPoints(e: Element, m: readonly Local[], [t, u]: readonly [Local, Local], put: Put): Code {
  const x = (i: number): Code => get(m[i]!);
  const [evenA, oddA, evenB, oddB] = [m[1]!, t, m[3]!, u] as const;
  return [
    set(oddA, sub(x(1), x(2))),
    set(evenA, add(x(1), x(2))),
    set(oddB, sub(x(3), x(4))),
    set(evenB, add(x(3), x(4))),
    put(0, add(add(x(0), get(evenA)), get(evenB))),
    put(1, scaled(e, b, get(oddB), mul(f32x4(a), get(oddA)))),
    put(2, scaled(e, bb, get(evenB), mul(f32x4(aa), get(evenA)))),
    put(3, scaled(e, b * bb, get(oddB), scaled(e, a * aa, get(oddA), x(5)))),
  ];
}

/** Three outputs of six products m that {@link gradientsAtPoints} went into; overwrites the products. */
export function threeOfPoints(e: Element, m: readonly Local[], [t, u]: readonly [Local, Local], put: Put): Code {
  const x = (i: number): Code => get(m[i]!);
  const share = (index: number, power: number): Code => f32x4(power / denominators[index]!);
  const [evenA, oddA, evenB, oddB] = [m[1]!, t, m[3]!, u] as const;
  return [
    set(oddA, sub(x(1), x(2))),
    set(evenA, add(x(1), x(2))),
    set(oddB, sub(x(3), x(4))),
    set(evenB, add(x(3), x(4))),
    put(
      0,
      madd(
        e,
        share(3, 1),
        get(evenB),
        madd(e, share(1, 1), get(evenA), mul(share(0, 1), x(0))),
      ),
    ),
    put(1, madd(e, share(3, b), get(oddB), mul(share(1, a), get(oddA)))),
    put(2, madd(e, share(3, bb), get(evenB), madd(e, share(1, aa), get(evenA), x(5)))),
  ];
}
