import { describe, expect, test } from "vitest";
import { CpuBackend } from "../backends/cpu/mod.ts";
import { registerDevice } from "../device.ts";
import {
  fft,
  fftshift,
  Generator,
  ifft,
  irfft,
  istft,
  memory,
  ones,
  randn,
  rfft,
  stft,
  tensor,
  tidy,
  zeros,
} from "../mod.ts";
import type { RoutinePrim } from "../prims/attrs.ts";

/** A backend without the routine, as the GPU's: transforms are composed of matrix products. */
class WithoutRoutine extends CpuBackend {
  constructor() {
    super(1);
  }
  override hasRoutine(name: RoutinePrim): boolean {
    return name !== "fft";
  }
}
registerDevice("cpu without fft", () => new WithoutRoutine());

type Float = "float32" | "float64";
const eps = { float32: 2 ** -23, float64: 2 ** -52 };

/** Frequencies of a signal of pairs by the definition, in float64 with compensated sums. */
function defined(x: Float64Array, n: number, sign: 1 | -1, frequencies: readonly number[]): Float64Array {
  const cosines = Float64Array.from({ length: n }, (_, k) => Math.cos(2 * Math.PI * k / n));
  const sines = Float64Array.from({ length: n }, (_, k) => sign * Math.sin(2 * Math.PI * k / n));
  const result = new Float64Array(2 * frequencies.length);
  frequencies.forEach((k, at) => {
    let [re, im, reLost, imLost] = [0, 0, 0, 0];
    for (let j = 0, turn = 0; j < n; j++) {
      const a = x[2 * j]!;
      const b = x[2 * j + 1]!;
      const u = a * cosines[turn]! - b * sines[turn]! - reLost;
      const v = a * sines[turn]! + b * cosines[turn]! - imLost;
      const reNext = re + u;
      const imNext = im + v;
      reLost = reNext - re - u;
      imLost = imNext - im - v;
      re = reNext;
      im = imNext;
      turn += k;
      if (turn >= n) turn -= n;
    }
    result[2 * at] = re;
    result[2 * at + 1] = im;
  });
  return result;
}

/** All numbers below `count`, or 40 of them that are far apart. */
function some(count: number): number[] {
  if (count <= 1100) return Array.from({ length: count }, (_, k) => k);
  return Array.from({ length: 40 }, (_, i) => Math.round(i * (count - 1) / 39));
}

/** The error of the numbers found, relative to those wanted, both as vectors. */
function error(found: readonly number[], wanted: readonly number[]): number {
  return Math.hypot(...wanted.map((value, i) => found[i]! - value)) / Math.hypot(...wanted);
}

const pairs = (x: ArrayLike<number>, at: readonly number[]): number[] => at.flatMap((k) => [x[2 * k]!, x[2 * k + 1]!]);

/** The largest error of the four kinds of transforms of n points. */
function largestError(n: number, dtype: Float, device: string): number {
  return tidy(() => {
    const generator = new Generator(n);
    const x = randn([n, 2], { generator }).to(dtype).to(device);
    const signal = x.to("float64").toTypedArray("float64");
    const errors: number[] = [];
    for (const [sign, transform] of [[-1, fft], [1, ifft]] as const) {
      const found = transform(x, { norm: sign === -1 ? "backward" : "forward" }).to("float64").toTypedArray("float64");
      errors.push(error(pairs(found, some(n)), Array.from(defined(signal, n, sign, some(n)))));
    }
    const half = Math.floor(n / 2) + 1;
    const real = Float64Array.from(signal, (value, i) => i % 2 === 0 ? value : 0);
    const spectrum = rfft(x.select(-1, 0)).to("float64").toTypedArray("float64");
    errors.push(error(pairs(spectrum, some(half)), Array.from(defined(real, n, -1, some(half)))));
    // The imaginary parts of the first frequency, and of the last if n is even, do not count.
    const whole = new Float64Array(2 * n);
    for (let k = 0; k < half; k++) {
      const alone = k === 0 || 2 * k === n;
      const [re, im] = [signal[2 * k]!, alone ? 0 : signal[2 * k + 1]!];
      whole.set([re, im], 2 * k);
      if (!alone) whole.set([re, -im], 2 * (n - k));
    }
    const back = irfft(x.narrow(0, 0, half), { n, norm: "forward" }).to("float64").toTypedArray("float64");
    const wanted = defined(whole, n, 1, some(n)).filter((_, i) => i % 2 === 0);
    errors.push(error(some(n).map((k) => back[k]!), Array.from(wanted)));
    return Math.max(...errors);
  });
}

describe.each(["cpu", "cpu without fft"])("transforms on %s", (device) => {
  const check = (n: number, dtype: Float): void => {
    const bound = 2 * eps[dtype] * Math.log2(2 * n);
    expect(largestError(n, dtype, device), `${n} points in ${dtype}`).toBeLessThan(bound);
  };

  test.each(["float32", "float64"] as const)("of 1 to 130 points are what the definition says, in %s", {
    tags: ["once"],
  }, (dtype) => {
    for (let n = 1; n <= 130; n++) check(n, dtype);
  });

  // Powers, primes that are products of their own or Bluestein's, and multiples of them.
  test.each([210, 211, 256, 422, 1000, 1009, 1024, 2048, 3 ** 7, 4 * 1009, 4096, 65536, 65537])(
    "of %d points are what the definition says",
    { tags: ["once"] },
    (n) => {
      for (const dtype of ["float32", "float64"] as const) check(n, dtype);
    },
  );

  test("leaves no memory behind", () => {
    for (const n of [5, 100, 211]) {
      const x = randn([3, n, 2]).to(device);
      const before = memory().storages;
      const y = fft(x);
      expect(memory().storages).toBe(before + 1);
      y.dispose();
      tidy(() => {
        stft(ones([50], { device }), 8);
      });
      expect(memory().storages).toBe(before);
    }
  });
});

describe("fft", () => {
  test("says what it takes", () => {
    expect(() => fft(ones([8]))).toThrow(
      "fft: x has shape [8], but complex numbers are pairs in a last dimension of two",
    );
    expect(() => fft(ones([8, 2]), { n: 0 })).toThrow("fft: n is 0; a transform takes a whole number of points");
    expect(() => fft(ones([8, 2]), { n: 2.5 })).toThrow("fft: n is 2.5");
    expect(() => fft(ones([8, 2]), { norm: "unit" as "ortho" })).toThrow('fft: norm is "unit"; use one of "backward"');
    expect(() => rfft(tensor(1))).toThrow("rfft: x has no dimension to transform");
    expect(() => fftshift(ones([8, 2]))).toThrow("pass complex: true if the last dimension holds pairs");
    expect(() => fftshift(ones([8]), { complex: true })).toThrow("complex: true needs a last dimension of 2");
    expect(() => stft(ones([4]), 8, { center: false })).toThrow("stft: the signal has 4 samples, fewer than nFft, 8");
    expect(() => stft(ones([40]), 8, { window: ones([7]) })).toThrow("the window has shape [7], expected [8]");
    expect(() => istft(ones([4, 9, 2]), 8)).toThrow("istft: x has shape [4, 9, 2], expected [5, frames, 2]");
    expect(() => istft(ones([5, 9, 2]), 8, { window: zeros([8]) })).toThrow("istft: no window covers some samples");
  });
});
