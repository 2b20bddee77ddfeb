import { internals } from "../tensor/core.ts";
import { describe, expect, test } from "vitest";
import { arange, cat, keep, memory, ones, resetPeakMemory, scope, type Tensor, tidy, zeros } from "../mod.ts";

/** Live bytes and storages, which a test must leave unchanged. */
const live = (): [number, number] => [memory().liveBytes, memory().storages];

describe("memory()", () => {
  test("counts bytes and storages, by operation", () => {
    const before = memory();
    const x = zeros([1000]);
    const y = x.add(1);
    const now = memory();
    expect(now.liveBytes - before.liveBytes).toBe(8000);
    expect(now.storages - before.storages).toBe(2);
    const bytes = (operation: string, of: typeof now) =>
      of.byOperation.find((row) => row.operation === operation)?.bytes ?? 0;
    expect(bytes("add", now) - bytes("add", before)).toBe(4000);
    expect(bytes("zeros", now) - bytes("zeros", before)).toBe(4000);
    x.dispose();
    y.dispose();
    expect(live()).toEqual([before.liveBytes, before.storages]);
  });

  test("the peak stays until it is reset", () => {
    resetPeakMemory();
    const { liveBytes } = memory();
    zeros([1000]).dispose();
    zeros([10]).dispose();
    expect(memory().peakBytes).toBe(liveBytes + 4000);
    resetPeakMemory();
    expect(memory().peakBytes).toBe(liveBytes);
  });

  test("views share their storage, which lives as long as one of them", () => {
    const before = live();
    const x = arange(6);
    const view = x.view(2, 3);
    const row = view.at(1);
    expect(memory().storages).toBe(before[1] + 1);
    x.dispose();
    view.dispose();
    expect(row.toArray()).toEqual([3, 4, 5]);
    row.dispose();
    row.dispose(); // twice does nothing
    expect(live()).toEqual(before);
  });

  test("reading and printing leave nothing behind", () => {
    const x = arange(6).view(2, 3).t();
    const before = live();
    x.toArray();
    x.toTypedArray();
    String(x);
    x.select(0, 0).dispose();
    expect(x.at(0, 0).item()).toBe(0);
    expect(memory().storages).toBe(before[1]);
    x.dispose();
  });
});

describe("scope", () => {
  test("frees tensors made inside", () => {
    const before = live();
    const open = scope();
    const x = zeros([10]);
    cat([x.add(1), x.t()]).sum().item();
    expect(memory().liveBytes).toBeGreaterThan(before[0]);
    open.end();
    open.end(); // twice does nothing
    expect(live()).toEqual(before);
    expect(x.isDisposed).toBe(true);
  });

  test("does not free tensors made outside, or kept", () => {
    const before = live();
    const outside = ones([2]);
    const open = scope();
    const kept = keep(outside.add(1));
    const view = keep(zeros([4]).narrow(0, 0, 2));
    open.end();
    expect(outside.toArray()).toEqual([1, 1]);
    expect(kept.toArray()).toEqual([2, 2]);
    expect(view.toArray()).toEqual([0, 0]); // its base is freed, its memory is not
    for (const x of [outside, kept, view]) x.dispose();
    expect(live()).toEqual(before);
  });

  test("scopes nest: each frees its own", () => {
    const outer = scope();
    const a = zeros([1]);
    const inner = scope();
    const b = zeros([1]);
    inner.end();
    const c = zeros([1]);
    expect([a, b, c].map((x) => x.isDisposed)).toEqual([false, true, false]);
    outer.end();
    expect([a, b, c].map((x) => x.isDisposed)).toEqual([true, true, true]);
  });

  test("scopes that end out of order free their own tensors", () => {
    const before = live();
    const first = scope();
    const a = zeros([1]);
    const second = scope();
    const b = zeros([1]);
    first.end();
    expect([a.isDisposed, b.isDisposed]).toEqual([true, false]);
    const c = zeros([1]); // in the second, which is still open
    second.end();
    expect([b.isDisposed, c.isDisposed]).toEqual([true, true]);
    const d = zeros([1]); // in none
    const third = scope();
    third.end();
    expect(d.isDisposed).toBe(false);
    d.dispose();
    expect(live()).toEqual(before);
  });

  test("is what `using` takes", () => {
    const open = scope();
    const x = zeros([1]);
    open[Symbol.dispose]();
    expect(x.isDisposed).toBe(true);
  });

  test("a hundred steps of a loop need no more memory than one", () => {
    const weights = ones([50, 50]);
    const step = () => tidy(() => weights.matmul(weights).add(1).relu().sum().item());
    step();
    const before = live();
    resetPeakMemory();
    step();
    const peak = memory().peakBytes;
    for (let i = 0; i < 100; i++) step();
    expect(memory().peakBytes).toBe(peak);
    expect(live()).toEqual(before);
    weights.dispose();
  });
});

