import { afterEach, expect, test, vi } from "vitest";
import {
  dataFolder,
  debugLevel,
  deviceName,
  fixThreads,
  hubAddress,
  memoryBudget,
  poisonsMemory,
  threadCount,
} from "./env.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

test("unset variables have defaults", () => {
  for (const name of ["DEBUG", "DEVICE", "THREADS", "DATA", "HUB", "MEMORY_BUDGET", "POISON"]) {
    vi.stubEnv(`HEDDLE_${name}`, "");
  }
  expect([debugLevel(), deviceName(), threadCount(), dataFolder(), hubAddress(), memoryBudget(), poisonsMemory()])
    .toEqual([0, undefined, 0, undefined, undefined, 2 ** 30, false]);
});

test("set variables are read", () => {
  vi.stubEnv("HEDDLE_DEVICE", "null");
  vi.stubEnv("HEDDLE_THREADS", "3");
  vi.stubEnv("HEDDLE_HUB", "https://hub.example");
  vi.stubEnv("HEDDLE_MEMORY_BUDGET", "5");
  vi.stubEnv("HEDDLE_POISON", "1");
  expect([deviceName(), threadCount(), hubAddress(), memoryBudget(), poisonsMemory()])
    .toEqual(["null", 3, "https://hub.example", 5 * 2 ** 20, true]);
});

test.each([["HEDDLE_THREADS", "-1", threadCount], ["HEDDLE_THREADS", "many", threadCount], [
  "HEDDLE_MEMORY_BUDGET",
  "1.5",
  memoryBudget,
]])("%s=%s is refused by name", (name, value, read) => {
  vi.stubEnv(name, value);
  expect(read).toThrow(`${name}=${value}: expected an integer of at least 0`);
});

test("Deno is never made to ask for a permission", () => {
  const read: unknown[] = [];
  const env = new Proxy({ HEDDLE_DEVICE: "null", HEDDLE_THREADS: "3" } as Record<string, string>, {
    get(values, name) {
      read.push(name);
      return values[name as string];
    },
  });
  vi.stubGlobal("process", { env });
  vi.stubGlobal("Deno", {
    permissions: {
      querySync: ({ name, variable }: { name: string; variable: string }) => ({
        state: name === "env" && variable === "HEDDLE_DEVICE" ? "granted" : "prompt",
      }),
    },
  });
  expect([deviceName(), threadCount()]).toEqual(["null", 0]);
  expect(read).toEqual(["HEDDLE_DEVICE"]);
});

test("a worker fixes its number of threads, whatever the environment says", () => {
  vi.stubEnv("HEDDLE_THREADS", "3");
  fixThreads(1);
  expect(threadCount()).toBe(1);
  fixThreads(0);
  expect(threadCount()).toBe(3);
});
