/**
 * Fused attention in Deno: results and gradients are the CPU's, and no memory grows with the square of the sequence. Software adapters
 * compose attention of other primitives, which is faster on them, so the tests make this one pass for a GPU.
 */
import { grad } from "@heddle/autograd";
import { webgpu } from "@heddle/gpu";
import { functional as F, MultiheadAttention } from "@heddle/nn";
import {
  type Device,
  Generator,
  getDevice,
  memory,
  randn,
  resetPeakMemory,
  scope,
  type Tensor,
  tensor,
} from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gpuFor } from "./expected.ts";

/** A device that passes for a GPU: on the same adapter, with all it has or with the least that WebGPU has. */
async function gpuWith(what: "all" | "least"): Promise<Device> {
  const adapter = (await (navigator as unknown as { gpu: GPU }).gpu.requestAdapter())!;
  const least = {
    features: new Set<string>(),
    limits: {},
    info: adapter.info,
    requestDevice: (descriptor?: object) => adapter.requestDevice(descriptor),
  };
  const device = await webgpu({ name: `gpu with ${what}`, adapter: what === "all" ? adapter : least });
  Object.assign((device.backend as unknown as { engine: object }).engine, { software: false });
  return device;
}

const found = await gpuFor("the tests of fused attention", () => {});
const cpu = getDevice("cpu");
const [gpu, small] = found === null ? [cpu, cpu] : [await gpuWith("all"), await gpuWith("least")];

const bits = (seed: number, shape: readonly number[], share: number): Tensor =>
  randn(shape, { generator: new Generator(seed) }).lt(share);

interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly options?: F.AttentionOptions;
  readonly mask?: () => Tensor;
  /** Changes queries, keys and values before they move to the device. */
  readonly spoil?: (operands: readonly Tensor[]) => void;
}

const cases: Record<string, Case> = {
  "of two heads": { shapes: [[2, 9, 64], [2, 70, 64], [2, 70, 64]] },
  "of odd sizes, causal, with keys before the first query": {
    shapes: [[3, 37, 17], [3, 131, 17], [3, 131, 33]],
    options: { isCausal: true, causalOffset: 5 },
  },
  "causal before the first key": {
    shapes: [[2, 37, 8], [2, 70, 8], [2, 70, 5]],
    options: { isCausal: true, causalOffset: -9 },
  },
  "of wide heads": { shapes: [[30, 150], [40, 150], [40, 200]] },
  "with dropout": { shapes: [[2, 70, 16], [2, 71, 16], [2, 71, 16]], options: { dropoutP: 0.4 } },
  "with dropout over several blocks": {
    shapes: [[2, 300, 8], [2, 303, 8], [2, 303, 8]],
    options: { dropoutP: 0.4, isCausal: true, causalOffset: 2 },
  },
  "with all dropped": { shapes: [[9, 8], [9, 8], [9, 8]], options: { dropoutP: 1 } },
  "broadcast": { shapes: [[2, 1, 33, 8], [4, 40, 8], [1, 4, 40, 12]], options: { dropoutP: 0.2 } },
  "of heads that share keys": {
    shapes: [[2, 4, 33, 8], [2, 2, 40, 8], [2, 2, 40, 8]],
    options: { enableGqa: true },
    mask: () => bits(2, [4, 1, 40], 0.5),
  },
  "with rows that see no key": {
    shapes: [[2, 33, 8], [2, 70, 8], [2, 70, 8]],
    mask: () =>
      bits(3, [33, 70], 0.3).logicalAnd(
        tensor([false, true]).repeatInterleave(tensor([4, 29], { dtype: "int32" })).unsqueeze(1),
      ),
  },
  "with -∞ added": {
    shapes: [[2, 33, 8], [2, 40, 8], [2, 40, 8]],
    options: { isCausal: true },
    mask: () => randn([2, 1, 40], { generator: new Generator(4) }).maskedFill(bits(5, [2, 1, 40], -0.5), -Infinity),
  },
  "with the least number added everywhere in a row": {
    shapes: [[9, 8], [9, 8], [9, 8]],
    mask: () => tensor([-3.4028234663852886e38, ...Array<number>(8).fill(0)]).unsqueeze(1),
  },
  "with NaN in a query": { shapes: [[9, 8], [70, 8], [70, 8]], spoil: ([q]) => q!.at(3).fill_(NaN) },
  "with an infinite score": { shapes: [[9, 8], [70, 8], [70, 8]], spoil: ([, k]) => k!.at(66).fill_(Infinity) },
  "with NaN in a value": { shapes: [[9, 8], [70, 8], [70, 8]], spoil: ([, , v]) => v!.at(5, 2).fill_(NaN) },
  "without keys": { shapes: [[9, 8], [0, 8], [0, 8]] },
  "without features": { shapes: [[9, 0], [12, 0], [12, 8]] },
};