describe("tidy", () => {
  test("returned tensors survive, directly or in arrays and objects", () => {
    const before = live();
    const bare = tidy(() => ones([2]).add(1));
    const several = tidy(() => ({ sums: [ones([2]).sum(), ones([3]).sum()], name: "x", nothing: null }));
    expect(bare.toArray()).toEqual([2, 2]);
    expect(several.sums.map((x) => x.item())).toEqual([2, 3]);
    expect(several.name).toBe("x");
    for (const x of [bare, ...several.sums]) x.dispose();
    expect(live()).toEqual(before);
  });

  test("returned tensors survive in maps and sets", () => {
    const before = live();
    const make = () => ones([2]).add(1);
    const map = tidy(() => new Map([["a", [make()]], ["b", [make(), make()]]]));
    const keys = tidy(() => new Map([[make(), 1]]));
    const set = tidy(() => ({ deep: new Set([make(), make()]) }));
    const all = [...[...map.values()].flat(), ...keys.keys(), ...set.deep];
    expect(all.map((x) => x.toArray())).toEqual(Array(6).fill([2, 2]));
    for (const x of all) x.dispose();
    expect(live()).toEqual(before);
  });

  test("survivors belong to the enclosing scope", () => {
    let survivor: Tensor | undefined;
    tidy(() => {
      survivor = tidy(() => ones([2]));
      expect(survivor.isDisposed).toBe(false);
    });
    expect(survivor!.isDisposed).toBe(true);
  });

  test("if the enclosing scope has ended, survivors belong to the next open one", () => {
    const first = scope();
    const second = scope();
    const third = scope();
    const x = ones([2]);
    second.end();
    third.end([internals(x)]);
    expect(x.isDisposed).toBe(false);
    first.end();
    expect(x.isDisposed).toBe(true);
  });

  test("frees when the function throws", () => {
    const before = live();
    expect(() =>
      tidy(() => {
        ones([100]);
        throw new Error("on purpose");
      })
    ).toThrow("on purpose");
    expect(live()).toEqual(before);
  });

  test("an asynchronous function throws, since its scope would end too early", () => {
    expect(() => tidy(async () => await Promise.resolve(1))).toThrow(/asynchronous; open a scope inside/);
  });
});

describe("a scope that is open across an await", () => {
  const told = /open across an await.*another asynchronous function/s;
  const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

  test("owns tensors that another function makes meanwhile, and the error of their use says so", async () => {
    let made: Tensor | undefined;
    const first = async (): Promise<void> => {
      const own = scope();
      await Promise.resolve();
      await Promise.resolve();
      made = ones([2, 3]); // belongs to the second function's scope
      await turn();
      await turn();
      expect(() => made!.add(1)).toThrow(told);
      own.end();
    };
    const second = async (): Promise<void> => {
      const own = scope();
      await turn();
      own.end();
    };
    await Promise.all([first(), second()]);
    expect(made!.isDisposed).toBe(true);
  });

  test("also if that function has no scope, in any order of promises", async () => {
    const open = scope();
    const before = ones([2]);
    const other = (async () => {
      await Promise.resolve();
      return ones([2]);
    })();
    const made = await other;
    open.end();
    expect(() => made.add(1)).toThrow(told);
    await expect(made.data()).rejects.toThrow(told);
    // The message does not apply to tensors from before the await, by the function that opened the scope.
    expect(() => before.add(1)).toThrow(
      /call keep\(t\) inside the scope, or return it from tidy\(\(\) => …\), to use it afterwards$/,
    );
  });

  test("ordinary scopes do not cause this message", async () => {
    await Promise.resolve();
    const open = scope();
    const made = tidy(() => ones([2]));
    open.end();
    expect(() => made.add(1)).not.toThrow(told);
    expect(() => made.add(1)).toThrow(/was freed/);
    made.dispose();
    const other = ones([2]);
    other.dispose();
    await Promise.resolve();
    expect(() => other.add(1)).not.toThrow(told);
  });
});

describe("a freed tensor", () => {
  const freed = (): Tensor => {
    const x = ones([2, 3]);
    x.dispose();
    return x;
  };
  const explained =
    /this float32 tensor of shape \[2, 3\] was freed, by dispose\(\) or at the end of the scope .* call keep/;

  test.each<[string, (x: Tensor) => unknown]>([
    ["item", (x) => x.item()],
    ["toArray", (x) => x.toArray()],
    ["add", (x) => x.add(1)],
    ["add as the second operand", (x) => ones([2, 3]).add(x)],
    ["add_", (x) => x.add_(1)],
    ["copy_ as the source", (x) => ones([2, 3]).copy_(x)],
    ["sum", (x) => x.sum()],
    ["view", (x) => x.view(6)],
    ["t", (x) => x.t()],
    ["detach", (x) => x.detach()],
    ["cat", (x) => cat([x, ones([2, 3])])],
    ["matmul", (x) => x.matmul(x.t())],
    ["gather", (x) => x.gather(0, zeros([1, 1], { dtype: "int32" }))],
    ["at", (x) => x.at(0)],
    ["fill_", (x) => x.fill_(0)],
    ["normal_", (x) => x.normal_()],
    ["nonzero", (x) => x.nonzero()],
    ["to", (x) => x.to("int32")],
    ["requiresGrad", (x) => x.requiresGrad_()],
  ])("%s says so, and what to do", (_, use) => {
    expect(() => use(freed())).toThrow(explained);
  });

  test("data() rejects", async () => {
    await expect(freed().data()).rejects.toThrow(explained);
  });

  test("still prints, and still knows its shape", () => {
    expect(String(freed())).toBe("tensor(<freed>, shape=[2, 3], dtype=float32)");
    expect(freed().shape).toEqual([2, 3]);
  });
});

test.each(["x", null, undefined, {}, ones([1])])("tidy takes a function only (%#)", (wrong) => {
  expect(() => tidy(wrong as never)).toThrow(TypeError);
  expect(() => tidy(wrong as never)).toThrow(/^tidy: expected a function/);
});
