import { arange, memory, ones, scope, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { backward, enableGrad, grad, isGradEnabled, noGrad } from "./mod.ts";

const leaf = (values: number[]) => tensor(values, { requiresGrad: true });

describe("backward", () => {
  test("accumulates over calls and over uses", () => {
    const x = leaf([1, 2]);
    x.mul(x).sum().backward();
    x.mul(3).sum().backward();
    expect(x.grad!.toArray()).toEqual([5, 7]);
  });

  test("passes a chain of 10,000 operations", () => {
    const x = leaf([1, -2]);
    let y = x;
    for (let i = 0; i < 5000; i++) y = y.mul(-1).add(1);
    y.sum().backward();
    expect(x.grad!.toArray()).toEqual([1, 1]);
  });

  test("starts from a given gradient", () => {
    const x = leaf([1, 2]);
    x.mul(2).backward(tensor([1, 10]));
    expect(x.grad!.toArray()).toEqual([2, 20]);
  });

  test("from several tensors at once", () => {
    const x = leaf([2]);
    backward([x.mul(3), x.square()]);
    expect(x.grad!.toArray()).toEqual([7]);
  });

  test("gradients follow mixed dtypes and broadcasting back", () => {
    const x = leaf([1, 2]);
    const y = tensor([[1], [2]], { dtype: "float64", requiresGrad: true });
    x.mul(y).sum().backward();
    expect(x.grad!.dtype).toBe("float32");
    expect(x.grad!.toArray()).toEqual([3, 3]);
    expect(y.grad!.toArray()).toEqual([[3], [3]]);
  });

  test("a gradient never shares memory with another", () => {
    const [x, y] = [leaf([1, 2]), leaf([3, 4])];
    x.add(y).sum().backward();
    noGrad(() => x.grad!.add_(1));
    expect(y.grad!.toArray()).toEqual([1, 1]);
  });

  test("runs twice with retainGraph, and says so without", () => {
    const x = leaf([3]);
    const y = x.square();
    y.backward(undefined, { retainGraph: true });
    y.backward();
    expect(x.grad!.item()).toBe(12);
    expect(() => y.backward()).toThrow(/retainGraph/);
  });

  test("refuses what has no gradient, and several elements without a start", () => {
    expect(() => ones([1]).backward()).toThrow(/needs no gradient/);
    expect(() => leaf([1, 2]).mul(2).backward()).toThrow(/shape \[2\].*sum\(\)/s);
    expect(() => leaf([1, 2]).mul(2).backward(ones([3]))).toThrow(/\[3\].*\[2\]/);
    expect(() => tensor([1], { dtype: "int32", requiresGrad: true })).toThrow(/int32/);
  });
});

describe("the graph", () => {
  test("noGrad and enableGrad nest and end with their function", () => {
    const x = leaf([1]);
    expect(noGrad(() => x.mul(2).requiresGrad)).toBe(false);
    expect(noGrad(() => enableGrad(() => x.mul(2).requiresGrad))).toBe(true);
    expect(() =>
      noGrad(() => {
        throw new Error("out");
      })
    ).toThrow("out");
    expect(isGradEnabled()).toBe(true);
    expect(() => noGrad(async () => {})).toThrow(/asynchronous/);
  });

  test("detach cuts, and shares memory", () => {
    const x = leaf([1, 2]);
    const cut = x.mul(2).detach();
    expect(cut.requiresGrad).toBe(false);
    x.mul(cut).sum().backward();
    expect(x.grad!.toArray()).toEqual([2, 4]);
  });

  test("hooks see and replace gradients, and can be removed", () => {
    const x = leaf([1, 2]);
    const seen: unknown[] = [];
    const y = x.mul(2);
    const remove = y.registerHook((g) => {
      seen.push(g.toArray());
      return g.mul(10);
    });
    y.sum().backward(undefined, { retainGraph: true });
    remove();
    y.sum().backward();
    expect(seen).toEqual([[1, 1]]);
    expect(x.grad!.toArray()).toEqual([22, 22]);
  });

  test("retainGrad keeps the gradient of what is not a leaf", () => {
    const y = leaf([1, 2]).mul(2);
    y.retainGrad();
    y.square().sum().backward();
    expect(y.grad!.toArray()).toEqual([4, 8]);
  });

  test("gradFn names the operation, leaves have none", () => {
    const x = leaf([1]);
    expect(x.gradFn).toBe(null);
    expect(x.exp().gradFn!.name).toBe("exp");
    expect(x.isLeaf).toBe(true);
    expect(x.exp().isLeaf).toBe(false);
    expect(() => {
      x.exp().requiresGrad = false;
    }).toThrow(/detach/);
  });
});

describe("what a hook returns", () => {
  test.each<[string, unknown, RegExp]>([
    ["a number", 2, /^registerHook: the gradient of a tensor of shape \[2\] is a tensor or null, got 2/],
    ["true", true, /got true/],
    ["another shape", ones([3]), /^registerHook: the gradient has shape \[3\], its tensor \[2\]/],
    ["a shape that would broadcast", ones([1]), /shape \[1\], its tensor \[2\]/],
    ["another dtype", ones([2], { dtype: "float64" }), /float64/],
    ["another device", ones([2], { device: "reference" }), /on "reference"/],
  ])("%s is refused, and no gradient changes", (_, value, message) => {
    const [x, y] = [leaf([1, 2]), leaf([1, 2])];
    const inner = x.mul(2);
    for (const hooked of [x, inner]) {
      const remove = hooked.registerHook(() => value as Tensor);
      const loss = inner.mul(y).sum();
      expect(() => loss.backward(undefined, { retainGraph: true })).toThrow(message);
      expect([x.grad, y.grad]).toEqual([null, null]);
      remove();
    }
  });

  test("null counts as nothing", () => {
    const x = leaf([1, 2]);
    x.registerHook(() => null as never);
    x.sum().backward();
    expect(x.grad!.toArray()).toEqual([1, 1]);
  });
});

describe("arguments in the wrong place", () => {
  const x = leaf([1]);

  test("backward says that the gradient comes first", () => {
    const advice = "backward(undefined, { retainGraph: true })";
    for (const wrong of [{ retainGraph: true }, { createGraph: false }, 3, "x", [1], true]) {
      const backwards = [() => x.sum().backward(wrong as never), () => backward([x.sum()], [wrong as never])];
      for (const run of backwards) {
        expect(run).toThrow(TypeError);
        expect(run).toThrow(advice);
      }
    }
    expect(() => backward([3 as never])).toThrow("backward: expected output to be a tensor");
    x.sum().backward(null as never);
    expect(x.grad!.toArray()).toEqual([1]);
  });

  test("grad names what is no tensor", () => {
    expect(() => grad([3 as never], [x])).toThrow("grad: expected output to be a tensor, got a number");
    expect(() => grad(x.sum(), [x, undefined as never])).toThrow("grad: expected input 1 to be a tensor");
    expect(() => grad(undefined as never, x)).toThrow("grad: expected output to be a tensor, got undefined");
    expect(() => grad(x.sum(), x, { gradOutputs: [1 as never] })).toThrow("grad: expected each of gradOutputs");
    expect(() => grad(x.sum(), x, { gradOutputs: ones([1]) as never })).toThrow("grad: gradOutputs is a list");
  });
});

describe("what is assigned to grad", () => {
  const x = ones([2, 2], { requiresGrad: true });

  const freed = (): Tensor => {
    const gone = ones([2, 2]);
    gone.dispose();
    return gone;
  };

  test.each<[string, unknown, RegExp]>([
    ["a number", 5, /^grad: .*shape \[2, 2\] is a tensor or null, got 5; full/],
    ["a string", "1", /tensor or null/],
    ["an array", [[1, 2], [3, 4]], /tensor or null/],
    ["another shape", ones([2]), /^grad: the gradient has shape \[2\], its tensor \[2, 2\]/],
    ["another rank", ones([1, 2, 2]), /\[1, 2, 2\], its tensor \[2, 2\]/],
    [
      "another dtype",
      ones([2, 2], { dtype: "int32" }),
      /is int32, its tensor .* float32; cast it with \.to\("float32"\)/,
    ],
    ["another precision", ones([2, 2], { dtype: "float16" }), /is float16/],
    ["another device", ones([2, 2], { device: "reference" }), /on "reference".*on "cpu"; move it with \.to\("cpu"\)/],
    ["a freed tensor", freed(), /^grad: this float32 tensor of shape \[2, 2\] was freed/],
  ])("%s is refused", (_, value, message) => {
    const before = x.grad;
    expect(() => x.grad = value as Tensor).toThrow(message);
    expect(x.grad).toBe(before);
  });

  test("a tensor that fits is taken, and null", () => {
    const half = ones([2], { dtype: "float16", requiresGrad: true });
    half.grad = ones([2], { dtype: "float16" });
    expect(half.grad.toArray()).toEqual([1, 1]);
    half.grad = null;
    expect(half.grad).toBeNull();
    half.grad = undefined as unknown as null;
    expect(half.grad).toBeNull();
  });
});

describe("grad", () => {
  test("leaves grad alone, and takes tensors that are not leaves", () => {
    const x = leaf([2]);
    const y = x.square();
    const [gy, gx] = grad([y.mul(3)], [y, x]);
    expect([gy!.item(), gx!.item()]).toEqual([3, 12]);
    expect(x.grad).toBe(null);
  });

  test("createGraph gives third derivatives", () => {
    const x = leaf([2]);
    let y = x.pow(4);
    for (const expected of [32, 48, 48]) {
      [y] = grad([y], [x], { createGraph: true }) as [typeof y];
      expect(y.item()).toBe(expected);
    }
  });

  test("an unused input is an error, or null where allowed", () => {
    const [x, y] = [leaf([1]), leaf([1])];
    expect(() => grad([x.mul(2)], [y])).toThrow(/do not depend on input 0/);
    expect(grad([x.mul(2)], [y], { allowUnused: true })).toEqual([null]);
    expect(() => grad([x.mul(2)], [ones([1])])).toThrow(/needs no gradient/);
  });
});

describe("in-place operations", () => {
  test("become part of the history, through views of a base", () => {
    const w = leaf([1, 2, 3]);
    const base = zeros([2, 3]);
    const row = base.at(0);
    row.copy_(w);
    base.at(1).add_(w.mul(2));
    expect(row.requiresGrad).toBe(true);
    base.square().sum().backward();
    expect(w.grad!.toArray()).toEqual([10, 20, 30]);
  });

  test("a view taken before its base was written sees the new history", () => {
    const w = leaf([5]);
    const base = ones([3]).mul(2);
    const early = base.narrow(0, 1, 2);
    base.mul_(w);
    early.sum().backward();
    expect(w.grad!.toArray()).toEqual([4]);
  });

  test("overwritten elements get no gradient", () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(2);
    y.at("1:").fill_(7);
    y.sum().backward();
    expect(x.grad!.toArray()).toEqual([2, 0, 0]);
  });

  test("an operation may need what it overwrites", () => {
    const [x, f] = [leaf([3]), leaf([4])];
    const y = x.mul(1);
    y.mul_(f);
    y.backward();
    expect([x.grad!.item(), f.grad!.item()]).toEqual([4, 3]);
  });

  test("so may one that is made of several", () => {
    const [x, d] = [leaf([7, -7]), leaf([2, 2])];
    const quotient = x.mul(1).div_(d, { roundingMode: "trunc" });
    expect(quotient.toArray()).toEqual([3, -3]);
    quotient.sum().backward();
    expect([x, d].map(({ grad }) => grad!.abs().toArray())).toEqual([[0, 0], [0, 0]]);
    const [y, end, weight] = [leaf([1, 2]), leaf([3, 5]), leaf([0.25, 0.75])];
    y.mul(1).lerp_(end, weight).sum().backward();
    expect([y.grad!.toArray(), end.grad!.toArray(), weight.grad!.toArray()]).toEqual([[0.75, 0.25], [0.25, 0.75], [
      2,
      3,
    ]]);
    const [z, low] = [leaf([1, 2]), leaf([0, 3])];
    z.mul(1).clamp_({ min: low }).sum().backward();
    expect([z.grad!.toArray(), low.grad!.toArray()]).toEqual([[1, 0], [0, 1]]);
  });

  test("on a leaf, or over a saved value, are errors that say what to do", () => {
    const x = leaf([1, 2]);
    expect(() => x.add_(1)).toThrow(/noGrad.*clone/);
    expect(() => x.at(0).fill_(1)).toThrow(/view of a leaf/);
    const y = x.mul(2);
    const z = y.exp();
    z.add_(1);
    expect(() => z.sum().backward()).toThrow(/"exp".*in-place/s);
  });
});

