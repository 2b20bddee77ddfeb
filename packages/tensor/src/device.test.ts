import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules(); // test files share modules, and the next file must not get these
});

async function fresh(): Promise<typeof import("./mod.ts") & typeof import("./backend_mod.ts")> {
  vi.resetModules();
  return { ...await import("./mod.ts"), ...await import("./backend_mod.ts") };
}

test("HEDDLE_DEVICE chooses where tensors are made; an option or a call chooses otherwise", async () => {
  vi.stubEnv("HEDDLE_DEVICE", "null");
  const heddle = await fresh();
  expect(heddle.zeros([1]).device.name).toBe("null");
  expect(heddle.zeros([1], { device: "reference" }).device.name).toBe("reference");
  expect(heddle.zerosLike(heddle.zeros([1], { device: "reference" })).device.name).toBe("reference");
  heddle.setDefaultDevice("reference");
  expect(heddle.zeros([1]).device.name).toBe("reference");
});

test("a device that is not there is named when it is first needed", async () => {
  vi.stubEnv("HEDDLE_DEVICE", "tpu");
  const heddle = await fresh();
  expect(() => heddle.zeros([1])).toThrow(/there is no device "tpu"; there are/);
  for (const open of [() => heddle.getDevice("gpu"), () => heddle.tensor(1, { device: "cpu" }).to("gpu")]) {
    expect(open).toThrow(/; await webgpu\(\) of "@heddle\/gpu" opens "gpu"$/);
  }
});

test("backends are made when they are first asked for, once", async () => {
  const heddle = await fresh();
  const make = vi.fn(() => new heddle.NullBackend());
  heddle.registerDevice("lazy", make);
  expect(heddle.deviceNames()).toContain("lazy");
  expect(make).not.toHaveBeenCalled();
  expect(heddle.getDevice("lazy")).toBe(heddle.getDevice("lazy"));
  expect(make).toHaveBeenCalledTimes(1);
});

test("without autograd what needs it says what to import", async () => {
  const { ones } = await fresh();
  for (
    const use of [
      () => ones([1]).backward(),
      () => ones([1]).requiresGrad_(),
      () => ones([1], { requiresGrad: true }),
      () => ones([1]).registerHook(() => {}),
      () => ones([1]).retainGrad(),
    ]
  ) expect(use).toThrow(/automatic differentiation is not loaded; add import "@heddle\/autograd"/);
  expect(ones([1]).requiresGrad).toBe(false);
  expect(ones([1]).isLeaf).toBe(true);
  expect(ones([1]).gradFn).toBe(null);
});
