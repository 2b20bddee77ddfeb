/** What `gpu_dawn.test.ts` runs in a process of its own: the GPU through the npm package `webgpu`. The last line is what it found. */
import { gpuReport, webgpu } from "@heddle/gpu";
import { type Device, ones } from "@heddle/tensor";
import process from "node:process";
import { create } from "webgpu";
import { type Failure, operations, train, type Training, type Values } from "./browser/work.ts";

/** What the program prints as JSON; only why, where there is no GPU to open. */
export interface Found {
  readonly adapter: string;
  readonly operations: Record<string, Values | Failure>;
  readonly training: Training;
  /** What `item()` threw. */
  readonly atOnce: string;
  /** What opening Dawn's adapter that computes nothing threw. */
  readonly nothing: string;
}

const messageOf = (run: () => unknown): Promise<string> =>
  Promise.resolve().then(run).then((value) => `nothing thrown but ${value} answered`, (error: Error) => error.message);

/** Held on to, since its adapters end with it. */
const nulls = create(["backend=null"]);

async function find(device: Device, steps: number): Promise<Found> {
  return {
    adapter: gpuReport(device).adapter,
    operations: await operations(device),
    training: await train(device, steps),
    atOnce: await messageOf(() => ones([1], { device }).item()),
    nothing: await messageOf(async () => webgpu({ name: "nothing", adapter: (await nulls.requestAdapter())! })),
  };
}

const device: Device | Failure = await webgpu().catch((error: Error) => ({ error: error.message }));
console.log(JSON.stringify("error" in device ? device : await find(device, Number(process.argv[2]))));
