import { afterAll, describe, expect, test } from "vitest";
import { dtypes } from "../../../../dtype.ts";
import type { HostOperand } from "../../../reference/host_operand.ts";
import { Engine } from "../../engine.ts";
import {
  compare,
  fromHeap,
  onHeap,
  randomOperand,
  seeded,
  type StorageLayout,
} from "../../testing/reference_comparison.ts";
import { cumprod, cumsum } from "./scan.ts";

const engine = new Engine({}, 1);
const several = new Engine({}, 2);
afterAll(() => several.close());

const routines = { cumsum, cumprod } as const;
const layouts: readonly StorageLayout[] = ["contiguous", "permuted", "stepped", "repeated", "backwards"];

describe.each(["cumsum", "cumprod"] as const)("%s", (name) => {
  // bool is cast before; products of small integers leave the range in which the reference's numbers are exact.
  const tested = dtypes.filter((dtype) => !(name === "cumprod" ? /bool|int8|int16/ : /bool/).test(dtype));

  test.each(tested)("%s in every layout", (dtype) => {
    for (let seed = 0; seed < 50; seed++) {
      const random = seeded(seed);
      const rank = 1 + Math.floor(random() * 4);
      const shape = Array.from({ length: rank }, () => 1 + Math.floor(random() * (rank < 3 ? 40 : 9)));
      const dim = Math.floor(random() * rank);
      const x = randomOperand(random, dtype, shape, layouts[Math.floor(random() * layouts.length)]!);
      const outputLayout: StorageLayout = random() < 0.3 ? "permuted" : random() < 0.3 ? "stepped" : "contiguous";
      compare(engine, { name, routine: routines[name], inputs: [x], attrs: { dim }, terms: shape[dim]!, outputLayout });
    }
  });

  test("large, with threads, the same bit for bit", () => {
    several.ready();
    for (const [shape, dim] of [[[300, 200], 0], [[300, 200], 1], [[100_003], 0], [[7, 50, 33], 1]] as const) {
      const x = randomOperand(seeded(3), "float32", shape, "contiguous");
      const c = { name, routine: routines[name], inputs: [x], attrs: { dim }, terms: shape[dim]! } as const;
      expect(compare(engine, c)).toEqual(compare(several, c));
    }
  });

  test("infinities and NaN propagate from their position on", () => {
    const values = [1, 2, Infinity, 3, 1, -Infinity, 4, 5, NaN, 2, 3];
    for (let first = 0; first < 6; first++) {
      const data = Float32Array.from(values.slice(first));
      const x: HostOperand = { dtype: "float32", shape: [data.length], strides: [1], data, offset: 0 };
      compare(engine, { name, routine: routines[name], inputs: [x], attrs: { dim: 0 }, terms: 1 });
    }
  });
});

test("float32 sums keep digits that float32 accumulation would lose", () => {
  const data = new Float32Array(100_000).fill(0.1);
  const x: HostOperand = { dtype: "float32", shape: [data.length], strides: [1], data, offset: 0 };
  const [input, out] = [onHeap(engine, x), onHeap(engine, { ...x, data: new Float32Array(data.length) })];
  cumsum(engine, [input], [out], { dim: 0 });
  expect(fromHeap(engine, out).at(-1)).toBe(Math.fround(Math.fround(0.1) * 100_000));
});
