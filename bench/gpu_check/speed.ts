/** Rates of products, convolutions, memory-bound work and attention, and what a kernel costs the host. */
import { grad } from "@heddle/autograd";
import { gpuReport } from "@heddle/gpu";
import { functional as F } from "@heddle/nn";
import { conv2d, randint, randn, scope, type Tensor, tidy, zeros } from "@heddle/tensor";
import { type Check, type Results, round, size, time } from "./check.ts";

/** A tensor of random numbers on the device. */
const random = (check: Check, shape: readonly number[]): Tensor => randn([...shape]).to(check.device);

const free = (...tensors: readonly Tensor[]): void => {
  for (const tensor of tensors) tensor.dispose();
};

/** Matrix products `[M, K] · [K, N]`, in TFLOP/s. */
export async function matmul(check: Check, results: Results): Promise<void> {
  const shapes = check.small ? [[128, 128, 128], [64, 256, 64]] : [
    ...[256, 512, 1024, 2048, 4096].map((n) => [n, n, n]),
    [64, 4096, 8192],
    [8192, 64, 8192],
    [32, 1024, 1024],
    [1, 4096, 4096],
  ];
  const dtypes = ["float32", ...(check.device.backend.supports("float16") ? ["float16"] as const : [])] as const;
  for (const dtype of dtypes) {
    for (const [m, k, n] of shapes as [number, number, number][]) {
      const [a, b] = [random(check, [m, k]).to(dtype), random(check, [k, n]).to(dtype)];
      const ms = time(check, () => a.matmul(b));
      const transposed = time(check, () => a.matmul(b.reshape([n, k]).transpose(0, 1)), check.small ? 0.1 : 0.3);
      const operations = 2 * m * k * n;
      results[`${dtype} ${m}×${k}×${n}`] = {
        ms: round(ms),
        TFLOPs: round(operations / ms / 1e9),
        "TFLOPs, right factor transposed": round(operations / transposed / 1e9),
        GBs: round((m * k + k * n + m * n) * (dtype === "float32" ? 4 : 2) / ms / 1e6),
      };
      free(a, b);
      await turn();
    }
  }
}

/** Convolutions and their gradients. */
export async function conv(check: Check, results: Results): Promise<void> {
  const layers: readonly (readonly [string, number[], number[], number])[] = check.small
    ? [["8→8, 3×3", [2, 8, 12, 12], [8, 8, 3, 3], 1]]
    : [
      ["64→64, 3×3 at 32², 128 images", [128, 64, 32, 32], [64, 64, 3, 3], 1],
      ["128→128, 3×3 at 16², 128 images", [128, 128, 16, 16], [128, 128, 3, 3], 1],
      ["16→16, 3×3 at 32², 128 images", [128, 16, 32, 32], [16, 16, 3, 3], 1],
      ["1→32, 5×5 at 28², 100 images", [100, 1, 28, 28], [32, 1, 5, 5], 0],
      ["32→64, 5×5 at 8², 100 images", [100, 32, 8, 8], [64, 32, 5, 5], 0],
      ["256→64, 1×1 at 32², 32 images", [32, 256, 32, 32], [64, 256, 1, 1], 0],
    ];
  for (const [name, images, filters, padding] of layers) {
    const [x, w] = [random(check, images), random(check, filters)];
    const y = conv2d(x, w, { padding });
    const g = random(check, y.shape);
    const operations = 2 * y.numel * filters[1]! * filters[2]! * filters[3]!;
    const gradient = (of: Tensor) => (): Tensor =>
      tidy(() => {
        const leaf = of.detach().requiresGrad_();
        return grad(conv2d(of === x ? leaf : x, of === w ? leaf : w, { padding }).mul(g).sum(), [leaf])[0]!;
      });
    const forward = time(check, () => conv2d(x, w, { padding }));
    results[name] = {
      "forward ms": round(forward),
      "forward TFLOPs": round(operations / forward / 1e9),
      "forward and gradient of the images, ms": round(time(check, gradient(x))),
      "forward and gradient of the filters, ms": round(time(check, gradient(w))),
    };
    free(x, w, y, g);
    await turn();
  }
}

