import {
  arange,
  cat,
  conv2d,
  einsum,
  keep,
  manualSeed,
  memory,
  ones,
  rand,
  scope,
  stack,
  type Tensor,
  tidy,
  where,
  zeros,
} from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { backward, customFunction, enableGrad, grad, gradcheck, hessian, jacobian, noGrad } from "./mod.ts";

const live = (): [number, number] => [memory().liveBytes, memory().storages];
const leaf = (...shape: number[]): Tensor => rand(shape).add(0.5).detach().requiresGrad_();

const cube = customFunction({
  forward(context, x: Tensor) {
    context.saveForBackward(x);
    return x.pow(3);
  },
  backward(context, g) {
    return g.mul(context.savedTensors[0]!.square().mul(3));
  },
});
const thrower = customFunction({
  forward: (_, x: Tensor) => x.mul(2),
  backward() {
    ones([10]);
    throw new Error("on purpose");
  },
});

/** What the failing step of a usage throws is of no interest; that it throws is. */
function fails(run: () => unknown): void {
  expect(run).toThrow();
}

const weights = { w: leaf(4, 4), b: leaf(4) };
for (const weight of Object.values(weights)) keep(weight);

/** Usages, each run in a scope of its own. */
const usages: Record<string, () => unknown> = {
  "a saliency map": () => {
    const image = leaf(1, 1, 6, 6);
    conv2d(image, rand([2, 1, 3, 3])).relu().sum().backward();
    return image.grad!.abs().amax();
  },
  "an adversarial input, one step (FGSM)": () => {
    const x = leaf(2, 4);
    x.matmul(weights.w).square().sum().backward();
    const worse = x.detach().add(x.grad!.sign(), { alpha: 0.1 });
    weights.w.grad = null;
    return worse.sum().item();
  },
  "an adversarial input, several steps (PGD)": () => {
    let x = rand([2, 4]);
    for (let i = 0; i < 3; i++) {
      const point = x.detach().requiresGrad_();
      const [g] = grad(point.matmul(weights.w).square().sum(), point);
      x = point.detach().add(g!.sign(), { alpha: 0.1 }).clamp({ min: 0, max: 1 });
    }
    return x.sum().item();
  },
  "style transfer by hand": () => {
    const image = leaf(4, 4);
    const gram = (t: Tensor) => t.matmul(t.t());
    const style = gram(rand([4, 4]));
    for (let i = 0; i < 3; i++) {
      image.grad = null;
      gram(image).sub(style).square().mean().backward();
      noGrad(() => image.sub_(image.grad!, { alpha: 0.1 }));
    }
  },
  "gradients that accumulate": () => {
    const x = leaf(5);
    for (let i = 0; i < 3; i++) x.square().sum().backward();
  },
  "double backward": () => {
    const x = leaf(5);
    const [g] = grad(x.pow(3).sum(), x, { createGraph: true });
    g!.square().sum().backward();
  },
  "backward with createGraph, twice": () => {
    const x = leaf(5);
    const y = x.pow(3).sum();
    y.backward(undefined, { createGraph: true });
    const first = x.grad!;
    y.backward(undefined, { createGraph: true });
    expect(first.isDisposed).toBe(false);
    x.grad!.sum().backward();
  },
  "a gradient penalty": () => {
    const x = leaf(3, 4);
    const y = x.matmul(weights.w).tanh().sum();
    const [g] = grad(y, x, { createGraph: true });
    grad(y.add(g!.norm().sub(1).square()), [weights.w]);
  },
  "a Hessian and a Jacobian": () => {
    hessian((x) => x.pow(3).sum(), rand([3]));
    jacobian((x) => x.square(), rand([3]));
  },
  "hooks and retained gradients": () => {
    const x = leaf(5);
    const y = x.exp();
    y.retainGrad();
    y.registerHook((g) => g.mul(2));
    x.registerHook((g) => g.add(1));
    y.square().sum().backward();
    expect(y.grad).not.toBe(null);
  },
  "a retained gradient with createGraph": () => {
    const y = leaf(5).exp();
    y.retainGrad();
    y.square().sum().backward(undefined, { createGraph: true });
  },
  "a custom function": () => cube(leaf(5)).sum().backward(),
  "a custom function, differentiated twice": () => {
    const x = leaf(5);
    grad(grad(cube(x).sum(), x, { createGraph: true })[0]!.sum(), x);
  },
  "a graph that backward never passes": () => leaf(5).exp().log().sum(),
  "a graph kept with retainGraph": () => leaf(5).exp().sum().backward(undefined, { retainGraph: true }),
  "half of a graph": () => {
    const x = leaf(5);
    const shared = x.exp();
    shared.sum().backward(undefined, { retainGraph: true });
    shared.square().sum();
  },
  "an input that has no part": () => {
    const [x, y, z] = [leaf(2), leaf(2), leaf(2)];
    fails(() => grad(x.mul(z).sum(), [x, y, z]));
    grad(x.mul(z).sum(), [x, y], { allowUnused: true });
  },
  "evaluation in noGrad": () => noGrad(() => rand([2, 4]).matmul(weights.w).add(weights.b).softmax(1).argmax(1)),
  "enableGrad inside noGrad": () => noGrad(() => enableGrad(() => leaf(3).square().sum().backward())),
  "in-place writes and views": () => {
    const x = leaf(3);
    const base = zeros([2, 3]);
    base.at(0).copy_(x);
    base.at(1).add_(x.mul(2));
    base.t().mul_(2);
    base.square().sum().backward();
  },
  "detach, and a leaf that is told to need no gradient": () => {
    const x = leaf(3);
    x.square().sum().backward();
    x.requiresGrad_(false);
    x.detach().requiresGrad_().exp().sum().backward();
  },
  "a gradient that somebody sets": () => {
    const x = leaf(3);
    x.grad = ones([3]);
    x.square().sum().backward();
  },
  "gradients that are replaced by hand": () => {
    const x = leaf(3);
    x.square().sum().backward();
    x.grad = x.grad!.mul(0.5);
    x.square().sum().backward();
    x.grad = null;
  },
  "several outputs at once": () => {
    const x = leaf(3);
    backward([x.mul(2).sum(), x.square().sum(), x], [null, null, ones([3])]);
  },
  "a check by differences": () =>
    gradcheck((x) => x!.square().sum(), [rand([3], { dtype: "float64" }).requiresGrad_()]),
  "float16": () => leaf(4).to("float16").square().sum().backward(),
  "gather, where, cat, einsum": () => {
    const x = leaf(3, 3);
    const y = cat([x.gather(1, zeros([3, 1], { dtype: "int32" })), where(x.gt(1), x, 0), stack([x, x]).sum(0)], 1);
    einsum("ij,kj->ik", y, y).sum().backward();
  },
  "a shape error": () => {
    const x = leaf(2, 3);
    fails(() => x.exp().matmul(ones([4, 4])));
    fails(() => einsum("ij,jk->ik", x.exp(), ones([4, 4])));
    fails(() => cat([x.exp(), ones([2, 4])]));
    fails(() => x.view(7));
  },
  "an error after a part of the graph": () =>
    fails(() => {
      leaf(4).exp().square();
      throw new Error("on purpose");
    }),
  "an error in a hook": () => {
    const x = leaf(4);
    const y = x.exp();
    y.registerHook(() => {
      ones([4]);
      throw new Error("on purpose");
    });
    fails(() => y.square().sum().backward());
  },
  "an error in a leaf's hook": () => {
    const x = leaf(4);
    x.registerHook((g) => {
      g.mul(2);
      throw new Error("on purpose");
    });
    fails(() => x.exp().sum().backward());
    expect(x.grad).toBe(null);
  },
  "an error in a custom function's backward": () => fails(() => thrower(leaf(4).exp()).square().sum().backward()),
  "a graph that was used up": () => {
    const y = leaf(4).exp().sum();
    y.backward();
    fails(() => y.backward());
    fails(() => grad(y, y));
  },
  "a saved value that was overwritten": () => {
    const x = leaf(4);
    const y = x.mul(2);
    const z = y.exp().square();
    noGrad(() => y.add_(1));
    const w = y.square().sum().add(z.sum());
    w.backward();
    const q = x.mul(2);
    const r = q.square().exp().sum();
    noGrad(() => q.add_(1));
    fails(() => r.backward());
  },
};

