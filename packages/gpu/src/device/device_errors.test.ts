import { describe, expect, test } from "vitest";
import { DeviceErrors } from "./device_errors.ts";

class GPUOutOfMemoryError extends Error {}
class GPUValidationError extends Error {}

/** A device that fails on demand. */
function failing(): {
  errors: DeviceErrors;
  fail: (error: Error) => void;
  lose: () => Promise<Error>;
  trims: () => number;
} {
  let listener: (event: { error: Error; preventDefault(): void }) => void = () => {};
  let resolve: (info: { reason: string; message: string }) => void = () => {};
  let trims = 0;
  const device = {
    addEventListener: (_: string, given: typeof listener) => listener = given,
    lost: new Promise((settle) => resolve = settle),
    destroy() {},
  } as unknown as GPUDevice;
  const errors = new DeviceErrors(device, () => `out of memory: 5 MiB in use, for the ${++trims}. time`);
  return {
    errors,
    fail: (error) => listener({ error, preventDefault() {} }),
    lose: () => {
      resolve({ reason: "unknown", message: "driver gone" });
      return errors.lost;
    },
    trims: () => trims,
  };
}

describe("errors of the GPU", () => {
  test("the first error since the last check is thrown, once", () => {
    const { errors, fail } = failing();
    errors.check();
    fail(new GPUValidationError("Shader 'map 1' is wrong"));
    fail(new GPUValidationError("pipeline is invalid"));
    expect(errors.pending).toBe(true);
    expect(() => errors.check()).toThrow("webgpu: Shader 'map 1' is wrong (HEDDLE_DEBUG=1 prints");
    expect(errors.pending).toBe(false);
    errors.check();
  });

  test("a cause takes precedence over its consequences, whichever is reported first, and the first cause over others", async () => {
    const { errors, fail } = failing();
    const answers: ((error: GPUError | null) => void)[] = [];
    for (const kernel of ["sound", "map 1", "map 2"]) {
      const answer = new Promise<GPUError | null>((resolve) => answers.push(resolve));
      errors.watch(answer, (reason) => `the kernel "${kernel}" was rejected: ${reason}`);
    }
    errors.watch(Promise.reject(new Error("lost")), () => "never");
    fail(new GPUValidationError("pipeline is invalid"));
    const answered = errors.settled();
    answers[0]!(null);
    answers[1]!({ message: "no main\n" });
    answers[2]!({ message: "no main either" });
    await answered;
    fail(new GPUValidationError("commands are invalid"));
    expect(() => errors.check()).toThrow(/^webgpu: the kernel "map 1" was rejected: no main$/);
    errors.check();
    fail(new GPUValidationError("something else"));
    await errors.settled();
    expect(() => errors.check()).toThrow("webgpu: something else");
  });

  test("out of memory frees memory and reports what holds the rest", () => {
    const { errors, fail, trims } = failing();
    fail(new GPUOutOfMemoryError("no memory"));
    expect(trims()).toBe(1);
    expect(() => errors.check()).toThrow("webgpu: out of memory: 5 MiB in use, for the 1. time (no memory)");
  });

  test("a lost device stays lost", async () => {
    const { errors, lose } = failing();
    errors.checkLost();
    const error = await lose();
    expect(error.message).toMatch(/the device "gpu" was lost \(unknown: driver gone\).*await webgpu\(\)/);
    for (let i = 0; i < 2; i++) {
      expect(() => errors.check()).toThrow(error);
      expect(() => errors.checkLost()).toThrow(error);
    }
  });
});
