/**
 * The work that both a page (or another process) and the test's own process compute, so that the test can compare. It
 * uses nothing that only one of them has.
 */
import { grad } from "@heddle/autograd";
import { DataLoader, DrawnDigits } from "@heddle/data";
import { BatchNorm2d, Conv2d, Flatten, functional as F, Linear, MaxPool2d, ReLU, Sequential } from "@heddle/nn";
import { Adam, SGD } from "@heddle/optim";
import {
  avgPool2d,
  cat,
  conv2d,
  convTranspose2d,
  defaultDevice,
  type Device,
  einsum,
  Generator,
  manualSeed,
  maxPool2d,
  memory,
  rand,
  randn,
  randperm,
  scope,
  setDefaultDevice,
  type Tensor,
  tensor,
  zeros,
} from "@heddle/tensor";

/** A tensor as JSON has it. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Why there is no result. */
export interface Failure {
  readonly error: string;
}

/** The results of {@link train}, one number per step. */
export interface Training {
  readonly losses: readonly number[];
  /** Live storages after each step. */
  readonly storages: readonly number[];
  /** Live bytes after each step. */
  readonly bytes: readonly number[];
}

// Drawn on the CPU for every device, so that only the operation differs.
const normal = (shape: number[]): Tensor => randn(shape, { device: "cpu" }).to(defaultDevice());
const uniform = (shape: number[]): Tensor => rand(shape, { device: "cpu" }).to(defaultDevice());
const indices = (below: number, count: number): Tensor =>
  tensor(Array.from({ length: count }, (_, i) => (i * 31) % below), { dtype: "int32" });

/** The gradients of a function of `inputs`, in one row. */
function gradients(inputs: Tensor[], compute: (inputs: Tensor[]) => Tensor): Tensor {
  for (const input of inputs) input.requiresGrad_();
  return cat(grad([compute(inputs)], inputs).map((gradient) => gradient!.flatten()));
}

/** Results that use different kernels. */
const OPERATIONS: Readonly<Record<string, () => Tensor>> = {
  "element-wise"() {
    const x = normal([33, 1, 65]);
    const y = uniform([4, 65]).add(0.5);
    return x.mul(y).tanh().add(y.log()).sub(x.abs().pow(1.5)).mul(x.sigmoid());
  },
  "strided views": () => normal([17, 23]).t().at("::2", "1:").add(normal([12, 16])).exp(),
  "integers": () => tensor([[7, -7], [9, 4]], { dtype: "int32" }).floorDivide(2).float(),
  "sums": () => normal([300, 200]).sum(1),
  "sums of columns": () => normal([300, 200]).sum(0),
  "a mean of many": () =>
    cat([normal([70_000]).square().mean().reshape(1), normal([9000]).amax().reshape(1), uniform([3])]),
  "positions of the largest": () => normal([40, 90]).argmax(1).float(),
  "softmax": () => normal([50, 77]).softmax(1),
  "cross-entropy": () =>
    gradients(
      [normal([50, 77])],
      ([logits]) => F.crossEntropy(logits!, indices(77, 50)),
    ),
  "layer norm": () =>
    gradients(
      [normal([20, 300]), uniform([300]), normal([300])],
      ([x, weight, bias]) => F.layerNorm(x!, [300], { weight: weight!, bias: bias! }).tanh().sum(),
    ),
  "batch norm, rectified, with an addend": () =>
    gradients(
      [normal([4, 3, 9, 9]), normal([4, 6, 9, 9])],
      ([x, residual]) =>
        new BatchNorm2d(6).after(new Conv2d(3, 6, 1), x!, { residual: residual!, activation: "relu" }).square().sum(),
    ),
  "attention": () =>
    gradients(
      [normal([2, 3, 70, 24]), normal([2, 1, 90, 24]), normal([2, 3, 90, 20])],
      ([q, k, v]) => F.scaledDotProductAttention(q!, k!, v!, { isCausal: true }).tanh().sum(),
    ),
  "random numbers": () => randn([1000]),
  "random order": () => randperm(1000).float(),
  "matmul": () => normal([190, 130]).matmul(normal([130, 210])),
  "einsum": () => einsum("bij,bjk->bik", normal([5, 12, 20]), normal([5, 20, 8])),
  "conv2d": () => conv2d(normal([8, 6, 28, 28]), normal([16, 6, 5, 5]), { bias: normal([16]), padding: 2 }),
  "conv2d, strided": () => conv2d(normal([4, 3, 31, 29]), normal([8, 3, 3, 3]), { stride: 2, dilation: 2 }),
  "convTranspose2d": () => convTranspose2d(normal([4, 8, 9, 9]), normal([8, 3, 3, 3]), { stride: 2 }),
  "matrix and vector": () => normal([100, 300]).matmul(normal([300])),
  "long products": () => normal([3, 5000]).matmul(normal([5000, 2])),
  "gradients of conv2d": () =>
    gradients(
      [normal([4, 3, 12, 12]), normal([5, 3, 3, 3]), normal([5])],
      ([x, w, bias]) => conv2d(x!, w!, { bias: bias!, padding: 1 }).relu().square().mean(),
    ),
  "gradients of conv2d, strided": () =>
    gradients(
      [normal([2, 4, 15, 15]), normal([6, 2, 3, 3])],
      ([x, w]) => conv2d(x!, w!, { stride: 2, groups: 2 }).tanh().sum(),
    ),
  "conv2d, every channel by itself": () =>
    gradients(
      [normal([2, 6, 13, 11]), normal([6, 1, 3, 3]), normal([6])],
      ([x, w, bias]) => conv2d(x!, w!, { bias: bias!, padding: 1, stride: 2, groups: 6 }).tanh().sum(),
    ),
  "maxPool2d": () => maxPool2d(normal([4, 8, 27, 27]), 3, { stride: 2 }),
  "gradients of pooling": () =>
    gradients(
      [normal([2, 3, 14, 14])],
      ([x]) => maxPool2d(x!, 2).square().sum().add(avgPool2d(x!, 3, { stride: 2 }).square().sum()),
    ),
  "sort": () => uniform([1000]).sort().values,
  "running sums": () => normal([7, 3000]).cumsum(1),
  "gather": () => uniform([100, 20]).indexSelect(0, randperm(100, { device: "cpu" }).to(defaultDevice())),
  "lookup by several indices": () => normal([9, 8, 7]).at(indices(9, 50), indices(8, 50)),
  "steps of Adam"() {
    const parameter = normal([10, 100]).requiresGrad_();
    const optimizer = new Adam([parameter], { lr: 0.1 });
    for (let i = 0; i < 3; i++) {
      parameter.grad = normal([10, 100]);
      optimizer.step();
    }
    return parameter.detach();
  },
  "scatter": () => zeros([10, 20]).indexAdd(0, indices(10, 300), normal([300, 20])),
  "gradients of an embedding": () =>
    gradients(
      [normal([50, 16])],
      ([table]) => F.embedding(indices(50, 400), table!).square().sum(),
    ),
};

