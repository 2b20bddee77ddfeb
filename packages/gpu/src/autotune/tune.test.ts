import { type Device, getDevice, ones, randn, type Tensor, tidy } from "@heddle/tensor";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GpuBackend } from "../backend.ts";
import { tune, webgpu } from "../mod.ts";
import { type KernelConfigName, kernelConfigs } from "../routines/contraction/kernel_configs.ts";
import { type FakeAdapter, fakeAdapter } from "../testing/fake_adapter.ts";
import { gpu } from "../testing/gpu_device.ts";
import { type Measure, timeCandidates, tuneBackend } from "./tune.ts";
import { TuneReport } from "./tune_report.ts";

const root = mkdtempSync(join(tmpdir(), "heddle-tune-"));
const own = process.env["XDG_CACHE_HOME"];
beforeEach(() => process.env["XDG_CACHE_HOME"] = mkdtempSync(join(root, "cache-")));
afterAll(() => {
  if (own === undefined) delete process.env["XDG_CACHE_HOME"];
  else process.env["XDG_CACHE_HOME"] = own;
  rmSync(root, { recursive: true });
});

const opened: Device[] = [];
const backendOf = (device: Device): GpuBackend => device.backend as GpuBackend;
const open = async (options: object = {}): Promise<Device> => {
  const device = await webgpu({ name: "gpu-tuned", ...options });
  opened.push(device);
  return device;
};
afterEach(() => {
  for (const device of opened.splice(0)) backendOf(device).engine.device.destroy();
});

/** A clock by which a kernel takes two milliseconds, and one whose key has `fast` in it `cost`. */
const clock = (device: Device, fast: string, cost = 1): { measure: Measure; count: number } => {
  const { engine } = backendOf(device);
  const counted = {
    count: 0,
    measure(record: () => void): Promise<number> {
      let time = 0;
      const { record: original } = engine;
      engine.record = (launch, reads, writes) => {
        time += launch.compiled.key.includes(fast) ? cost : 2;
        original.call(engine, launch, reads, writes);
      };
      try {
        record();
      } finally {
        engine.record = original;
      }
      counted.count++;
      return Promise.resolve(time);
    },
  };
  return counted;
};

describe("timing", () => {
  test("measurements are long enough, take turns, and the shortest time counts", async () => {
    const calls: [number, number][] = [];
    const noise = [1.5, 1, 1.25];
    const times = await timeCandidates(2, 5, (candidate, runs) => {
      calls.push([candidate, runs]);
      return Promise.resolve((candidate === 0 ? 0.1 : 0.2) * runs * noise[calls.length % 3]!);
    });
    expect(times.map((time) => Number(time.toFixed(3)))).toEqual([0.1, 0.2]);
    // Compilation, two short runs, longer and longer until they take 5 ms, then the rounds.
    expect(calls.slice(0, 6)).toEqual([[0, 1], [0, 1], [0, 1], [1, 1], [1, 1], [1, 1]]);
    const rounds = calls.slice(-8);
    expect(rounds.map(([candidate]) => candidate)).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    expect(rounds[0]![1] * 0.1 * 1.5).toBeGreaterThanOrEqual(5);
  });

  test("a candidate that fails, is far slower or has no sensible timestamps is not taken for the fastest", async () => {
    const each = [1, Infinity, 10, 0];
    const runs = [0, 0, 0, 0];
    const times = await timeCandidates(4, 5, (candidate, count) => {
      runs[candidate]! += count;
      return Promise.resolve(each[candidate]! * count);
    });
    expect(times).toEqual([1, Infinity, 10, Infinity]);
    expect([runs[1], runs[2]]).toEqual([1, 3]);
  });

  test("slow first runs do not decide against the default", async () => {
    let calls = 0;
    const times = await timeCandidates(2, 5, (candidate, runs) => {
      return Promise.resolve(candidate === 0 ? (++calls <= 3 ? 50 : runs) : 2 * runs);
    });
    expect(times).toEqual([1, 2]);
  });
});

