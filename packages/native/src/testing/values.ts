/** Values that operations are tested with. */
import type { ValueType } from "@heddle/tensor/code";

/** Random numbers from a seed. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** 32 random bits. */
  bits(): number {
    this.state = this.state + 0x6d2b79f5 | 0;
    let x = Math.imul(this.state ^ this.state >>> 15, this.state | 1);
    x ^= x + Math.imul(x ^ x >>> 7, x | 61);
    return (x ^ x >>> 14) >>> 0;
  }

  /** An integer from 0 to n - 1. */
  below(n: number): number {
    return this.bits() % n;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const integers = [
  0,
  1,
  -1,
  2,
  3,
  7,
  16,
  31,
  32,
  33,
  255,
  256,
  32767,
  32768,
  -32768,
  65535,
  2 ** 31 - 1,
  -(2 ** 31),
  1e9,
];
const floats = [
  0,
  -0,
  1,
  -1,
  0.5,
  1.5,
  2.5,
  -0.5,
  -2.5,
  0.49999997,
  3.7,
  -3.2,
  1e-45,
  -1e-40,
  1.1754943508222875e-38,
  3.4028234663852886e38,
  Infinity,
  -Infinity,
  NaN,
  2 ** 23,
  2 ** 31,
  -(2 ** 31),
  2 ** 31 - 128,
  2 ** 32,
  2 ** 63,
  -(2 ** 63),
  1e10,
  2 ** 24 + 1,
];
const doubles = [
  ...floats,
  2147483647,
  2147483647.5,
  -2147483648.9,
  2 ** 52 + 0.5,
  2 ** 63 - 1024,
  1e300,
  5e-324,
  2 ** 53 + 1,
];

/** Fills 8 bytes with a value that a type may have. */
export function fill(view: DataView, at: number, type: ValueType, random: Random): void {
  const kind = type === "vector" ? random.pick(["i32", "i64", "f32", "f64", "f32", "bits"]) : type;
  if (random.below(4) === 0 || kind === "bits") {
    view.setUint32(at, random.bits(), true);
    view.setUint32(at + 4, random.bits(), true);
    return;
  }
  switch (kind) {
    case "i32":
      view.setInt32(at, random.pick(integers), true);
      view.setInt32(at + 4, random.pick(integers), true);
      break;
    case "i64":
      view.setBigInt64(at, BigInt(random.pick(integers)) << BigInt(random.pick([0, 0, 0, 31, 32, 40])), true);
      break;
    case "f32":
      view.setFloat32(at, random.pick(floats), true);
      view.setFloat32(at + 4, random.pick(floats), true);
      break;
    case "f64":
      view.setFloat64(at, random.pick(doubles), true);
      break;
  }
}

/** Whether two results are equal: bit for bit, or lane by lane NaN if the lanes are floats of so many bytes. */
export function sameBits(a: Uint8Array, b: Uint8Array, floatBytes: 0 | 4 | 8): boolean {
  const [x, y] = [new DataView(a.buffer, a.byteOffset), new DataView(b.buffer, b.byteOffset)];
  const step = floatBytes === 8 ? 8 : 4;
  for (let i = 0; i < a.length; i += step) {
    const same = step === 8 ? x.getBigUint64(i) === y.getBigUint64(i) : x.getUint32(i) === y.getUint32(i);
    if (same) continue;
    if (floatBytes === 0) return false;
    const nan = floatBytes === 4
      ? Number.isNaN(x.getFloat32(i, true)) && Number.isNaN(y.getFloat32(i, true))
      : Number.isNaN(x.getFloat64(i, true)) && Number.isNaN(y.getFloat64(i, true));
    if (!nan) return false;
  }
  return true;
}
