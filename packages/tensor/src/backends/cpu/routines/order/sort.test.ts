import { afterAll, describe, expect, test } from "vitest";
import { type DType, dtypes, isFloat, isHalfDType } from "../../../../dtype.ts";
import { halfFormats } from "../../../../half.ts";
import type { HostOperand } from "../../../reference/host_operand.ts";
import { Engine } from "../../engine.ts";
import { compare, randomOperand, seeded, type StorageLayout } from "../../testing/reference_comparison.ts";
import { sort } from "./sort.ts";

const engine = new Engine({}, 1);
const several = new Engine({}, 2);
afterAll(() => several.close());

const layouts: readonly StorageLayout[] = ["contiguous", "permuted", "stepped", "repeated", "backwards"];

/** Puts equal elements, zeros of both signs, infinities and NaN among an operand's. */
function withTies(random: () => number, operand: HostOperand): HostOperand {
  const specials = [0, -0, Infinity, -Infinity, NaN, 1, 1, -1];
  for (let i = 0; i < operand.data.length; i++) {
    if (random() > 0.4) continue;
    const value = specials[Math.floor(random() * specials.length)]!;
    if (isHalfDType(operand.dtype)) operand.data[i] = halfFormats[operand.dtype].toBits(value);
    else if (isFloat(operand.dtype)) operand.data[i] = value;
    else if (operand.dtype === "int64") (operand.data as BigInt64Array)[i] = BigInt(Math.floor(random() * 3) - 1);
    else operand.data[i] = Math.floor(random() * 2) - (operand.dtype.startsWith("int") ? 1 : 0);
  }
  return operand;
}

function check(
  on: Engine,
  x: HostOperand,
  dim: number,
  descending: boolean,
  outputLayout: StorageLayout = "contiguous",
) {
  return compare(on, { name: "sort", routine: sort, inputs: [x], attrs: { dim, descending }, terms: 1, outputLayout });
}

describe.each([false, true])("descending: %s", (descending) => {
  test.each(dtypes)("%s in every layout", (dtype) => {
    for (let seed = 0; seed < 40; seed++) {
      const random = seeded(seed);
      const rank = 1 + Math.floor(random() * 4);
      const shape = Array.from({ length: rank }, () => 1 + Math.floor(random() * (rank < 3 ? 50 : 9)));
      const dim = Math.floor(random() * rank);
      const x = withTies(random, randomOperand(random, dtype, shape, layouts[Math.floor(random() * layouts.length)]!));
      check(engine, x, dim, descending, random() < 0.3 ? "permuted" : random() < 0.3 ? "stepped" : "contiguous");
    }
  });

  test.each(dtypes)("%s in long rows", (dtype) => {
    for (const length of [63, 64, 65, 500, 2999, 3000, 5000]) {
      for (const ties of [true, false]) {
        const random = seeded(length);
        const x = randomOperand(random, dtype, [length > 1000 ? 1 : 2, length], "contiguous");
        check(engine, ties ? withTies(random, x) : x, 1, descending);
      }
    }
  });
});

test("every short length", () => {
  for (let length = 1; length < 70; length++) {
    for (const dtype of ["float32", "float64"] as DType[]) {
      const random = seeded(length);
      check(engine, withTies(random, randomOperand(random, dtype, [3, length], "contiguous")), 1, false);
    }
  }
});

test("threads do not change the result", () => {
  several.ready();
  const random = seeded(9);
  const x = withTies(random, randomOperand(random, "float32", [400, 300], "contiguous"));
  for (const dim of [0, 1]) expect(check(several, x, dim, false)).toEqual(check(engine, x, dim, false));
});

test("sorts all float16 values", () => {
  const data = Uint16Array.from({ length: 65536 }, (_, i) => i * 40503 & 65535);
  check(engine, { dtype: "float16", shape: [65536], strides: [1], data, offset: 0 }, 0, false);
});