describe("memory", () => {
  test("a step in a scope leaves its gradients and nothing else", () => {
    const w = leaf(new Array(100).fill(1));
    const step = () => {
      using _ = scope();
      w.mul(2).exp().mul(w).sum().backward();
      w.grad!.dispose();
      w.grad = null;
    };
    step();
    const before = memory().liveBytes;
    for (let i = 0; i < 10; i++) step();
    expect(memory().liveBytes).toBe(before);
  });

  test("a graph that never runs backward goes with its scope", () => {
    const w = leaf([1, 2]);
    const before = memory().storages;
    {
      using _ = scope();
      w.exp().mul(w).tanh().sum().item();
    }
    expect(memory().storages).toBe(before);
  });

  test("backward frees what was saved as it passes", () => {
    const w = leaf(new Array(1000).fill(0.1));
    using _ = scope();
    const y = w.exp().exp().exp().sum();
    expect(arange(3).numel).toBe(3);
    y.backward();
    expect(() => y.backward()).toThrow(/freed/);
  });
});

test.each<[string, readonly number[], (x: Tensor) => Tensor]>([
  ["the median of nothing", [0, 3], (x) => x.median()],
  ["the median of nothing but NaN", [0, 3], (x) => x.nanmedian()],
  ["distances between points without coordinates", [3, 0], (x) => x.cdist(x)],
  ["the largest distances between such points", [3, 0], (x) => x.cdist(x, Infinity)],
  ["distances between pairs of no points", [0, 3], (x) => x.pdist()],
  ["distances between pairs of one point", [1, 3], (x) => x.pdist()],
  ["distances between pairs of points without coordinates", [3, 0], (x) => x.pdist(Infinity)],
])("%s have a gradient", (_, shape, compute) => {
  const x = zeros(shape).requiresGrad_();
  compute(x).sum().backward();
  expect(x.grad!.toArray()).toEqual(zeros(shape).toArray());
});
