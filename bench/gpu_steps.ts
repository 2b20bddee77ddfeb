// What a training step costs on the GPU: kernels, submissions, the processor's time for each kernel, and whether memory stays flat.
//
//   npx -y deno@2.9.6 run -A bench/gpu_steps.ts [steps]
//
// On a software adapter the driver's own threads compute on the processor, beside the one that records; the time for a kernel is that
// of recording forward, backward and update, before anything is waited for.
import { functional as F } from "@heddle/nn";
import { gpuReport, webgpu } from "@heddle/gpu";
import { SGD } from "@heddle/optim";
import { fromTypedArray, randn, scope, setDefaultDevice } from "@heddle/tensor";
import process from "node:process";
import { RECIPES } from "../apps/examples/lenet/networks/mod.ts";
import { uniform } from "./inputs.ts";
import { median } from "./statistics.ts";

const steps = Number(process.argv[2] ?? 100);
const device = await webgpu();
setDefaultDevice(device);
console.log(gpuReport(device).adapter);

for (const size of [512, 1024]) {
  const [a, b] = [randn([size, size]), randn([size, size])];
  const times: number[] = [];
  for (let i = 0; i < 6; i++) {
    using _ = scope();
    const begin = performance.now();
    a.matmul(b).at(0, 0).item();
    times.push(performance.now() - begin);
  }
  console.log(`matmul ${size}: best ${(2 * size ** 3 / Math.min(...times) / 1e6).toFixed(1)} GFLOP/s`);
}

for (const model of ["mlp", "convnet"] as const) {
  const network = RECIPES[model].make();
  network.to(device);
  const optimizer = new SGD(network.parameters(), { lr: 0.05 });
  const images = fromTypedArray(uniform(1, 100 * 784).map(Math.abs), [100, 1, 28, 28]);
  const labels = fromTypedArray(Int32Array.from({ length: 100 }, (_, i) => i % 10), [100]);
  const recording: number[] = [];
  const whole: number[] = [];
  let before = gpuReport(device);
  let flat = "";
  for (let step = 1; step <= steps; step++) {
    using _ = scope();
    const begin = performance.now();
    const loss = F.crossEntropy(network.forward(images), labels);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    const recorded = performance.now() - begin;
    loss.item();
    if (step > 20) {
      recording.push(recorded);
      whole.push(performance.now() - begin);
    }
    if (step === 20) before = gpuReport(device);
  }
  const after = gpuReport(device);
  const counted = steps - 20;
  const kernels = (after.kernels - before.kernels) / counted;
  flat =
    `${before.buffers} buffers and ${before.bytes} bytes after step 20, ${after.buffers} and ${after.bytes} after ${steps}`;
  console.log(
    `${model}: ${kernels.toFixed(1)} kernels and ${
      ((after.submits - before.submits) / counted).toFixed(2)
    } submissions a step, ` +
      `${(1000 * median(recording) / kernels).toFixed(1)} µs of recording a kernel, step ${
        median(whole).toFixed(1)
      } ms; ${flat}`,
  );
}
process.exit(0);
