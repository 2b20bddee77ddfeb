import { arange, fromTypedArray, memory, ones, scope, tensor, tidy, zeros } from "@heddle/tensor";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { GpuBackend } from "./backend.ts";
import type { GpuBuffer } from "./memory/gpu_buffer.ts";
import { gpuReport, webgpu } from "./mod.ts";
import { gpu } from "./testing/gpu_device.ts";

const backendOf = (device = gpu): GpuBackend => device!.backend as GpuBackend;
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

describe.skipIf(gpu === null)("the GPU device", () => {
  test("reports its name and adapter", () => {
    expect(gpu!.name).toBe("gpu");
    expect(gpuReport(gpu!).adapter).not.toBe("");
    expect(() => gpuReport(ones([1], { device: "cpu" }).device)).toThrow('gpuReport: "cpu" is not a GPU');
  });

  test("many kernels make one submission", () => {
    tidy(() => {
      const x = ones([100], { device: gpu! });
      x.sum().item();
      const { submits, kernels } = gpuReport(gpu!);
      let y = x;
      for (let i = 0; i < 60; i++) y = y.add(x);
      expect(gpuReport(gpu!)).toMatchObject({ submits, kernels: kernels + 60 });
      expect(y.sum().item()).toBe(6100);
      expect(gpuReport(gpu!)).toMatchObject({ submits: submits + 1, kernels: kernels + 61 });
    });
  });

  test("work is submitted after flushAfter kernels", async () => {
    const device = await webgpu({ name: "gpu-flush", flushAfter: 10 });
    tidy(() => {
      let x = ones([4], { device });
      const { submits } = gpuReport(device);
      for (let i = 0; i < 35; i++) x = x.add(1);
      expect(gpuReport(device).submits - submits).toBe(3);
      expect(x.toArray()).toEqual([36, 36, 36, 36]);
    });
    backendOf(device).engine.device.destroy();
  });

  test("work is submitted before it would take a small GPU too long", () => {
    tidy(() => {
      const x = ones([768, 768], { device: gpu! });
      x.sum().item();
      const { submits } = gpuReport(gpu!);
      let y = x;
      // Each takes 2 · 768³ operations, an estimated 2 ms.
      for (let i = 0; i < 30; i++) y = x.matmul(x);
      expect(gpuReport(gpu!).submits - submits).toBe(1);
      expect(y.at(0, 0).item()).toBe(768);
      const one = x.add(1);
      backendOf().engine.recorder.announce(1000);
      expect(gpuReport(gpu!).submits - submits).toBe(3);
      expect(one.at(0, 0).item()).toBe(2);
    });
  });

  test("training steps neither allocate nor leak buffers, with one submission each", () => {
    const weights = zeros([64, 10], { device: gpu! });
    let settled = gpuReport(gpu!);
    for (let step = 0; step < 2000; step++) {
      const open = scope();
      const batch = fromTypedArray(new Float32Array(640).fill(step % 7), [64, 10], { device: gpu! });
      const error = batch.sub(weights).mul(0.5);
      weights.add_(error.mul(0.1));
      error.square().mean().item();
      open.end();
      if (step === 20) settled = gpuReport(gpu!);
    }
    const after = gpuReport(gpu!);
    expect(after.submits - settled.submits).toBe(1979);
    expect([after.buffers, after.bytes, after.pipelines]).toEqual([settled.buffers, settled.bytes, settled.pipelines]);
  });

  test("an upload into memory that pending kernels read is ordered after them, without a submission", () => {
    const x = tensor([1, 2, 3, 4], { device: gpu! });
    const before = x.mul(10);
    const { submits } = gpuReport(gpu!);
    const bytes = new Uint8Array(Float32Array.of(5, 6, 7, 8).buffer);
    backendOf().write(x.storage.buffer, 0, bytes);
    const after = x.mul(10);
    expect(gpuReport(gpu!).submits).toBe(submits);
    expect(before.toArray()).toEqual([10, 20, 30, 40]);
    expect(after.toArray()).toEqual([50, 60, 70, 80]);
  });

  test("bytes are written and read at any offset", () => {
    const backend = backendOf();
    const buffer = backend.alloc(37);
    const expected = Uint8Array.from({ length: 37 }, (_, i) => i);
    backend.write(buffer, 0, expected);
    for (const [at, length] of [[1, 1], [3, 9], [4, 4], [8, 3], [30, 7], [36, 1], [0, 0]] as const) {
      const data = Uint8Array.from({ length }, (_, i) => 200 + at + i);
      backend.write(buffer, at, data);
      expected.set(data, at);
      expect(backend.read(buffer, 0, 37), `${length} bytes at ${at}`).toEqual(expected);
      expect(backend.read(buffer, at, length)).toEqual(data);
    }
    backend.free(buffer);
  });

  test("large reads, synchronous and asynchronous", async () => {
    const n = 2 * 2 ** 20 + 13;
    const open = scope();
    const x = arange(n, { dtype: "int32", device: gpu! });
    const [now, then] = [x.toTypedArray(), await x.data()];
    expect(now.length).toBe(n);
    expect(now.every((value, i) => value === i)).toBe(true);
    expect(then).toEqual(now);
    open.end();
  });

  test("concurrent reads", async () => {
    const all = Array.from({ length: 6 }, (_, i) => ones([3], { device: gpu! }).mul(i));
    const read = await Promise.all(all.map((x) => x.data()));
    expect(read.map((values) => values[2])).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("without synchronous reads, the error names the alternative", async () => {
    const device = await webgpu({ name: "gpu-async" });
    Object.defineProperty(backendOf(device).engine.readback, "canReadSync", { value: false });
    const x = ones([2], { device });
    expect(() => x.add(1).toArray()).toThrow(/"gpu-async" .* use await t\.data\(\)/);
    expect(await x.add(1).data()).toEqual(Float32Array.of(2, 2));
    backendOf(device).engine.device.destroy();
  });

  test("a launch that reads and writes the same buffer reads the previous contents", () => {
    const { engine } = backendOf();
    const x = arange(8, { device: gpu! });
    const { handle } = x.storage.buffer as GpuBuffer;
    engine.launch({
      key: "test reverse",
      source: () =>
        `@group(0) @binding(0) var<storage, read> x: array<f32>;
        @group(0) @binding(1) var<storage, read_write> y: array<f32>;
        @group(0) @binding(2) var<uniform> p: vec4<u32>;
        @compute @workgroup_size(8) fn main(@builtin(local_invocation_index) i: u32) { y[i] = x[p.x - i]; }`,
      reads: [handle],
      writes: [handle],
      params: [7, 0, 0, 0],
      workgroups: 1,
    });
    expect(x.toArray()).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
  });

  test("launches with few and with many params alternate", () => {
    const { engine } = backendOf();
    const x = zeros([8], { device: gpu! });
    const writes = [(x.storage.buffer as GpuBuffer).handle];
    const source = (count: number): string =>
      `@group(0) @binding(0) var<storage, read_write> y: array<f32>;
      @group(0) @binding(1) var<uniform> p: array<vec4<u32>, ${count / 4}>;
      @compute @workgroup_size(1) fn main() { y[p[0].x] = f32(p[${count / 4 - 1}].w); }`;
    for (const [i, count] of [4, 600, 8, 1200, 4, 4].entries()) {
      engine.launch({
        key: `test params ${count}`,
        source: () => source(count),
        reads: [],
        writes,
        params: Array.from({ length: count }, (_, n) => n === 0 ? i : n === count - 1 ? 10 * i + 7 : 0),
        workgroups: 1,
      });
    }
    expect(x.toArray()).toEqual([7, 17, 27, 37, 47, 57, 0, 0]);
    const tooMany = {
      key: "test",
      source: () => source(3000),
      reads: [],
      writes,
      params: Array(3000).fill(0),
      workgroups: 1,
    };
    expect(() => engine.launch(tooMany)).toThrow(/3000 params are too many/);
  });

  test("scratch memory returns to the pool", () => {
    const { engine } = backendOf();
    const before = engine.report();
    const scratch = engine.scratch(12345);
    engine.release(scratch);
    expect(engine.scratch(12345)).toBe(scratch);
    engine.release(scratch);
    expect(engine.report().buffers - before.buffers).toBeLessThanOrEqual(1);
  });
});

describe.skipIf(gpu === null)("errors of the GPU", () => {
  let opened: GpuBackend | null = null;
  const open = async (options: object = {}) => {
    const device = await webgpu({ name: "gpu-errors", ...options });
    opened = backendOf(device);
    return device;
  };
  afterEach(() => {
    opened?.engine.device.destroy();
    opened = null;
  });

  test("invalid WGSL: no values, then an error with the kernel's key", async () => {
    const device = await open();
    const x = ones([4], { device });
    x.toArray();
    opened!.engine.launch({
      key: "broken kernel",
      source: () => "fn main( {",
      reads: [],
      writes: [(x.storage.buffer as GpuBuffer).handle],
      params: [1],
      workgroups: 1,
    });
    expect(() => x.toArray()).toThrow(/rejected commands.*broken kernel/);
    await later();
    expect(() => x.toArray()).toThrow(/^webgpu: the kernel "broken kernel" was rejected: /);
    expect(x.toArray()).toEqual([1, 1, 1, 1]);
  });

  test("WGSL without an entry point: a small awaited read names the kernel", async () => {
    const device = await open();
    const x = ones([4], { device });
    await x.data();
    opened!.engine.launch({
      key: "no entry",
      source: () => "@compute @workgroup_size(1) fn other() {}",
      reads: [],
      writes: [(x.storage.buffer as GpuBuffer).handle],
      params: [1],
      workgroups: 1,
    });
    await expect(x.data()).rejects.toThrow(/^webgpu: the kernel "no entry" was rejected: .*main/);
    expect(await x.data()).toEqual(Float32Array.of(1, 1, 1, 1));
  });

  test("out of memory: the error is a report, and work continues once memory is freed", async () => {
    const device = await open({ memoryBytes: 64 * 2 ** 20 });
    const open1 = scope();
    const large = ones([2 ** 23], { device });
    expect(() => ones([2 ** 23 + 1], { device })).toThrow(
      /out of memory: 40 MiB requested, 32 MiB of 64 MiB in use .*ones 32\.0 MiB/,
    );
    large.dispose();
    expect(ones([2 ** 23 + 1], { device }).sum().item()).toBe(2 ** 23 + 1);
    open1.end();
    expect(() => opened!.alloc(2 ** 40, "matmul")).toThrow(
      /^matmul: 1099511627776 bytes in one buffer, but this adapter allows/,
    );
  });

  test("a failed dispatch releases its scratch memory", async () => {
    const device = await open({ memoryBytes: 2 ** 20 });
    const x = ones([2 ** 15], { device });
    const inUse = (): number => opened!.report().bytes - opened!.report().freeBytes;
    const before = [inUse(), memory().liveBytes, memory().storages];
    // Large enough for the outputs and part of the sort's scratch memory.
    expect(() => x.expand(4, 2 ** 15).sort(1)).toThrow("out of memory");
    expect([inUse(), memory().liveBytes, memory().storages]).toEqual(before);
    expect(x.sum().item()).toBe(2 ** 15);
  });

  test("the driver is out of memory: the next read reports what holds it, and work continues once memory is freed", async () => {
    const device = await open();
    const { device: driver } = opened!.engine;
    const live = ones([2 ** 20], { device });
    live.toArray();
    // What a driver returns when it is out of memory: an invalid buffer.
    const createBuffer = driver.createBuffer.bind(driver);
    const popErrorScope = driver.popErrorScope.bind(driver);
    vi.spyOn(driver, "createBuffer").mockImplementationOnce((descriptor) =>
      createBuffer({ ...descriptor, usage: descriptor.usage | 1 })
    );
    vi.spyOn(driver, "popErrorScope").mockImplementationOnce(async () => {
      await popErrorScope();
      return { message: "not enough memory left" } as GPUError;
    });
    const bad = ones([2 ** 21], { device }).add(1);
    await expect(bad.data()).rejects.toThrow(
      /out of memory: 8 MiB requested, 12 MiB in use in 2 buffers \(.*ones .*\(not enough memory left\)/,
    );
    bad.dispose();
    expect(ones([2 ** 21], { device }).add(live.amax()).sum().item()).toBe(2 ** 22);
  });

  test("a lost device: pending reads reject, work throws, and a new device can be opened", async () => {
    const device = await open();
    const live = memory().storages;
    const all = scope();
    const x = ones([4], { device });
    // Long enough that the work is still running when the device is destroyed.
    let y = ones([2 ** 20], { device });
    for (let i = 0; i < 40; i++) y = y.tanh();
    const pending = expect(y.data()).rejects.toThrow(/the device "gpu-errors" was lost .*await webgpu\(\)/);
    opened!.engine.device.destroy();
    await pending;
    expect(() => x.add(1)).toThrow(/the device "gpu-errors" was lost/);
    expect(() => x.toArray()).toThrow(/the device "gpu-errors" was lost/);
    await expect(x.data()).rejects.toThrow(/the device "gpu-errors" was lost/);
    x.dispose();
    all.end();
    expect(memory().storages).toBeLessThanOrEqual(live);
    const other = await open();
    expect(other).not.toBe(device);
    expect(ones([2], { device: "gpu-errors" }).add(1).toArray()).toEqual([2, 2]);
  });

  test("a destroyed device throws immediately, with the operation, its name and the remedy", async () => {
    const device = await open();
    const x = ones([4], { device });
    x.toArray();
    opened!.engine.device.destroy();
    // In the same turn of the event loop: the runtime has not reported the loss yet.
    const lost = (operation: string) =>
      new RegExp(`^${operation}: the device "gpu-errors" was lost \\(destroyed\\); .*await webgpu\\(\\)`);
    expect(() => x.toArray()).toThrow(lost("read"));
    expect(() => x.add(1)).toThrow(lost("add"));
    expect(() => x.add_(1)).toThrow(lost("add"));
    expect(() => x.reshape(2, 2).matmul(x.reshape(2, 2))).toThrow(lost("matmul"));
    expect(() => ones([2], { device })).toThrow(lost("(full|ones)"));
    expect(() => tensor([1], { device })).toThrow(lost("(tensor|write)"));
    await expect(x.data()).rejects.toThrow(lost("data"));
    x.dispose();
  });
});
