import { afterAll, expect, test, vi } from "vitest";
import type { CodeModule } from "../../code/module.ts";
import type { Tensor } from "../../tensor/tensor.ts";

type Library = typeof import("../../mod.ts");

// Later tests of this process get a library without interpreters.
afterAll(() => void vi.resetModules());

/** A fresh library, whose modules are all interpreted with vectors of `bytes` bytes after their first run; and what they were. */
async function interpreted(bytes: 16 | 32 | 64): Promise<{ library: Library; start: () => void; compiled: string[] }> {
  vi.resetModules();
  const library = await import("../../mod.ts");
  const { useNativeCode } = await import("./native_code.ts");
  const { interpretedNative } = await import("./testing/interpreted_native.ts");
  const compiled: string[] = [];
  const native = interpretedNative(bytes);
  return {
    library,
    compiled,
    start: () =>
      useNativeCode({
        ...native,
        compile(module: CodeModule, key, memory, slot) {
          compiled.push(key);
          return native.compile(module, key, memory, slot);
        },
      }),
  };
}

const bitsOf = (x: Tensor): number[] => [...new Uint8Array(new Float64Array(x.flatten().toArray() as number[]).buffer)];

/** Computations that together use every kind of generated module. Sizes are odd, so that vectors have tails. */
const cases: Readonly<Record<string, (h: Library) => Tensor>> = {
  "element-wise": (h) => h.randn([3, 37]).exp().mul(h.randn([3, 1])).add(h.randn([37])).relu(),
  "element-wise, strided": (h) => h.randn([13, 7]).t().sub(h.randn([7, 13])).abs(),
  "element-wise, float64": (h) =>
    h.randn([5, 11], { dtype: "float64" }).tanh().div(h.randn([11], { dtype: "float64" })),
  "integers": (h) => h.randint(-9, 9, [5, 9]).mul(3).maximum(h.randint(-9, 9, [9])),
  "narrow integers": (h) =>
    h.randint(-90, 90, [77], { dtype: "int8" }).add(h.randint(-90, 90, [77], { dtype: "int8" })),
  "narrow integers, short strided rows": (h) =>
    h.randint(-90, 90, [5, 2 * 15], { dtype: "int8" }).at(":", "::2").add(
      h.randint(-90, 90, [5, 15], { dtype: "int16" }),
    ),
  "comparisons, short rows": (h) => h.randn([5, 20]).narrow(1, 0, 15).gt(h.randn([15])),
  "comparisons, float64, short rows": (h) => h.randn([5, 20], { dtype: "float64" }).narrow(1, 0, 15).gt(0),
  "transposed, float64 and bool": (h) => h.randn([7, 15], { dtype: "float64" }).t().mul(h.randn([15, 7]).gt(0)),
  "casts": (h) => h.randn([71]).mul(40).to("int16").to("float64").add(h.randn([71])),
  "bfloat16": (h) => h.randn([5, 37]).bfloat16().exp().mul(h.randn([37]).bfloat16()),
  "bfloat16, strided": (h) => h.randn([13, 7]).bfloat16().t().mul(h.randn([7, 13], { dtype: "float64" }).bfloat16()),
  "bfloat16 and float64": (h) => h.randn([71]).bfloat16().to("float64").div(3).bfloat16(),
  "sums in bfloat16": (h) => h.randn([45, 37]).bfloat16().sum(0).add(h.randn([37, 45]).bfloat16().sum(1)),
  "where": (h) => h.where(h.randn([43]).gt(0), h.randn([43]), h.randn([43])),
  "sums of rows": (h) => h.randn([5, 333]).sum(1),
  "sums of columns": (h) => h.randn([45, 37]).sum(0),
  "sums of everything": (h) => h.randn([45, 1037]).sum(),
  "products, float64": (h) => h.rand([3, 29], { dtype: "float64" }).add(0.5).prod(1),
  "greatest": (h) => h.randn([7, 53]).amax(1),
  "softmax": (h) => h.randn([5, 77]).softmax(1),
  "matmul": (h) => h.randn([19, 35]).matmul(h.randn([35, 41])),
  "matmul, float64": (h) => h.randn([9, 15], { dtype: "float64" }).matmul(h.randn([15, 11], { dtype: "float64" })),
  "matrix times vector": (h) => h.randn([33, 71]).matmul(h.randn([71])),
  "cumulative sum": (h) => h.randn([3, 41]).cumsum(1),
  "sort": (h) => h.randn([3, 41]).sort(1).values,
  "gather": (h) => h.randn([7, 9]).gather(1, h.randint(0, 9, [7, 5])),
};

for (const bytes of [16, 32, 64] as const) {
  test(`results keep their bits when code is built for vectors of ${bytes} bytes`, async () => {
    const { library, start, compiled } = await interpreted(bytes);
    const run = (name: string): number[] => {
      library.manualSeed(5);
      return bitsOf(cases[name]!(library));
    };
    const expected = Object.keys(cases).map((name) => [name, run(name)] as const);
    start();
    for (const [name, bits] of expected) {
      run(name); // The modules change after this run.
      expect(run(name), name).toEqual(bits);
    }
    expect(compiled.length).toBeGreaterThan(Object.keys(cases).length);
  });
}
