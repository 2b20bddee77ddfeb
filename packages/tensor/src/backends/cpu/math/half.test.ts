import { expect, test } from "vitest";
import { halfTable, toHalfBits } from "../../../half.ts";
import { fromHalf, toHalf } from "./half.ts";
import { ArrayFunction } from "./harness.ts";

function bitsOf(operand: Float32Array): Uint32Array {
  return new Uint32Array(operand.buffer, operand.byteOffset, operand.length);
}

test("every half becomes its float", () => {
  const f = new ArrayFunction(1, fromHalf, 65536);
  bitsOf(f.operand(0)).forEach((_, i, bits) => bits[i] = i);
  f.run();
  const expected = halfTable();
  const got = f.operand(-1);
  for (let h = 0; h < 65536; h++) {
    if (!Object.is(got[h], expected[h])) expect.fail(`${h.toString(16)} gave ${got[h]}, expected ${expected[h]}`);
  }
});

test("floats become the nearest halves: a dense sample, every half and every tie between two", () => {
  const length = 1 << 16;
  const f = new ArrayFunction(1, toHalf, length);
  const [x, y] = [bitsOf(f.operand(0)), bitsOf(f.operand(-1))];
  const check = (): void => {
    f.run();
    for (let i = 0; i < length; i++) {
      const value = f.operand(0)[i]!;
      // A NaN need not be the same one.
      const right = value !== value ? (y[i]! & 0x7e00) === 0x7e00 && y[i]! < 65536 : y[i] === toHalfBits(value);
      if (!right) expect.fail(`${value} gave ${y[i]!.toString(16)}, expected ${toHalfBits(value).toString(16)}`);
    }
  };
  for (let next = 0; next < 2 ** 32; next += 1607 * length) {
    for (let i = 0; i < length; i++) x[i] = next + 1607 * i;
    check();
  }
  const halves = halfTable();
  for (const nudge of [-1, 0, 1]) {
    for (let h = 0; h < length; h++) {
      const middle = (halves[h]! + halves[Math.min(h + 1, 65535)]!) / 2;
      f.operand(0)[h] = Number.isFinite(middle) ? middle : halves[h]!;
      x[h]! += nudge;
    }
    check();
  }
});
