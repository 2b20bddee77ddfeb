// GFLOP/s of the CPU backend's products: matrices, the convolutions of LeNet-5 and the convnet with both gradients.
// npx -y deno@2.9.6 run -A bench/cpu_kernels.ts [filter] [threads]  Each figure is followed by its share of the peak, a
// loop of only multiply-adds that is measured in turns with it: the best of many runs of both, to exclude other load as
// far as possible.
import process from "node:process";
import { Engine } from "../packages/tensor/src/backends/cpu/engine.ts";
import { routines } from "../packages/tensor/src/backends/cpu/routines/mod.ts";
import type { CpuOperand } from "../packages/tensor/src/backends/cpu/routines/operand.ts";
import { contiguousStrides } from "../packages/tensor/src/shape.ts";
import { multiplyAdds } from "./reference.ts";

interface Work {
  readonly name: string;
  /** Floating-point operations of a run. */
  readonly flops: number;
  readonly run: () => void;
}

const [filter = "", threads = "1"] = process.argv.slice(2);
const engine = new Engine({}, Number(threads));
if (engine.threads > 1) engine.ready(10_000);

function operand(
  shape: readonly number[],
  dtype: "float32" | "int32" = "float32",
): CpuOperand {
  const size = shape.reduce((a, b) => a * b, 1);
  const pointer = engine.heap.alloc(4 * size);
  if (dtype === "float32") {
    const values = new Float32Array(engine.heap.memory.buffer, pointer, size);
    for (let i = 0; i < size; i++) values[i] = Math.sin(i);
  }
  return { dtype, shape, strides: contiguousStrides(shape), pointer };
}

const turned = (x: CpuOperand): CpuOperand => ({
  ...x,
  shape: [x.shape[1]!, x.shape[0]!],
  strides: [x.strides[1]!, x.strides[0]!],
});

function product(
  name: string,
  m: number,
  k: number,
  n: number,
  left = false,
  right = false,
): Work {
  const a = left ? turned(operand([k, m])) : operand([m, k]);
  const b = right ? turned(operand([n, k])) : operand([k, n]);
  const c = operand([m, n]);
  return {
    name,
    flops: 2 * m * k * n,
    run: () => routines.matmul(engine, [a, b], [c], {}),
  };
}

function convolutions(
  name: string,
  [batch, channels, size]: [number, number, number],
  [filters, kernel]: [number, number],
  padding: number,
  { stride = 1, groups = 1 }: { stride?: number; groups?: number } = {},
): Work[] {
  const out = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  const x = operand([batch, channels, size, size]);
  const w = operand([filters, channels / groups, kernel, kernel]);
  const y = operand([batch, filters, out, out]);
  const attrs = {
    stride: [stride, stride],
    padding: [padding, padding],
    dilation: [1, 1],
    groups,
  };
  const flops = 2 * batch * filters * out * out * (channels / groups) * kernel *
    kernel;
  return [
    {
      name: `${name} forward`,
      flops,
      run: () => routines.conv(engine, [x, w], [y], attrs),
    },
    {
      name: `${name} dx`,
      flops,
      run: () =>
        routines.convInputGrad(engine, [y, w], [x], {
          ...attrs,
          inputSize: [size, size],
        }),
    },
    {
      name: `${name} dw`,
      flops,
      run: () =>
        routines.convWeightGrad(engine, [y, x], [w], {
          ...attrs,
          kernelSize: [kernel, kernel],
        }),
    },
  ];
}

function pool(
  name: string,
  [batch, channels, size]: [number, number, number],
  kernel: number,
): Work[] {
  const out = Math.floor(size / kernel);
  const shape = [batch, channels, size, size];
  const pooled = [batch, channels, out, out];
  const [x, dx, y, dy, at] = [
    operand(shape),
    operand(shape),
    operand(pooled),
    operand(pooled),
    operand(pooled, "int32"),
  ];
  const each = [kernel, kernel];
  const attrs = {
    kernel: each,
    stride: each,
    padding: [0, 0],
    dilation: [1, 1],
    ceilMode: false,
    scale: 1 / kernel ** 2,
    inputSize: [size, size],
  };
  routines.maxPool(engine, [x], [y, at], attrs);
  const runs = {
    max: () => routines.maxPool(engine, [x], [y, at], attrs),
    "max grad": () => routines.maxPoolGrad(engine, [dy, at], [dx], attrs),
    mean: () => routines.sumPool(engine, [x], [y], attrs),
    "mean grad": () => routines.sumPoolGrad(engine, [dy], [dx], attrs),
  };
  // One comparison or addition an input element.
  return Object.entries(runs).map(([kind, run]) => ({
    name: `${name} ${kind}`,
    flops: batch * channels * size * size,
    run,
  }));
}

