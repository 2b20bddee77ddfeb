import { describe, expect, test } from "vitest";
import {
  fft,
  fftshift,
  ifft,
  irfft,
  istft,
  memory,
  ones,
  randn,
  rfft,
  stack,
  stft,
  tensor,
  tidy,
  zeros,
} from "../mod.ts";

/** The definition, in float64. */
function defined(x: Float64Array, n: number): Float64Array {
  const result = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      const angle = -2 * Math.PI * ((j * k) % n) / n;
      result[2 * k]! += x[2 * j]! * Math.cos(angle) - x[2 * j + 1]! * Math.sin(angle);
      result[2 * k + 1]! += x[2 * j]! * Math.sin(angle) + x[2 * j + 1]! * Math.cos(angle);
    }
  }
  return result;
}

function error(found: ArrayLike<number>, wanted: Float64Array): number {
  let square = 0;
  for (let i = 0; i < wanted.length; i++) square += (found[i]! - wanted[i]!) ** 2;
  return Math.sqrt(square) / Math.hypot(...wanted);
}

describe("fft", () => {
  // One product, two passes and three, primes up to 200, Bluestein and multiples of its primes.
  for (const n of [1, 2, 5, 64, 66, 97, 100, 134, 210, 211, 256, 422, 1000, 1009, 2048, 2 * 1009]) {
    test(`of ${n} points is what its definition says, in float32 and float64`, () => {
      const x = randn([n, 2], { dtype: "float64" });
      const wanted = defined(x.toTypedArray("float64"), n);
      const logarithm = Math.log2(2 * n);
      expect(error(fft(x).toTypedArray("float64"), wanted)).toBeLessThan(1e-15 * logarithm);
      expect(error(fft(x.to("float32")).toTypedArray("float32"), wanted)).toBeLessThan(1e-7 * logarithm);
      expect(ifft(fft(x)).allclose(x, { rtol: 1e-12, atol: 1e-13 })).toBe(true);
      const real = x.select(-1, 0);
      const half = fft(stack([real, zeros([n], { dtype: "float64" })], -1)).narrow(0, 0, Math.floor(n / 2) + 1);
      expect(rfft(real).allclose(half, { rtol: 1e-12, atol: 1e-12 })).toBe(true);
      expect(irfft(rfft(real), { n }).allclose(real, { rtol: 1e-12, atol: 1e-12 })).toBe(true);
    });
  }

  test("leaves no memory behind", () => {
    for (const n of [5, 100, 211]) {
      const x = randn([3, n, 2]);
      const before = memory().storages;
      const y = fft(x);
      expect(memory().storages).toBe(before + 1);
      y.dispose();
      tidy(() => {
        stft(ones([50]), 8);
      });
      expect(memory().storages).toBe(before);
    }
  });

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