describe("tune", () => {
  const products = (device: Device) => (): Tensor =>
    tidy(() => {
      const x = ones([256, 256], { device });
      return x.matmul(x).matmul(x).add(ones([1], { device }));
    });

  const kernels = ({ sources }: FakeAdapter): string[] => [...sources.keys()].filter((key) => key.includes("tile"));

  test("takes the fastest form, also in later processes, and times what is stored only when told to", async () => {
    const fake = fakeAdapter({ vendor: "nvidia" });
    const device = await open({ adapter: fake.adapter });
    products(device)().dispose();
    const [usual] = kernels(fake);
    expect(usual).not.toContain("tile 32 32");
    const timed = clock(device, "tile 32 32");
    const report = await tuneBackend(backendOf(device), products(device), false, timed.measure);
    expect(report).toMatchObject({ clock: "host", stored: true, adapter: "a GPU that computes nothing" });
    expect(report.works.length).toBe(1);
    const [work] = report.works;
    expect(work!.work).toMatch(/^matmul .*float32 1 256 256 1 256$/);
    expect(work!.chosen).toBe("tile32x32");
    expect(Object.keys(work!.milliseconds)[0]).toBe(work!.default);
    // Two kernels: the sum is computed in parts.
    expect(work!.milliseconds).toMatchObject({ [work!.default]: 4, tile32x32: 3 });
    expect(String(report).split("\n")[0]).toMatch(
      /host clock: another form than the default for 1 of 1 kinds of work; stored$/,
    );
    expect(String(report)).toMatch(/matmul .* {2}tile\w+ [\d.]+ ms {2}tile32x32 [\d.]+ ms {2}tile/);

    // Later processes have the choice from the start, and other vendors have not.
    for (const [vendor, tiles] of [["nvidia", ["tile 32 32"]], ["amd", [usual!.match(/tile \d+ \d+/)![0]]]] as const) {
      const later = fakeAdapter({ vendor });
      products(await open({ adapter: later.adapter }))().dispose();
      expect(kernels(later).map((key) => key.match(/tile \d+ \d+/)![0])).toEqual(tiles);
    }

    const known = clock(device, "tile 32 32");
    const second = await tuneBackend(backendOf(device), products(device), false, known.measure);
    expect(known.count).toBe(0);
    expect(second.works).toMatchObject([{ chosen: "tile32x32", default: work!.default, milliseconds: {} }]);
    expect(String(second)).toContain("stored before");
    const again = await tuneBackend(backendOf(device), products(device), true, clock(device, "nothing").measure);
    expect(again.works[0]!.chosen).toBe(work!.default);
  });

  test("keeps the default unless another form is faster by a margin, and plans made before take the choice", async () => {
    const device = await open({ adapter: fakeAdapter({ vendor: "nvidia" }).adapter });
    const { engine } = backendOf(device);
    const step = products(device);
    const keys = (): string[] => {
      const found: string[] = [];
      const { dispatch } = engine.recorder;
      engine.recorder.dispatch = (compiled, ...rest) => {
        found.push(compiled.key);
        dispatch.call(engine.recorder, compiled, ...rest);
      };
      step().dispose();
      engine.recorder.dispatch = dispatch;
      return found.filter((key) => key.includes("tile")).map((key) => key.match(/tile \d+ \d+/)![0]);
    };
    const [usual] = keys();
    const all = keys();
    expect(all).toEqual([usual, usual]);
    const close = clock(device, "tile 32 32", 1.9).measure; // 3.9 of 4 milliseconds
    expect((await tuneBackend(backendOf(device), step, false, close)).works[0]!.chosen).not.toBe("tile32x32");
    expect(keys()).toEqual(all);
    await tuneBackend(backendOf(device), step, true, clock(device, "tile 32 32").measure);
    expect(keys()).toEqual(["tile 32 32", "tile 32 32"]);
  });

  test("writes to no memory of the step, returns its own, and frees the step's tensors", async () => {
    const device = await open({ adapter: fakeAdapter({ vendor: "nvidia" }).adapter });
    const { engine } = backendOf(device);
    const kept = new Set<unknown>();
    const x = ones([256, 256], { device });
    kept.add((x.storage.buffer as unknown as { handle: unknown }).handle);
    const inUse = (): number => {
      const { buffers, freeBuffers } = engine.report();
      return buffers - freeBuffers;
    };
    const before = inUse();
    const written: unknown[] = [];
    await tuneBackend(backendOf(device), () => void x.matmul(x), false, (record) => {
      const { record: original } = engine;
      engine.record = (_launch, reads, writes) => void written.push(...reads, ...writes);
      record();
      engine.record = original;
      return Promise.resolve(1);
    });
    expect(written.length).toBeGreaterThan(5);
    expect(written.filter((buffer) => kept.has(buffer))).toEqual([]);
    expect(inUse()).toBe(before);
  });

  test("a form that the driver rejects is left out, and a device lost while timing is an error", async () => {
    const device = await open({ adapter: fakeAdapter({ vendor: "nvidia" }).adapter });
    const backend = backendOf(device);
    const [form, other] = [clock(device, "tile 32 32", 0), clock(device, "tile 8 128", 0.5)];
    const rejecting: Measure = async (record) => {
      if (await form.measure(record) <= 2) throw new Error("webgpu: the kernel was rejected");
      return await other.measure(record);
    };
    const inUse = backend.engine.report();
    const { works, ...report } = await tuneBackend(backend, products(device), false, rejecting);
    expect(works).toMatchObject([{ chosen: "tile8x128", milliseconds: { tile32x32: Infinity, tile8x128: 2.5 } }]);
    expect(String(new TuneReport(report.adapter, "host", false, works))).toMatch(
      /; not stored, for this process only\n[^]*tile32x32 rejected/,
    );
    const after = backend.engine.report();
    expect(after.buffers - after.freeBuffers).toBe(inUse.buffers - inUse.freeBuffers);
    await expect(tuneBackend(backend, products(device), true, () => {
      backend.engine.device.destroy();
      return Promise.reject(new Error("not mapped"));
    })).rejects.toThrow('tune: the device "gpu-tuned" was lost (destroyed)');
  });

  test("an asynchronous step is awaited, and its error is passed on", async () => {
    const device = await open({ adapter: fakeAdapter({ vendor: "nvidia" }).adapter });
    const later = async (): Promise<void> => {
      await new Promise((done) => setTimeout(done, 1));
      products(device)();
    };
    expect((await tune(device, later)).works.length).toBe(1);
    await expect(tune(device, () => Promise.reject(new Error("no batch")))).rejects.toThrow("no batch");
    const running = tune(device, later);
    await expect(tune(device, later)).rejects.toThrow("tune: this device is being tuned already; await the first call");
    await running;
  });

  test("errors teach", async () => {
    const device = await open({ adapter: fakeAdapter().adapter });
    await expect(tune(getDevice("cpu"), () => {})).rejects.toThrow(
      'tune: "cpu" is not a GPU; open one with await webgpu()',
    );
    await expect(tune(device, null as never)).rejects.toThrow(
      "tune: the step is null, not a function; pass one that runs",
    );
    await expect(tune(device, () => ones([4, 4], { device }).add(1))).rejects.toThrow(
      'tune: the step ran no matrix product or convolution on "gpu-tuned" that has several forms; pass a function',
    );
    await expect(tune(device, () => {}, { agian: true } as never)).rejects.toThrow("agian");
    await expect(tune(device, () => {
      products(device)();
      backendOf(device).engine.device.destroy();
    })).rejects.toThrow('tune: the device "gpu-tuned" was lost (destroyed)');
    await expect(tune(device, products(device))).rejects.toThrow('the device "gpu-tuned" was lost (destroyed)');
  });
});

describe.skipIf(gpu === null)("tune on an adapter", () => {
  test("the bits of results are the same with every choice", async () => {
    const device = await open();
    const [a, b] = [randn([48, 130]).to(device), randn([130, 40]).to(device)];
    const bits = (): number[] => {
      const y = tidy(() => a.matmul(b).flatten());
      const values = [...new Uint32Array((y.toTypedArray() as Float32Array).slice().buffer)];
      y.dispose();
      return values;
    };
    const wanted = bits();
    const step = (): void => void a.matmul(b);
    const { works } = await tune(device, step);
    expect(works.length).toBe(1);
    expect(Object.values(works[0]!.milliseconds).every((time) => time > 0)).toBe(true);
    expect(bits()).toEqual(wanted);
    for (const fast of Object.keys(works[0]!.milliseconds)) {
      const { kind, rows, columns } = kernelConfigs[fast as KernelConfigName];
      const { measure } = clock(device, ` ${kind} ${rows} ${columns} `);
      const report = await tuneBackend(backendOf(device), step, true, measure);
      expect(report.works[0]!.chosen).toBe(fast);
      expect(bits(), fast).toEqual(wanted);
    }
  });
});