const makers: Record<string, () => Work[]> = {
  matmul: () => [128, 256, 512, 1024, 2048].map((n) => product(`matmul ${n}`, n, n, n)),
  odd: () => [
    product("matmul 511", 511, 511, 511),
    product("matmul 129", 129, 129, 129),
    product("matmul 17", 17, 17, 17),
  ],
  mlp: () => [
    product("mlp 100x784x512 NT", 100, 784, 512, false, true),
    product("mlp 512x100x784 TN", 512, 100, 784, true),
    product("mlp 100x512x512 NN", 100, 512, 512),
    product("mlp 100x512x10 NT", 100, 512, 10, false, true),
    product("mlp 10x100x512 TN", 10, 100, 512, true),
    product("lenet 100x400x120 NT", 100, 400, 120, false, true),
    product("lenet 100x84x10 NT", 100, 84, 10, false, true),
    product("lenet 84x100x120 TN", 84, 100, 120, true),
  ],
  vector: () => [
    product("vector 1x2048x2048", 1, 2048, 2048),
    product("vector 1x2048x2048 NT", 1, 2048, 2048, false, true),
    product("vector 2048x2048x1", 2048, 2048, 1),
    product("vector 4x2048x2048", 4, 2048, 2048),
  ],
  lenet: () => [
    ...convolutions("lenet 1x28x28 5x5 6 pad 2", [100, 1, 28], [6, 5], 2),
    ...convolutions("lenet 6x14x14 5x5 16", [100, 6, 14], [16, 5], 0),
    ...pool("lenet pool 6x28x28 2", [100, 6, 28], 2),
    ...pool("lenet pool 16x10x10 2", [100, 16, 10], 2),
  ],
  convnet: () => [
    ...convolutions("convnet 1x28x28 5x5 32", [100, 1, 28], [32, 5], 0),
    ...convolutions("convnet 32x8x8 5x5 64", [100, 32, 8], [64, 5], 0),
    ...pool("convnet pool 32x24x24 3", [100, 32, 24], 3),
    ...pool("convnet pool 64x4x4 2", [100, 64, 4], 2),
  ],
  resnet: () => [
    ...convolutions("64x32x32 3x3 64 pad 1", [8, 64, 32], [64, 3], 1),
    ...convolutions("64x32x32 3x3 128 stride 2", [8, 64, 32], [128, 3], 1, {
      stride: 2,
    }),
    ...convolutions("128x16x16 1x1 128", [8, 128, 16], [128, 1], 0),
    ...convolutions("depthwise 64x32x32 3x3", [8, 64, 32], [64, 3], 1, {
      groups: 64,
    }),
  ],
};

const works = Object.values(makers).flatMap((make) => make()).filter((work) => work.name.includes(filter));
const top: Work = { name: "ceiling", ...multiplyAdds(engine, 20_000) };
const best = new Map<string, number>();
function time(work: Work, repeat: number): void {
  const begin = performance.now();
  for (let i = 0; i < repeat; i++) work.run();
  const rate = repeat * work.flops / (performance.now() - begin) / 1e6;
  best.set(work.name, Math.max(best.get(work.name) ?? 0, rate));
}
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function main(): Promise<void> {
  for (const work of works) {
    const until = performance.now() + 150;
    while (performance.now() < until) work.run();
    await pause(1);
  }
  await pause(300);
  for (let round = 0; round < 12; round++) {
    for (const work of works) {
      time(top, 1);
      const begin = performance.now();
      work.run();
      time(work, Math.max(Math.ceil(5 / (performance.now() - begin)), 1));
    }
  }
  const ceilingRate = best.get("ceiling")! * engine.threads;
  console.log(
    `ceiling${engine.threads > 1 ? ` of ${engine.threads} threads` : ""}: ${ceilingRate.toFixed(1)} GFLOP/s`,
  );
  for (const { name, flops } of works) {
    const rate = best.get(name)!;
    const share = (100 * rate / ceilingRate).toFixed(0);
    console.log(
      `${name.padEnd(34)} ${rate.toFixed(1).padStart(6)}  ${share.padStart(3)}%  ${
        (flops / rate / 1e3).toFixed(1).padStart(9)
      } us`,
    );
  }
  process.exit(0);
}

void main();
