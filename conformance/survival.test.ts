// Loops as PyTorch users write them: no scopes, 20,000 steps. Unreferenced tensors must be freed.
import "@heddle/autograd";
import { DataLoader, TensorDataset } from "@heddle/data";
import { Linear, Sequential, Tanh } from "@heddle/nn";
import { Adam, SGD } from "@heddle/optim";
import { memory, ones, rand, type Tensor, tensor } from "@heddle/tensor";
import { expect, test } from "vitest";

const steps = 20_000;
const long = { tags: ["long"] };
const mebibytes = (): number => memory().liveBytes / 2 ** 20;

/** Runs a loop, and returns the peak of live memory in MiB. */
async function most(step: () => Promise<unknown>): Promise<number> {
  const before = mebibytes();
  let high = 0;
  for (let i = 0; i < steps; i++) {
    await step();
    high = Math.max(high, mebibytes() - before);
  }
  return high;
}

test("a tensor of 256 KiB a step, with await t.data()", long, async () => {
  const x = ones([2 ** 16]); // 5 GiB in all, where 4 can be addressed
  expect(await most(() => x.mul(2).narrow(0, 0, 1).data())).toBeLessThan(1024);
});

test("training with await loss.data()", long, async () => {
  const model = new Sequential(new Linear(32, 32), new Tanh(), new Linear(32, 4));
  const optimizer = new Adam(model.parameters());
  const [x, y] = [rand([16, 32]), rand([16, 4])];
  const high = await most(async () => {
    optimizer.zeroGrad();
    const loss = model.forward(x).sub(y).square().mean();
    loss.backward();
    optimizer.step();
    await loss.data();
  });
  expect(high).toBeLessThan(512);
});

test("training with for await over a loader, and nothing else that awaits", long, async () => {
  const model = new Linear(64, 4);
  const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
  const loader = new DataLoader(new TensorDataset(rand([2000, 64]), rand([2000, 4])), { batchSize: 64, shuffle: true });
  const before = mebibytes();
  let [high, count] = [0, 0];
  while (count < steps) {
    for await (const [x, y] of loader as unknown as AsyncIterable<[Tensor, Tensor]>) {
      optimizer.zeroGrad();
      model.forward(x).sub(y).square().mean().backward();
      optimizer.step();
      high = Math.max(high, mebibytes() - before);
      count++;
    }
  }
  expect(high).toBeLessThan(512);
});

test("saliency maps of images that are dropped", long, async () => {
  const weights = rand([64, 64]);
  const high = await most(async () => {
    const image = rand([64, 64]).requiresGrad_();
    image.matmul(weights).square().sum().backward();
    await image.grad!.sum().data();
  });
  expect(high).toBeLessThan(512);
  expect(tensor([1]).item()).toBe(1);
});