/** Work that memory limits, in GB/s of what must be read and written. */
export async function memory(check: Check, results: Results): Promise<void> {
  const n = size(check, 2 ** 24, 2 ** 16);
  const rows = size(check, 16_384, 64);
  const [a, b, table, bias] = [[n], [n], [rows, 1024], [1024]].map((shape) => random(check, shape)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const cases: readonly (readonly [string, number, () => Tensor])[] = [
    [`add, ${n}`, 3 * n, () => a.add(b)],
    [`x · tanh(x), ${n}`, 2 * n, () => a.mul(a.tanh())],
    [`sum, ${n}`, n, () => a.sum()],
    [`add a bias, ${rows}×1024`, 2 * rows * 1024, () => table.add(bias)],
    [`transposed copy, ${rows}×1024`, 2 * rows * 1024, () => table.transpose(0, 1).contiguous()],
    [`softmax, ${rows}×1024`, 2 * rows * 1024, () => table.softmax(-1)],
    [`layer norm, ${rows}×1024`, 2 * rows * 1024, () => F.layerNorm(table, [1024])],
    [`sum of columns, ${rows}×1024`, rows * 1024, () => table.sum(0)],
    [`running sum, ${n}`, 2 * n, () => a.cumsum(0)],
    [`sort, ${n >> 4}`, 2 * (n >> 4), () => a.narrow(0, 0, n >> 4).sort(0).values],
  ];
  for (const [name, numbers, run] of cases) {
    const ms = time(check, run);
    results[name] = { ms: round(ms), GBs: round(4 * numbers / ms / 1e6) };
    await turn();
  }
  free(a, b, table, bias);
  const [words, width, tokens] = [size(check, 50_000, 500), size(check, 512, 16), size(check, 16_384, 128)];
  for (const [name, ids] of [["uniform", randint(0, words, [tokens])], ["all the same", zeros([tokens])]] as const) {
    const [index, g] = [ids.to("int32").to(check.device), random(check, [tokens, width])];
    const weight = random(check, [words, width]).requiresGrad_();
    const run = (): Tensor => tidy(() => grad(F.embedding(index, weight).mul(g).sum(), [weight])[0]!);
    results[`embedding gradient ${words}×${width}, ${tokens} tokens, ${name}`] = { ms: round(time(check, run)) };
    free(index, g, weight);
    await turn();
  }
}

/** Attention of `[N, heads, T, D]`. */
export async function attention(check: Check, results: Results): Promise<void> {
  const shapes = check.small ? [[1, 2, 100, 32]] : [[4, 12, 1024, 64], [64, 4, 64, 32], [1, 16, 4096, 64]];
  for (const shape of shapes as [number, number, number, number][]) {
    const [q, k, v] = [0, 1, 2].map(() => random(check, shape)) as [Tensor, Tensor, Tensor];
    const [n, heads, t, d] = shape;
    const forward = time(check, () => F.scaledDotProductAttention(q, k, v));
    const both = time(check, () =>
      tidy(() => {
        const leaf = q.detach().requiresGrad_();
        return grad(F.scaledDotProductAttention(leaf, k, v, { isCausal: true }).sum(), [leaf])[0]!;
      }));
    results[`[${shape.join(", ")}]`] = {
      "ms, all keys": round(forward),
      TFLOPs: round(4 * n * heads * t * t * d / forward / 1e9),
      "ms, causal with a gradient": round(both),
    };
    free(q, k, v);
    await turn();
  }
}

/** Microseconds of the host for a small kernel, of such a kernel in all where each depends on the one before, and of a read. */
export async function overheads(check: Check, results: Results): Promise<void> {
  const x = random(check, [16]);
  const kernels = 400;
  const submitted = gpuReport(check.device).submits;
  let [host, all, read] = [Infinity, Infinity, Infinity];
  for (let i = 0; i < 20; i++) {
    using _ = scope();
    const start = performance.now();
    let y = x;
    for (let k = 0; k < kernels; k++) y = y.add(k);
    host = Math.min(host, performance.now() - start);
    y.sum().item();
    const middle = performance.now();
    all = Math.min(all, middle - start);
    x.sum().item();
    read = Math.min(read, performance.now() - middle);
    if (i % 5 === 4) await turn();
  }
  Object.assign(results, {
    "host µs a kernel": round(1000 * host / kernels),
    "all µs a kernel": round(1000 * all / kernels),
    "µs of a read": round(1000 * read),
    submits: gpuReport(check.device).submits - submitted,
  });
}

/** Deno frees what synchronous reads leave behind when the event loop turns. */
const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 0));