describe.each(Object.entries(usages))("%s", (_, use) => {
  test("leaves nothing behind in a scope", () => {
    manualSeed(0);
    const step = (): void => {
      using _ = scope();
      use();
      for (const weight of Object.values(weights)) {
        weight.grad?.dispose();
        weight.grad = null;
      }
    };
    step();
    const before = live();
    for (let i = 0; i < 20; i++) step();
    expect(live()).toEqual(before);
  });
});

describe("a gradient lives as long as its tensor", () => {
  test("dispose() frees it", () => {
    const before = live();
    const x = leaf(10);
    const y = tidy(() => x.exp());
    y.retainGrad();
    tidy(() => y.sum().backward());
    x.dispose();
    y.dispose();
    arange(3).dispose();
    expect([x.grad!.isDisposed, y.grad!.isDisposed]).toEqual([true, true]);
    expect(() => x.grad!.toArray()).toThrow(/keep/);
    expect(live()[1]).toBe(before[1] + 2); // rand, and its sum with 0.5, of which leaf is a view
  });

  test("keep takes it out", () => {
    let g: Tensor;
    {
      using _ = scope();
      const x = leaf(3);
      x.sum().backward();
      g = keep(x.grad!);
    }
    expect(g.toArray()).toEqual([1, 1, 1]);
    g.dispose();
  });

  test("tensors made outside the scope, or kept, have theirs after it", () => {
    const outside = leaf(3);
    let kept: Tensor;
    {
      using _ = scope();
      kept = keep(leaf(3));
      outside.mul(kept).sum().backward();
    }
    expect(outside.grad!.toArray()).toEqual(kept.toArray());
    expect(kept.grad!.toArray()).toEqual(outside.toArray());
  });

  test("what tidy returns has its own, also in the scope around", () => {
    const before = live();
    let x: Tensor;
    {
      using _ = scope();
      x = tidy(() => {
        const x = leaf(3);
        x.sum().backward();
        return x;
      });
      expect(x.grad!.toArray()).toEqual([1, 1, 1]);
    }
    expect(x.grad!.isDisposed).toBe(true);
    expect(live()).toEqual(before);
  });

  test("one that was assigned in a scope outlives it", () => {
    const x = leaf(3);
    {
      using _ = scope();
      x.sum().backward();
      x.grad = x.grad!.mul(2);
    }
    expect(x.grad!.toArray()).toEqual([2, 2, 2]);
    const before = live();
    {
      using _ = scope();
      const held = x.grad!;
      x.grad = null;
      expect(held.toArray()).toEqual([2, 2, 2]);
    }
    expect(live()[1]).toBe(before[1] - 1);
  });

  test("it can be returned without its tensor", () => {
    const before = live();
    {
      using _ = scope();
      const { g } = tidy(() => {
        const x = leaf(3);
        x.sum().backward();
        return { g: x.grad! };
      });
      expect(g.toArray()).toEqual([1, 1, 1]);
      // Not owned by this scope: it is its tensor's.
      const outside = tidy(() => leaf(3));
      const h = tidy(() => {
        outside.sum().backward();
        return outside.grad!;
      });
      expect(h).toBe(outside.grad);
    }
    expect(live()).toEqual(before);
    const outside = leaf(3);
    tidy(() => {
      outside.sum().backward();
      return outside.grad;
    });
    expect(outside.grad!.toArray()).toEqual([1, 1, 1]);
  });
});

test("in-place writes outside scopes leave nothing behind, recorded or not", () => {
  const x = leaf(4);
  const before = live()[1];
  const base = zeros([4]);
  base.add_(x).mul_(x).add_(x.detach(), { alpha: 2 });
  base.narrow(0, 0, 2).copy_(ones([2], { dtype: "float64" }));
  // The base, what backward needs of the two multiplications, and what was copied.
  expect(live()[1] - before).toBeLessThanOrEqual(4);
  expect(base.requiresGrad).toBe(true);
});
