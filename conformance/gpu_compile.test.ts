/** Compiled steps on a GPU, in Deno: they run eagerly, and say so. */
import "@heddle/autograd";
import { compile } from "@heddle/compile";
import { defaultDevice, scope, setDefaultDevice } from "@heddle/tensor";
import { describe, expect, test, vi } from "vitest";
import { begin } from "./compile_models.ts";
import { gpuFor } from "./expected.ts";

const gpu = await gpuFor("compiled steps on a GPU");

describe.skipIf(gpu === null)("compiled steps on a GPU", () => {
  test.each(["tabular, Adam", "LSTM", "convnet"])("%s: the losses of eager mode, with one warning", async (name) => {
    const before = defaultDevice();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    setDefaultDevice(gpu!);
    try {
      const losses = async (compiled: boolean): Promise<number[]> => {
        const { step, batch } = begin(name);
        const run = compiled ? compile(step) : step;
        const found: number[] = [];
        for (let i = 0; i < 5; i++) {
          using _ = scope();
          found.push((await run(...batch()).data())[0] as number);
        }
        return found;
      };
      expect(await losses(true)).toEqual(await losses(false));
      expect(warn.mock.calls.flat().join()).toMatch(
        /^compile: runs eagerly from now on: .*"gpu" cannot be replayed yet$/,
      );
    } finally {
      setDefaultDevice(before);
      warn.mockRestore();
    }
  });
});
