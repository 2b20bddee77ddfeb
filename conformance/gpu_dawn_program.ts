/**
 * The program that `gpu_dawn.test.ts` runs in its own process: the GPU through the npm package `webgpu`. The last line
 * of its output is the result.
 */
import { gpuReport, tune, type TunedWork, webgpu } from "@heddle/gpu";
import { type Device, ones, rand } from "@heddle/tensor";
import process from "node:process";
import { create } from "webgpu";
import { minimalAdapter } from "./minimal_adapter.ts";
import { type Failure, operations, train, type Training, type Values } from "./browser/work.ts";

/** The program's output as JSON; only a reason if no GPU can be opened. */
export interface Found {
  readonly adapter: string;
  readonly operations: Record<string, Values | Failure>;
  /** The same by the kernels for GPUs, within the limits that every adapter has. */
  readonly minimal: Record<string, Values | Failure>;
  /** The same where threads exchange values by subgroup operations. */
  readonly exchanging: Record<string, Values | Failure>;
  readonly training: Training;
  /** What `tune` found for a product, by timestamps, and by the host's clock for the kernels for GPUs. */
  readonly tuned: readonly TunedWork[];
  /** What `item()` threw. */
  readonly atOnce: string;
  /** What opening Dawn's adapter that computes nothing threw. */
  readonly nothing: string;
}

const messageOf = (run: () => unknown): Promise<string> =>
  Promise.resolve().then(run).then((value) => `nothing thrown but ${value} answered`, (error: Error) => error.message);

/** Kept alive, since their adapters end with them. */
const nulls = create(["backend=null"]);
const real = create([]);

/** Tunes a product, and returns what was found if its values stay the same. */
async function tuned(device: Device): Promise<readonly TunedWork[]> {
  const x = rand([64, 64], { device: "cpu" }).to(device);
  const bits = async (): Promise<string> => {
    const y = x.matmul(x);
    return `${new Uint32Array((await y.data() as Float32Array).slice().buffer)}`;
  };
  const before = await bits();
  const { works } = await tune(device, () => void x.matmul(x));
  return await bits() === before ? works : [];
}

async function find(device: Device, steps: number): Promise<Found> {
  const minimal = await webgpu({ name: "minimal", adapter: await minimalAdapter(real) });
  const exchanging = await webgpu({ name: "exchanging", adapter: await minimalAdapter(real, ["subgroups"]) });
  return {
    adapter: gpuReport(device).adapter,
    operations: await operations(device),
    minimal: await operations(minimal),
    exchanging: await operations(exchanging),
    training: await train(device, steps),
    tuned: [...await tuned(device), ...await tuned(minimal)],
    atOnce: await messageOf(() => ones([1], { device }).item()),
    nothing: await messageOf(async () => webgpu({ name: "nothing", adapter: (await nulls.requestAdapter())! })),
  };
}

const device: Device | Failure = await webgpu().catch((error: Error) => ({ error: error.message }));
console.log(JSON.stringify("error" in device ? device : await find(device, Number(process.argv[2]))));
