import { afterEach, describe, expect, test, vi } from "vitest";
import { collectGarbage, nextTurn } from "../runtime.ts";

type Heddle = typeof import("../mod.ts") & typeof import("../engine_mod.ts");

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.resetModules(); // test files share modules, and the next file must not get these
});

/** A fresh copy of the package on the null device, which allocates no real memory, and its warnings. */
async function fresh(): Promise<{ heddle: Heddle; lines: string[] }> {
  vi.stubEnv("HEDDLE_DEVICE", "null");
  vi.resetModules();
  const lines: string[] = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => void lines.push(line));
  return { heddle: { ...await import("../mod.ts"), ...await import("../engine_mod.ts") }, lines };
}

/** Live MiB. */
const live = ({ memory }: Heddle): number => memory().liveBytes / 2 ** 20;

describe("a loop without scopes", () => {
  /** The peak memory while a step of 4 MiB runs repeatedly. */
  async function most(heddle: Heddle, steps: number, wait: (step: number) => Promise<unknown>): Promise<number> {
    const x = heddle.zeros([2 ** 20]);
    let high = 0;
    for (let i = 0; i < steps; i++) {
      x.mul(2);
      await wait(i);
      high = Math.max(high, live(heddle));
    }
    return high;
  }

  test("gets its memory back if it awaits data()", async () => {
    const { heddle, lines } = await fresh();
    const small = heddle.zeros([1]);
    expect(await most(heddle, 500, () => small.data())).toBeLessThan(1024);
    expect(lines).toEqual([]);
  });

  test("gets it back if the event loop turns", async () => {
    const { heddle, lines } = await fresh();
    expect(await most(heddle, 500, () => new Promise((resolve) => setTimeout(resolve, 0)))).toBeLessThan(1536);
    expect(lines).toEqual([]);
  });

  test("gets it back after a registry died whose finalizers were due", async () => {
    collectGarbage();
    for (let turn = 0; turn < 20; turn++) await nextTurn(); // of no other registry finalizers are due
    const held: object[] = [];
    (() => {
      const registry = new FinalizationRegistry(() => {});
      held.push(registry);
      registry.register({}, 0);
    })();
    collectGarbage();
    held.pop();
    collectGarbage();
    const { heddle } = await fresh();
    const small = heddle.zeros([1]);
    expect(await most(heddle, 500, () => small.data())).toBeLessThan(1024);
  });

  test("gets back many small tensors, too", async () => {
    const { heddle } = await fresh();
    const small = heddle.zeros([1]);
    for (let i = 0; i < 130_000; i++) {
      small.add(1);
      if (i % 100 === 0) await small.data();
    }
    expect(heddle.memory().storages).toBeLessThan(120_000);
  });

  test("is warned long before memory is used up if it never awaits", async () => {
    const { heddle, lines } = await fresh();
    const x = heddle.zeros([2 ** 20]);
    for (let i = 0; i < 400; i++) {
      heddle.tidy(() => void x.add(1)); // as optimisers and backward do: an earlier scope is not a scope around the loop
      x.mul(2);
    }
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^heddle: 1[01]\d\d MiB of tensors are alive and no scope is open; "mul" holds/);
    expect(lines[0]).toContain("using _ = scope();");
    expect(lines[0]).toContain("await loss.data()");
  });
});

describe("no warning", () => {
  test("if memory is in scopes, with or without awaits", async () => {
    const { heddle, lines } = await fresh();
    for (let step = 0; step < 3; step++) {
      const open = heddle.scope();
      const x = heddle.zeros([2 ** 20]);
      for (let i = 0; i < 500; i++) x.mul(2);
      await x.data();
      open.end();
    }
    expect(lines).toEqual([]);
  });

  test("if much memory is held, but allocated in several turns", async () => {
    const { heddle, lines } = await fresh();
    const held = [];
    for (let i = 0; i < 20; i++) {
      held.push(heddle.zeros([2 ** 25])); // 128 MiB
      await held[0]!.data();
    }
    expect(live(heddle)).toBe(20 * 128);
    expect(lines).toEqual([]);
  });
});

test("nothing waits while memory does not grow", async () => {
  const { heddle } = await fresh();
  const x = heddle.zeros([1]);
  for (let i = 0; i < 1000; i++) {
    x.add(1).dispose();
    expect(heddle.reclaiming()).toBe(null);
  }
  heddle.zeros([2 ** 27]).dispose();
  expect(heddle.reclaiming()).not.toBe(null);
  await heddle.reclaiming();
  expect(heddle.reclaiming()).toBe(null);
});

describe("the out-of-memory error", () => {
  test.each([[false, /no scope is open: put `using _ = scope\(\);`/], [
    true,
    /open scopes are freed at their end/,
  ]])(
    "says what holds the memory, and what to do (in a scope: %s)",
    async (scoped, advice) => {
      const { heddle } = await fresh();
      const { backend } = heddle.getDevice("null");
      const x = heddle.zeros([1000]);
      vi.spyOn(backend, "alloc").mockImplementation(() => {
        throw new RangeError("out of memory: 4 bytes more do not fit");
      });
      const open = scoped ? heddle.scope() : null;
      expect(() => x.mul(2)).toThrow(advice);
      expect(() => x.mul(2)).toThrow(
        /^mul: out of memory: 4 bytes more do not fit \("zeros" holds 0 MiB in 1 tensors;/,
      );
      open?.end();
      expect(heddle.memory().storages).toBe(1);
    },
  );
});
