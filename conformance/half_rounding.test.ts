/** Every cast between the half formats and float32 gives PyTorch's bits. */
import { createHash } from "node:crypto";
import { fromTypedArray, type HalfDType, type Tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { loadFixtures } from "./load.ts";

interface Rounding {
  readonly name: string;
  readonly dtype: HalfDType;
  /** Added to every upper half of a float32; absent where all patterns of the dtype are read. */
  readonly lower?: number;
  readonly digest: string;
}

/** Of the values as float32, with one NaN. */
function digest(x: Tensor): string {
  const values = x.float().toTypedArray("float32");
  const bits = new Uint32Array(values.buffer);
  values.forEach((value, i) => {
    if (Number.isNaN(value)) bits[i] = 0x7fc00000;
  });
  return createHash("sha256").update(bits).digest("hex");
}

const { cases } = loadFixtures<Rounding>("half_rounding");

for (const device of ["cpu", "reference"]) {
  test.each(cases)(`$name on ${device}`, ({ dtype, lower, digest: recorded }) => {
    if (lower === undefined) {
      const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
      expect(digest(fromTypedArray(patterns, [65536], { dtype, device }))).toBe(recorded);
    } else {
      const bits = Uint32Array.from({ length: 65536 }, (_, i) => (i << 16) + lower);
      expect(digest(fromTypedArray(new Float32Array(bits.buffer), [65536], { device }).to(dtype))).toBe(recorded);
    }
  });
}
