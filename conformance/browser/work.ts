/** What a page and the test's own process both compute, so that the test can compare. Free of anything that only one of them has. */
import "@heddle/autograd";
import { DataLoader, DrawnDigits } from "@heddle/data";
import { Conv2d, Flatten, functional as F, Linear, MaxPool2d, ReLU, Sequential } from "@heddle/nn";
import { SGD } from "@heddle/optim";
import {
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

/** What {@link train} saw, a number a step. */
export interface Training {
  readonly losses: readonly number[];
  /** Live storages after each step. */
  readonly storages: readonly number[];
  /** Live bytes after each step. */
  readonly bytes: readonly number[];
}

// Drawn on the CPU for every device, so that an operation is compared and not its input.
const normal = (shape: number[]): Tensor => randn(shape, { device: "cpu" }).to(defaultDevice());
const uniform = (shape: number[]): Tensor => rand(shape, { device: "cpu" }).to(defaultDevice());

/** Results that take different kernels. */
const OPERATIONS: Readonly<Record<string, () => Tensor>> = {
  "element-wise"() {
    const x = normal([33, 1, 65]);
    const y = uniform([4, 65]).add(0.5);
    return x.mul(y).tanh().add(y.log()).sub(x.abs().pow(1.5)).mul(x.sigmoid());
  },
  "strided views": () => normal([17, 23]).t().at("::2", "1:").add(normal([12, 16])).exp(),
  "integers": () => tensor([[7, -7], [9, 4]], { dtype: "int32" }).floorDivide(2).float(),
  "sums": () => normal([300, 200]).sum(1),
  "softmax": () => normal([50, 77]).softmax(1),
  "random numbers": () => randn([1000]),
  "matmul": () => normal([190, 130]).matmul(normal([130, 210])),
  "einsum": () => einsum("bij,bjk->bik", normal([5, 12, 20]), normal([5, 20, 8])),
  "conv2d": () => conv2d(normal([8, 6, 28, 28]), normal([16, 6, 5, 5]), { bias: normal([16]), padding: 2 }),
  "conv2d, strided": () => conv2d(normal([4, 3, 31, 29]), normal([8, 3, 3, 3]), { stride: 2, dilation: 2 }),
  "convTranspose2d": () => convTranspose2d(normal([4, 8, 9, 9]), normal([8, 3, 3, 3]), { stride: 2 }),
  "maxPool2d": () => maxPool2d(normal([4, 8, 27, 27]), 3, { stride: 2 }),
  "sort": () => uniform([1000]).sort().values,
  "gather": () => uniform([100, 20]).indexSelect(0, randperm(100, { device: "cpu" }).to(defaultDevice())),
  "gradients"() {
    const x = normal([4, 3, 12, 12]).requiresGrad_();
    const w = normal([5, 3, 3, 3]).requiresGrad_();
    conv2d(x, w, { padding: 1 }).relu().square().mean().backward();
    return cat([x.grad!.flatten(), w.grad!.flatten()]);
  },
};

/** What only the CPU is asked for: calls of `Math` from WebAssembly, and kernels that are loops in JavaScript. */
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
      results[name] = { shape: result.shape, values: Array.from(await result.data() as Float32Array) };
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
