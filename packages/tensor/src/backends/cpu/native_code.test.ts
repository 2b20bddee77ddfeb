/** @module-tag once */
import { afterAll, expect, test, vi } from "vitest";
import type { CodeModule } from "../../code/module.ts";
import { features } from "./features.ts";
import type { Tensor } from "../../tensor/tensor.ts";

type Library =
  & typeof import("../../mod.ts")
  & Pick<typeof import("../../engine_mod.ts"), "apply" | "applyAll" | "normalizeGradients">;

// Later tests of this process get a library without interpreters.
afterAll(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

/** A fresh library, whose modules are all interpreted with vectors of `bytes` bytes after their first run; and what they were. */
async function interpreted(bytes: 16 | 32 | 64): Promise<{ library: Library; start: () => void; compiled: string[] }> {
  // Workers that have started without native code would keep the engine from using it.
  vi.stubEnv("HEDDLE_THREADS", "1");
  vi.resetModules();
  const { apply, applyAll, normalizeGradients } = await import("../../engine_mod.ts");
  const library = { ...await import("../../mod.ts"), apply, applyAll, normalizeGradients };
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

/** A convolution, and both of its gradients. */
function convolution(
  x: readonly number[],
  w: readonly number[],
  { stride = 1, padding = 0, groups = 1 },
  dtype: "float32" | "float64" = "float32",
): (library: Library) => Tensor {
  return ({ apply, ...h }) => {
    const attrs = { stride: [stride, stride], padding: [padding, padding], dilation: [1, 1], groups };
    const [image, weight] = [h.randn([...x], { dtype }), h.randn([...w], { dtype })];
    const y = h.conv2d(image, weight, { stride, padding, groups, bias: h.randn([w[0]!], { dtype }) });
    const g = h.randn(y.shape, { dtype });
    const gradients = [
      apply("convInputGrad", [g, weight], { ...attrs, inputSize: x.slice(2) }),
      apply("convWeightGrad", [g, image], { ...attrs, kernelSize: w.slice(2) }),
    ];
    return h.cat([y, ...gradients].map((part) => part.reshape(-1)), 0);
  };
}

/** Two runs with a weight from which what was prepared is kept, one after it has changed, and another. */
function preparedTwice(
  x: readonly number[],
  w: readonly number[],
  apply: (library: Library, x: Tensor, w: Tensor) => Tensor,
): (library: Library) => Tensor {
  return (h) => {
    const weight = h.randn([...w]);
    weight.storage.lasting = true;
    const run = (): Tensor => apply(h, h.randn([...x]), weight);
    const before = [run(), run()];
    weight.mul_(3);
    return h.cat([...before, run(), run()], 0);
  };
}

/** The largest values of windows, their indices, and the gradient. Some elements are `odd`. */
function pooled(
  { apply, ...h }: Library,
  shape: readonly number[],
  { kernel, stride }: { kernel: number; stride: number },
  odd: number = Infinity,
): Tensor {
  const x = h.randn([...shape]);
  const image = h.where(x.gt(1.5), odd, x);
  const { values, indices } = h.maxPool2d(image, kernel, { stride, returnIndices: true });
  const both = (n: number): number[] => [n, n];
  const gradient = apply("maxPoolGrad", [h.randn(values.shape), indices], {
    ...{ kernel: both(kernel), stride: both(stride), padding: both(0), dilation: both(1), ceilMode: false },
    inputSize: shape.slice(2),
  });
  return h.cat([values.nanToNum({ nan: 7 }), indices.float(), gradient].map((part) => part.reshape(-1)), 0);
}

/** Normalisation over some dimensions. */
function normalised(h: Library, shape: readonly number[], dims: readonly number[]): Tensor {
  const results = h.applyAll("normalize", [h.randn([...shape])], { dims: [...dims], eps: 1e-5 });
  return h.cat(results.map((part) => part.reshape(-1)), 0);
}

/** A computation with operands of products rounded to bfloat16. */
function rounded({ setMatmulPrecision }: Library, compute: () => Tensor): Tensor {
  setMatmulPrecision("medium");
  const result = compute();
  setMatmulPrecision("highest");
  return result;
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
  "normalisation of rows": (h) => normalised(h, [5, 77], [1]),
  "normalisation of channels": (h) => normalised(h, [3, 5, 77], [0, 2]),
  "gradients of a layer normalisation, with sums over groups of rows": (h) => {
    const [gradient, x] = [h.randn([272, 21]), h.randn([272, 21])];
    const [mean, variance, weight] = [h.randn([272, 1]), h.rand([272, 1]), h.randn([21])];
    const found = h.normalizeGradients({ gradient, x, mean, variance, weight, dims: [1], eps: 1e-5 })!;
    return h.cat(found.map((part) => part.reshape(-1)), 0);
  },
  "matmul": (h) => h.randn([19, 35]).matmul(h.randn([35, 41])),
  "matmul, float64": (h) => h.randn([9, 15], { dtype: "float64" }).matmul(h.randn([15, 11], { dtype: "float64" })),
  "matmul in blocks": (h) => h.randn([4, 520]).matmul(h.randn([520, 36])),
  "matmul in blocks, float64": (h) =>
    h.randn([2, 520], { dtype: "float64" }).matmul(h.randn([520, 18], { dtype: "float64" })),
  "matmul of transposed operands": (h) => h.randn([35, 33]).t().matmul(h.randn([41, 35]).t()),
  "matmul, rounded": (h) => rounded(h, () => h.randn([19, 35]).matmul(h.randn([35, 41]))),
  "matmul of transposed operands, rounded": (h) =>
    rounded(h, () => h.randn([35, 33]).t().matmul(h.randn([41, 35]).t())),
  "vector times matrix, rounded": (h) => rounded(h, () => h.randn([71]).matmul(h.randn([71, 145]))),
  "products of a batch": (h) => h.randn([3, 9, 11]).matmul(h.randn([3, 11, 21])),
  "vector times matrix": (h) => h.randn([71]).matmul(h.randn([71, 45])),
  "matrix times vector": (h) => h.randn([33, 71]).matmul(h.randn([71])),
  "convolution": convolution([1, 3, 11, 18], [9, 3, 3, 3], { padding: 1 }),
  "convolution of one channel": convolution([3, 1, 13, 15], [11, 1, 5, 5], {}),
  "convolution of two channels": convolution([2, 2, 9, 14], [3, 2, 3, 3], { padding: 1 }),
  "convolution of one channel, float64": convolution([3, 1, 10, 15], [5, 1, 3, 3], {}, "float64"),
  "convolution of rows of four": convolution([2, 6, 8, 6], [9, 6, 3, 3], {}),
  "convolution of rows of eight": convolution([2, 5, 7, 10], [7, 5, 3, 3], {}),
  "convolution of few columns": convolution([2, 4, 5, 9], [16, 4, 3, 3], { padding: 1 }),
  "convolution, filters in vectors": convolution([1, 5, 6, 11], [32, 5, 3, 3], {}),
  "convolution, filters in one vector": convolution([2, 6, 14, 14], [16, 6, 5, 5], {}),
  "convolution, filters in three vectors": convolution([1, 3, 7, 12], [48, 3, 3, 3], {}),
  "convolution of eight filters": convolution([2, 5, 9, 13], [8, 5, 3, 3], {}),
  "convolution of rows of six": convolution([2, 5, 9, 8], [6, 5, 3, 3], {}),
  "convolution of rows of fourteen, many channels": convolution([1, 17, 5, 16], [4, 17, 2, 3], {}),
  "convolution with a stride": convolution([1, 4, 13, 21], [6, 4, 3, 3], { padding: 1, stride: 2 }),
  "convolution, depthwise": convolution([1, 4, 9, 19], [4, 1, 3, 3], { padding: 1, groups: 4 }),
  "convolution of many taps": convolution([1, 13, 6, 18], [17, 13, 1, 9], {}),
  "convolution by columns": convolution([2, 3, 5, 5], [7, 3, 3, 3], {}),
  "convolution by tiles": convolution([3, 9, 12, 11], [11, 9, 3, 3], { padding: 1 }),
  "convolution by adjacent tiles": convolution([2, 9, 15, 16], [17, 9, 3, 3], { padding: 1 }),
  "convolution by tiles, prepared": preparedTwice([3, 9, 12, 11], [11, 9, 3, 3], (h, x, w) => h.conv2d(x, w)),
  "convolution, prepared": preparedTwice([1, 3, 11, 18], [9, 3, 3, 3], (h, x, w) => h.conv2d(x, w, { stride: 2 })),
  "matmul, prepared": preparedTwice([19, 35], [41, 35], (_, x, w) => x.matmul(w.t())),
  "max-pooling": (h) => pooled(h, [2, 3, 9, 41], { kernel: 2, stride: 2 }),
  "max-pooling of threes": (h) => pooled(h, [2, 3, 9, 28], { kernel: 3, stride: 3 }),
  "max-pooling, overlapping": (h) => pooled(h, [1, 2, 7, 37], { kernel: 3, stride: 1 }),
  "max-pooling of NaN": (h) => pooled(h, [2, 3, 9, 41], { kernel: 2, stride: 2 }, NaN),
  "max-pooling of small planes": (h) => pooled(h, [2, 3, 6, 6], { kernel: 2, stride: 2 }),
  "uniform numbers": (h) => h.rand([517]),
  "uniform numbers, float64": (h) => h.rand([517], { dtype: "float64" }),
  "normal numbers": (h) => h.randn([517]),
  "cumulative sum": (h) => h.randn([3, 41]).cumsum(1),
  "sort": (h) => h.randn([3, 41]).sort(1).values,
  "gather": (h) => h.randn([7, 9]).gather(1, h.randint(0, 9, [7, 5])),
};

/** The cases whose bits depend on whether multiplication and addition are fused: products, and functions such as exp. */
const multiplyAdds = /matmul|convolution|product|vector|^element-wise$|^bfloat16$|softmax/;
const floatsOf = (bits: readonly number[]): Float64Array => new Float64Array(new Uint8Array(bits).buffer);

for (const bytes of [16, 32, 64] as const) {
  test(`results keep their bits when code is built for vectors of ${bytes} bytes`, async () => {
    const { library, start, compiled } = await interpreted(bytes);
    const run = (name: string): number[] => {
      library.manualSeed(5);
      return bitsOf(cases[name]!(library));
    };
    const fused = features().relaxedMadd || bytes === 16;
    const expected = Object.keys(cases).map((name) => [name, run(name)] as const);
    start();
    for (const [name, bits] of expected) {
      run(name); // The modules change after this run.
      const got = run(name);
      if (fused || !multiplyAdds.test(name)) expect(got, name).toEqual(bits);
      // Native code fuses multiplications and additions. Where WebAssembly does not, it begins as native code.
      else {
        const wanted = floatsOf(bits);
        expect(floatsOf(got).every((x, i) => Math.abs(x - wanted[i]!) < 1e-4 * (1 + Math.abs(wanted[i]!))), name).toBe(
          true,
        );
      }
    }
    expect(compiled.length).toBeGreaterThan(Object.keys(cases).length);
  });
}

test("the parameters of threads begin as zeros, whatever lay there before", async () => {
  vi.stubEnv("HEDDLE_POISON", "1");
  const { library } = await interpreted(32);
  const { CpuBackend } = await import("./mod.ts");
  const { nativeSlotBytes, useNativeCode } = await import("./native_code.ts");
  const { interpretedNative } = await import("./testing/interpreted_native.ts");
  const found: Set<number>[] = [];
  const native = interpretedNative(32);
  useNativeCode({
    ...native,
    afterRuns: 0,
    compile(module, key, memory, slot) {
      found.push(new Set(new Uint8Array(memory.memory.buffer, slot, nativeSlotBytes)));
      return native.compile(module, key, memory, slot);
    },
  });
  const device = new library.Device("poisoned", new CpuBackend(1));
  expect(library.ones([3], { device }).add(1).toArray()).toEqual([2, 2, 2]);
  expect(found[0]).toEqual(new Set([0]));
});
