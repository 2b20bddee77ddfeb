import {
  arange,
  type DType,
  fromTypedArray,
  Generator,
  isFloat,
  type Tensor,
  tensor,
  tidy,
  where,
} from "@heddle/tensor";
import { type ElementwisePrim, elementwiseRows } from "@heddle/tensor/backend";
import { apply } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import { gpu } from "../testing/gpu_device.ts";
import { operations } from "./operations.ts";

const dtypes: readonly DType[] = ["float32", "float16", "bfloat16", "int32", "int16", "int8", "uint8", "bool"];

const specials = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  NaN,
  Infinity,
  -Infinity,
  3e38,
  -3e38,
  1e-30,
  88.8,
  -104,
  65504,
];

/** Values that every dtype can hold, and for floats special and extreme values. */
function values(dtype: DType, count: number, seed: number): Tensor {
  const generator = new Generator(seed);
  const draws = [...generator.uniforms(count)];
  const list = draws.map((u, i) => {
    if (dtype === "bool") return u < 0.5 ? 0 : 1;
    if (!isFloat(dtype)) return Math.round((u - (dtype === "uint8" ? 0 : 0.5)) * (i % 3 === 0 ? 6 : 250));
    if (i < specials.length * 3) return specials[(i * (seed + 1) + Math.floor(i / specials.length)) % specials.length]!;
    return (u - 0.5) * [2, 2, 10, 40, 200, 5000][i % 6]!;
  });
  return tensor(list, { dtype, device: "reference" });
}

/** Largest relative error of results; the terms of logaddexp, digamma and zeta may cancel, and far out the incomplete gamma functions are exponentials of large numbers. */
const loose: { readonly [P in ElementwisePrim]?: number } = {
  pow: 1e-5,
  logaddexp: 1e-5,
  digamma: 1e-5,
  zeta: 1e-4,
  igamma: 1e-4,
  igammac: 1e-4,
  erfinv: 3e-6,
  tan: 3e-6,
  erfc: 3e-6,
};

/** Of the half formats: the spacing at 1, the largest numbers and the least. */
const precision: { readonly [D in DType]?: { rtol: number; large: number; least: number } } = {
  float16: { rtol: 1.1e-3, large: 6.5e4, least: 6e-8 },
  bfloat16: { rtol: 8.8e-3, large: 3.3e38, least: 1.2e-38 },
};

const numbers = (x: Tensor): number[] => Array.from<number | bigint, number>(x.toTypedArray(), Number);

function expectClose(found: Tensor, wanted: Tensor, prim: ElementwisePrim, what: string): void {
  expect(found.dtype).toBe(wanted.dtype);
  const [a, b] = [numbers(found), numbers(wanted)];
  const half = precision[wanted.dtype];
  const rtol = half?.rtol ?? loose[prim] ?? 1e-6;
  const wrong = b!.findIndex((value, i) => {
    if (Object.is(value, a![i]) || (value === 0 && a![i] === 0)) return false;
    if (!Number.isFinite(value) || !Number.isFinite(a![i]!)) {
      // Near overflow, both infinity and the largest finite value are accepted.
      const large = half?.large ?? 3.4e38;
      return !(Math.abs(value) >= large && Math.abs(a![i]!) >= large && Math.sign(value) === Math.sign(a![i]!));
    }
    // Subnormals may be flushed to zero.
    return Math.abs(value - a![i]!) > (half?.least ?? 1.2e-38) + rtol * Math.abs(value);
  });
  if (wrong >= 0) expect.fail(`${what}: element ${wrong} is ${a![wrong]}, expected ${b![wrong]}`);
}

function run(prim: ElementwisePrim, inputs: readonly Tensor[]): Tensor {
  return (apply as (prim: string, inputs: readonly Tensor[], attrs: object) => Tensor)(prim, inputs, {});
}

