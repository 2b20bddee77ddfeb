/**
 * A GPU that is lost in the middle of a training step, in Deno: the error names the device, the operation and the remedy, and training
 * goes on from a checkpoint on a new device as if nothing had happened.
 */
import "@heddle/autograd";
import { webgpu } from "@heddle/gpu";
import { functional as F, Linear, ReLU, Sequential } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { type Device, getDevice, manualSeed, randn, scope, Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gpuFor } from "./expected.ts";

const gpu = await gpuFor("the tests of a lost GPU");
const name = "gpu-to-lose";

/** The `GPUDevice` of a Heddle device. */
const driverOf = ({ backend }: Device): GPUDevice =>
  (backend as unknown as { engine: { device: GPUDevice } }).engine.device;

/** A driver's reset, of which the library learns later. `device.destroy()` is noticed at once. */
const reset = (device: Device): void =>
  (globalThis as unknown as { GPUDevice: { prototype: GPUDevice } }).GPUDevice.prototype.destroy.call(driverOf(device));

/** A network with its optimizer on a device. */
class Training {
  readonly device: Device;
  readonly model: Sequential;
  readonly optimizer: Adam;
  step = 0;

  constructor(device: Device) {
    this.device = device;
    manualSeed(3);
    this.model = new Sequential(new Linear(6, 8), new ReLU(), new Linear(8, 3));
    this.model.to(device);
    this.optimizer = new Adam(this.model.parameters(), { lr: 0.01 });
  }

  /** One step. `middle` runs between the forward and the backward pass. */
  train(middle: () => void = () => {}): number {
    using _ = scope();
    manualSeed(100 + this.step);
    const x = randn([8, 6], { device: "cpu" }).to(this.device);
    const labels = tensor(Array.from({ length: 8 }, (_, i) => (i + this.step) % 3), { dtype: "int32" }).to(this.device);
    this.optimizer.zeroGrad();
    const loss = F.crossEntropy(this.model.forward(x), labels);
    middle();
    loss.backward();
    this.optimizer.step();
    this.step++;
    return loss.item();
  }
}

/** A copy in the host's memory of tensors, and of all else as it is. */
function copied<T>(state: T): T {
  if (state instanceof Tensor) return state.detach().to("cpu").clone() as T;
  if (typeof state !== "object" || state === null || Array.isArray(state)) return state;
  return Object.fromEntries(Object.entries(state).map(([key, value]) => [key, copied(value)])) as T;
}

const lost = (reason: string) =>
  new RegExp(`^\\w+: the device "${name}" was lost \\(${reason}.*\\); .*await webgpu\\(\\) and load a checkpoint`);

describe.skipIf(gpu === null)("a GPU lost in the middle of a step", () => {
  test("training goes on from a checkpoint on a new device", async () => {
    const wanted = new Training(getDevice("cpu"));
    const losses = Array.from({ length: 8 }, () => wanted.train());
    const first = new Training(await webgpu({ name }));
    const found = Array.from({ length: 4 }, () => first.train());
    const saved = copied({ model: first.model.stateDict(), optimizer: first.optimizer.stateDict() });
    found.push(first.train());
    expect(() => first.train(() => driverOf(first.device).destroy())).toThrow(lost("destroyed"));
    await expect(first.model.parameters()[0]!.data()).rejects.toThrow(lost("destroyed"));

    const second = new Training(await webgpu({ name }));
    second.model.loadStateDict(saved.model);
    second.optimizer.loadStateDict(saved.optimizer);
    second.step = 4;
    expect(second.train()).toBe(found[4]);
    while (second.step < 8) found.push(second.train());
    found.forEach((loss, i) => expect(loss).toBeCloseTo(losses[i]!, 4));
    driverOf(second.device).destroy();
  });

  test("a reset of the driver that is only reported later is the same error, in a step or a read", async () => {
    const training = new Training(await webgpu({ name }));
    training.train();
    expect(() => training.train(() => reset(training.device))).toThrow();
    await new Promise((done) => setTimeout(done, 0));
    expect(() => training.train()).toThrow(lost(""));
    await expect(training.model.parameters()[0]!.data()).rejects.toThrow(lost(""));
  });
});