/** The cases that are not only for long runs. */
const usual = ["with dropout over several blocks", "with rows that see no key"];

/** The result and the gradients, on the host. */
function run({ shapes, options, mask, spoil }: Case, device: Device): number[][] {
  using _ = scope();
  const drawn = new Generator(1);
  const operands = shapes.map((shape) => randn([...shape], { generator: drawn }));
  spoil?.(operands);
  const [q, k, v] = operands.map((x) => x.to(device).requiresGrad_()) as [Tensor, Tensor, Tensor];
  const attnMask = mask?.().to(device) ?? null;
  const out = F.scaledDotProductAttention(q, k, v, { ...options, attnMask, generator: new Generator(7) });
  const g = randn([...out.shape], { generator: new Generator(8) }).to(device);
  return [out, ...grad([out], [q, k, v], { gradOutputs: [g] })].map((x) => Array.from(x!.toTypedArray(), Number));
}

describe.skipIf(found === null)("fused attention on a GPU is the CPU's", () => {
  // Software adapters take seconds to compile a kernel.
  test.each(Object.entries(cases).filter(([name]) => usual.includes(name)))("%s", (_, each) => check(each, [small]));
  test.each(Object.entries(cases))("%s, with each tiling", { tags: ["long"] }, (_, each) => check(each, [gpu, small]));

  function check(each: Case, devices: readonly Device[]): void {
    const wanted = run(each, cpu);
    for (const device of devices) {
      run(each, device).forEach((values, i) => {
        expect(values.length).toBe(wanted[i]!.length);
        values.forEach((value, at) => {
          const right = wanted[i]![at]!;
          const near = Number.isNaN(right)
            ? Number.isNaN(value)
            : Math.abs(value - right) <= 1e-5 * Math.max(1, Math.abs(right));
          if (!near) expect(value, `output ${i}, element ${at} on ${device.name}`).toBe(right);
        });
      });
    }
  }

  test("with a padding mask and another one, within eight buffers", { tags: ["long"] }, () => {
    const attention = new MultiheadAttention(16, 2, { batchFirst: true, generator: new Generator(2) });
    const gradients = (device: Device): number[] => {
      using _ = scope();
      attention.to(device);
      const x = randn([2, 9, 16], { generator: new Generator(3) }).to(device).requiresGrad_();
      const masks = { keyPaddingMask: bits(4, [2, 9], -1), attnMask: randn([9, 9], { generator: new Generator(5) }) };
      const options = { keyPaddingMask: masks.keyPaddingMask.to(device), attnMask: masks.attnMask.to(device) };
      const [y] = attention.forward(x, x, x, options);
      return Array.from(grad([y.square().sum()], [x])[0]!.toTypedArray(), Number);
    };
    const wanted = gradients(cpu);
    for (const device of [gpu, small]) {
      gradients(device).forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-4));
    }
  });

  test("for gradients of gradients", { tags: ["long"] }, () => {
    const second = (device: Device): number[] => {
      const generator = new Generator(1);
      const [q, k, v] = [1, 2, 3].map(() => randn([10, 4], { generator }).to(device).requiresGrad_()) as Tensor[];
      const out = F.scaledDotProductAttention(q!, k!, v!, { isCausal: true });
      const [first] = grad([out.square().sum()], [q!], { createGraph: true });
      return Array.from(grad([first!.square().sum()], [k!])[0]!.toTypedArray(), Number);
    };
    const wanted = second(cpu);
    second(gpu).forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-4));
  });

  test("with memory that grows as the sequence does", () => {
    const peak = (length: number): number => {
      using _ = scope();
      const [q, k, v] = [1, 2, 3].map(() => randn([length, 16]).to(gpu).requiresGrad_()) as Tensor[];
      resetPeakMemory();
      const before = memory().liveBytes;
      F.scaledDotProductAttention(q!, k!, v!, { isCausal: true }).sum().backward();
      const { peakBytes } = memory();
      for (const x of [q, k, v]) x!.grad!.dispose();
      return peakBytes - before;
    };
    peak(64);
    const [one, two] = [peak(512), peak(1024)];
    expect(two / one).toBeLessThan(2.05);
    expect(two).toBeLessThan(1024 * 1024); // a quarter of all scores
  });
});
