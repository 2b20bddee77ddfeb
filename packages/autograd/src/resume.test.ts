import { defaultDevice, memory, ones, scope, type Tensor, tensor, tidy } from "@heddle/tensor";
import { afterEach, describe, expect, test, vi } from "vitest";
import { backward, customFunction, grad, noGrad } from "./mod.ts";

afterEach(() => vi.restoreAllMocks());

/** Runs with the n-th allocation refused, as where memory is short. Returns whether it came to that. */
function refusing(n: number, run: () => void): boolean {
  const { backend } = defaultDevice();
  const { alloc } = backend;
  let count = 0;
  const spy = vi.spyOn(backend, "alloc").mockImplementation((bytes) => {
    if (count++ === n) throw new RangeError("out of memory: on purpose");
    return alloc.call(backend, bytes);
  });
  try {
    run();
    return false;
  } catch (error) {
    expect(String(error)).toContain("out of memory: on purpose");
    return true;
  } finally {
    spy.mockRestore();
  }
}

/** Leaves, and a function that makes a loss of them. */
interface Case {
  readonly leaves: () => Tensor[];
  readonly loss: (...leaves: Tensor[]) => Tensor;
}

const leaf = (values: number[] | number[][]): Tensor => tensor(values, { requiresGrad: true });
const cases: Record<string, Case> = {
  "a chain": { leaves: () => [leaf([1, 2, 3])], loss: (x) => x.exp().mul(2).sin().square().sum() },
  "sums of gradients": {
    leaves: () => [leaf([1, 2]), leaf([3, 4])],
    loss: (x, y) => x.mul(y!).add(x!).mul(x!.add(y!)).sum(),
  },
  "the same operand twice": { leaves: () => [leaf([1, 2])], loss: (x) => x!.mul(x!).matmul(x!) },
  "a gradient shared by leaves": { leaves: () => [leaf([1, 2]), leaf([3, 4])], loss: (x, y) => x!.add(y!).sum() },
  "a network": {
    leaves: () => [leaf([[1, 2], [3, 4]]), leaf([1, -1]), leaf([[0.5], [2]])],
    loss: (w, b, v) => ones([3, 2]).matmul(w!).add(b!).relu().matmul(v!).square().mean(),
  },
  "broadcasting, other dtypes and in-place writes": {
    leaves: () => [leaf([1, 2]), tensor([[1], [2]], { dtype: "float64", requiresGrad: true })],
    loss: (x, y) => {
      const z = x!.mul(y!);
      z.at(0).mul_(3);
      return z.logSoftmax(1).sum();
    },
  },
  "hooks and retained gradients": {
    leaves: () => [leaf([1, 2])],
    loss: (x) => {
      const y = x!.mul(3);
      y.retainGrad();
      y.registerHook((g) => g.mul(2));
      x!.registerHook((g) => g.add(1));
      return y.square().exp().log().sum();
    },
  },
  "a custom function": {
    leaves: () => [leaf([1, 2])],
    loss: (x) =>
      customFunction({
        forward: (context, a: Tensor) => (context.saveForBackward(a), a.pow(3)),
        backward: (context, g) => g.mul(context.savedTensors[0]!.square().mul(3)),
      })(x!.exp()).sum(),
  },
};

const values = (tensors: readonly (Tensor | null)[]) => tensors.map((t) => t?.toArray());

describe.each(Object.entries(cases))("memory that runs out in %s", (_, { leaves, loss }) => {
  test.each([
    ["backward", false, {}],
    ["backward onto gradients that are there", true, {}],
    ["backward with createGraph", false, { createGraph: true, retainGraph: false }],
    ["backward with retainGraph", true, { retainGraph: true }],
  ])("%s: tried again it gives the same gradients, whichever allocation fails", (_, there, options) => {
    const before = [memory().liveBytes, memory().storages];
    const run = (refused: number | null): { failed: boolean; result: unknown } => {
      using _ = scope();
      const xs = leaves();
      if (there) { for (const x of xs) x.grad = tidy(() => x.detach().mul(10)); }
      const y = loss(...xs);
      let failed = false;
      if (refused !== null) {
        const held = values(xs.map((x) => x.grad));
        failed = refusing(refused, () => backward([y], undefined, options));
        if (failed) expect(values(xs.map((x) => x.grad))).toEqual(held);
      }
      if (failed || refused === null) backward([y], undefined, options);
      return { failed, result: values(xs.map((x) => x.grad)) };
    };
    const { result } = run(null);
    let n = 0;
    for (; n < 1000; n++) {
      const again = run(n);
      expect(again.result).toEqual(result);
      expect([memory().liveBytes, memory().storages]).toEqual(before);
      if (!again.failed) break;
    }
    expect(n).toBeGreaterThan(0);
  });

  test("grad: tried again it gives the same", () => {
    const before = [memory().liveBytes, memory().storages];
    const run = (refused: number | null): { failed: boolean; result: unknown } => {
      using _ = scope();
      const xs = leaves();
      const y = loss(...xs);
      let found: (Tensor | null)[] = [];
      const failed = refused !== null && refusing(refused, () => void (found = grad(y, xs)));
      if (failed || refused === null) found = grad(y, xs);
      return { failed, result: values(found) };
    };
    const { result } = run(null);
    let n = 0;
    for (; n < 1000; n++) {
      const again = run(n);
      expect(again.result).toEqual(result);
      expect([memory().liveBytes, memory().storages]).toEqual(before);
      if (!again.failed) break;
    }
    expect(n).toBeGreaterThan(0);
  });
});

describe("a backward pass that failed on its way", () => {
  /** A loss whose backward fails at the second of its operations. */
  function stuck(): { x: Tensor; y: Tensor } {
    const x = tensor([1, 2], { requiresGrad: true });
    const y = x.exp().mul(x).square().sum();
    expect(refusing(3, () => y.backward())).toBe(true);
    return { x, y };
  }

  test("does what it has to after zeroGrad, too", () => {
    using _ = scope();
    const { x, y } = stuck();
    x.grad = null;
    y.backward();
    const again = x.detach().requiresGrad_();
    again.exp().mul(again).square().sum().backward();
    expect(x.grad!.toArray()).toEqual(again.grad!.toArray());
  });

  test("is freed with its root", () => {
    const before = [memory().liveBytes, memory().storages];
    tidy(() => void stuck());
    expect([memory().liveBytes, memory().storages]).toEqual(before);
  });

  test("does not go on when something else is asked for", () => {
    using _ = scope();
    const { y } = stuck();
    expect(() => y.backward(tensor(2))).toThrow(/retainGraph/);
  });

  test("runs no hook twice", () => {
    using _ = scope();
    const x = tensor([1, 2], { requiresGrad: true });
    let calls = 0;
    const y = x.exp();
    y.registerHook(() => void calls++);
    const z = y.mul(x).square().sum();
    for (let n = 0; n < 1000; n++) if (!refusing(n, () => z.backward())) break; // always the same graph
    expect(calls).toBe(1);
    noGrad(() => expect(x.grad!.allclose(x.exp().mul(x).mul(x.add(1)).mul(x.exp()).mul(2))).toBe(true));
  });
});
