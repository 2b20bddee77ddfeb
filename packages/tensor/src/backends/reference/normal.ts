/**
 * Pairs of normal numbers by the Box-Muller transform (1958): `r·cos(2πv)` and `r·sin(2πv)` with `r = √(−2·ln(1 − u))`. It uses
 * only additions, multiplications, divisions and square roots, whose rounding IEEE 754 defines: `Math.log`, `Math.sin` and
 * `Math.cos` differ between JavaScript engines in the last digit, and random numbers must not.
 */
import { ln2High } from "../cpu/math/logarithm.ts";
import { cosTail, logTail, sinTail } from "../cpu/math/polynomials.ts";

const round = Math.fround;
const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** `a · b + c` in float32, rounded twice. */
const madd = (a: number, b: number, c: number): number => round(round(a * b) + c);

function horner(x: number, coefficients: readonly number[]): number {
  let sum = round(coefficients.at(-1)!);
  for (let i = coefficients.length - 2; i >= 0; i--) sum = madd(sum, x, round(coefficients[i]!));
  return sum;
}

/** The bits of √½, the lower end of the mantissa's interval. */
const rootHalf = 0x3f3504f3;

/** ln(x + beyond) in float32, for positive normal x. */
function logarithm(x: number, beyond: number): number {
  float[0] = x;
  const above = bits[0]! - rootHalf;
  const power = above >> 23;
  bits[0] = (above & 0x007fffff) + rootHalf;
  const mantissa = float[0]!;
  bits[0] = (127 - Math.min(power, 126)) << 23;
  const f = madd(beyond, float[0]!, round(mantissa - 1));
  const z = round(f * f);
  const tail = round(round(round(f * z) * horner(f, logTail)) - round(z * 0.5));
  return madd(power, round(ln2High), round(madd(power, round(Math.LN2 - ln2High), tail) + f));
}

/**
 * A pair in float32 from two 32-bit words, which are fractions of 2^32. It follows the kernel of the CPU backend step by step (see
 * `normal_pairs.ts` there).
 */
export function normalPairOfWords(u: number, v: number): [cos: number, sin: number] {
  const signed = round(round(u | 0) * 2 ** -32);
  const large = u > 0x7fffffff;
  const rest = round(1 - signed);
  const lost = round(round(1 - rest) - signed);
  const radius = round(Math.sqrt(round(logarithm(large ? -signed : rest, large ? 0 : lost) * -2)));
  const quarter = ((v + 0x20000000) >>> 0) >>> 30;
  const angle = round(round((v - (quarter << 30)) | 0) * round(Math.PI / 2 * 2 ** -30));
  const z = round(angle * angle);
  const c = madd(round(z * z), horner(z, cosTail), round(1 - round(z * 0.5)));
  const s = madd(round(angle * z), horner(z, sinTail), angle);
  return turned(quarter, c, s).map((x) => round(radius * x)) as [number, number];
}

/** Cosine and sine after a rotation by quarter turns. */
function turned(quarter: number, c: number, s: number): [cos: number, sin: number] {
  const [x, y] = quarter % 2 === 0 ? [c, s] : [s, c];
  return [(quarter + 1) & 2 ? -x : x, quarter & 2 ? -y : y];
}

/** A pair in float64 from numbers in [0, 1). */
export function normalPair(u: number, v: number): [cos: number, sin: number] {
  const radius = Math.sqrt(-2 * wideLogarithm(1 - u));
  const quarter = Math.round(4 * v);
  const angle = (v - quarter / 4) * (2 * Math.PI);
  const [cos, sin] = turned(quarter % 4, wideCosine(angle), wideSine(angle));
  return [radius * cos, radius * sin];
}

// The following functions are log, __kernel_sin and __kernel_cos of fdlibm (Sun Microsystems, 1993).

/** ln x for normal x with 0 < x ≤ 1. */
function wideLogarithm(x: number): number {
  let [k, m] = [0, x];
  for (; m < Math.SQRT1_2; m *= 2) k--;
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const odd = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const even = z *
    (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  return k * 0.6931471803691238 - (half - (s * (half + odd + even) + k * 1.9082149292705877e-10) - f);
}

/** sin x for |x| ≤ π/4. */
function wideSine(x: number): number {
  const z = x * x;
  const tail = 0.00833333333332249 +
    z * (-0.0001984126982985795 +
        z * (0.0000027557313707070068 + z * (-2.5050760253406863e-8 + z * 1.58969099521155e-10)));
  return x + z * x * (-0.16666666666666632 + z * tail);
}

/** cos x for |x| ≤ π/4. */
function wideCosine(x: number): number {
  const z = x * x;
  const tail = z *
    (0.0416666666666666 +
      z * (-0.001388888888887411 +
          z * (0.00002480158728947673 +
              z * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 + z * -1.1359647557788195e-11)))));
  const half = 0.5 * z;
  const w = 1 - half;
  return w + (1 - w - half + z * tail);
}