/** Operations tested only on the CPU: calls of `Math` from WebAssembly, and kernels that are loops in JavaScript. */
const CPU_OPERATIONS: Readonly<Record<string, () => Tensor>> = {
  "float64 through Math": () => normal([257]).double().mul(3).sinh().atan().float(),
  "float16 in plain loops": () => normal([31]).half().mul(1.5).float(),
};

/** Some results of each kind on a device, which becomes the default one, by name; the same on every call. */
export async function operations(device: Device): Promise<Record<string, Values | Failure>> {
  setDefaultDevice(device);
  const results: Record<string, Values | Failure> = {};
  let seed = 0;
  const all = device.name === "cpu" ? { ...OPERATIONS, ...CPU_OPERATIONS } : OPERATIONS;
  for (const [name, compute] of Object.entries(all)) {
    using _ = scope();
    manualSeed(++seed);
    try {
      const result = compute();
      results[name] = { shape: result.shape, values: Array.from<number | bigint, number>(await result.data(), Number) };
    } catch (error) {
      results[name] = { error: String(error) };
    }
  }
  return results;
}

/** A turn of the event loop, which pages need to stay alive, and workers in browsers so that workers of their own start. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** A small LeNet learns digits on a device, which becomes the default one, with momentum: the same losses on every call. */
export async function train(device: Device, steps = 20): Promise<Training> {
  setDefaultDevice(device);
  manualSeed(7);
  const network = new Sequential(
    new Conv2d(1, 6, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(6, 16, 5),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(400, 84),
    new ReLU(),
    new Linear(84, 10),
  );
  const optimizer = new SGD(network.parameters(), { lr: 0.03, momentum: 0.9 });
  const batchSize = 64;
  const digits = new DrawnDigits({ size: steps * batchSize });
  const loader = new DataLoader(digits, { batchSize, shuffle: true, generator: new Generator(7) });
  const training = { losses: [] as number[], storages: [] as number[], bytes: [] as number[] };
  for (const [images, labels] of loader) {
    {
      using _ = scope();
      const loss = F.crossEntropy(network.forward(images.sub(0.13).div(0.31)), labels);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      training.losses.push((await loss.data())[0] as number);
    }
    const { storages, liveBytes } = memory();
    training.storages.push(storages);
    training.bytes.push(liveBytes);
    await turn();
  }
  return training;
}