describe.skipIf(gpu === null)("element-wise kernels on the GPU", () => {
  describe("every operation agrees with the reference backend", () => {
    for (const prim of Object.keys(operations) as ElementwisePrim[]) {
      test(prim, () => {
        let compared = 0;
        for (const dtype of dtypes) {
          tidy(() => {
            const { arity, condition } = elementwiseRows[prim];
            const inputs = Array.from({ length: arity }, (_, i) => {
              const made = values(condition && i === 0 ? "bool" : dtype, 301, i);
              const divides = ["floorDivide", "remainder", "fmod"].includes(prim) && i === 1 && !isFloat(dtype);
              const shifts = prim.endsWith("Shift") && i === 1;
              return divides ? made.maximum(1) : shifts && dtype !== "bool" ? made.abs().remainder(7) : made;
            });
            let wanted: Tensor;
            try {
              wanted = run(prim, inputs);
            } catch (error) {
              // Dtypes that the table of primitives refuses are refused on every device.
              expect((error as Error).message).toMatch(/not defined on bool|defined on integers/);
              return;
            }
            expectClose(run(prim, inputs.map((input) => input.to(gpu!))), wanted, prim, `${prim} of ${dtype}`);
            compared++;
          });
        }
        expect(compared).toBeGreaterThan(1);
      });
    }
  });

  test("casts between all dtypes", () => {
    for (const from of dtypes) {
      for (const to of dtypes) {
        tidy(() => {
          const x = values(from, 203, 5);
          const kept = isFloat(from) && !isFloat(to) ? x.clamp({ min: -3e4, max: 3e4 }) : x;
          expectClose(kept.to(gpu!).to(to), kept.to(to), "cast", `${from} to ${to}`);
        });
      }
    }
    const huge = tensor([3e9, -3e9, 2 ** 40, NaN, Infinity, -7.9]);
    expect(huge.to(gpu!).to("int32").toArray()).toEqual(huge.to("reference").to("int32").toArray());
  });

  test("any strides and offsets: transposed, broadcast, sliced, flipped, at any offset", { tags: ["long"] }, () => {
    for (const dtype of dtypes) {
      for (const [rows, columns] of [[7, 5], [8, 12], [1, 9], [33, 4]] as const) {
        tidy(() => {
          const base = values(dtype, 2 * rows * columns + 24, 9);
          const other = values(dtype, rows * columns, 11).reshape(rows, columns);
          const check = (make: (x: Tensor, y: Tensor) => Tensor, what: string): void => {
            expectClose(
              make(base.to(gpu!), other.to(gpu!)),
              make(base, other),
              "add",
              `${what} of ${dtype} ${rows}×${columns}`,
            );
          };
          const cut = (x: Tensor, from: number) => x.narrow(0, from, rows * columns).reshape(rows, columns);
          for (const from of [0, 1, 4, 7]) check((x, y) => cut(x, from).add(y), `offset ${from}`);
          check((x, y) => cut(x, 0).t().add(y.t().contiguous()), "transposed");
          check((x, y) => cut(x, 2).t().add(y.t()), "both transposed");
          check((x, y) => x.narrow(0, 3, columns).add(y), "row");
          check((x, y) => x.narrow(0, 3, rows).reshape(rows, 1).add(y), "column");
          check((x, y) => x.narrow(0, 3, 1).add(y), "one element");
          check(
            (x) => x.at("::2").narrow(0, 1, rows).reshape(rows, 1).add(x.at("1::2").narrow(0, 0, columns)),
            "outer",
          );
          check((x) => cut(x, 0).flip([0]).add(cut(x, 5).flip([1])), "flipped");
        });
      }
    }
  });

  test("in place: a whole tensor, a part that shares words with its neighbours, every other element", () => {
    for (const dtype of dtypes) {
      tidy(() => {
        const start = values(dtype, 61, 3);
        const act = (x: Tensor): Tensor => {
          x.copy_(x.logicalNot());
          x.narrow(0, 3, 17).fill_(1);
          x.at("1::2").copy_(x.at("::2").narrow(0, 0, 30));
          x.narrow(0, 5, 9).copy_(x.narrow(0, 6, 9));
          x.narrow(0, 0, 60).reshape(6, 10).t().narrow(0, 2, 5).fill_(0);
          if (dtype !== "bool") x.add_(x);
          return x;
        };
        expectClose(act(start.to(gpu!)), act(start.clone()), "add", dtype);
      });
    }
  });

  test("no elements, one element, and more workgroups than one dimension takes", () => {
    expect(arange(0, { device: gpu! }).add(1).toArray()).toEqual([]);
    expect(tensor(3, { device: gpu! }).mul(2).item()).toBe(6);
    const n = 65535 * 64 * 4 + 1000;
    tidy(() => {
      const x = fromTypedArray(new Uint8Array(n).fill(1), [n], { device: gpu! });
      expect(x.add(x).to("int32").sum().item()).toBe(2 * n);
    });
  });

  test("scalars are params: another value needs no other shader", () => {
    const x = tensor([1, 2, 3], { device: gpu! });
    expect(x.mul(2).sub(1).toArray()).toEqual([1, 3, 5]);
    expect(x.mul(NaN).toArray()).toEqual([NaN, NaN, NaN]);
    expect(where(x.gt(2), Infinity, x).toArray()).toEqual([1, 2, Infinity]);
    expect(x.to("int8").mul(-3).toArray()).toEqual([-3, -6, -9]);
  });

  test("the error names an unsupported dtype", () => {
    expect(() => tensor([1], { device: gpu!, dtype: "float64" }).add(1)).toThrow(
      /add: .*"gpu" does not compute in float64/,
    );
    expect(() => tensor([1], { device: gpu! }).to("float64")).toThrow(/cast: .*does not compute in float64/);
  });
});
