import { fromTypedArray, type Tensor, tidy } from "@heddle/tensor";
import type { Pass } from "@heddle/tensor/engine";
import { expect, test } from "vitest";
import { compile, type Compiled, defaultPasses } from "../compile.ts";
import { fuseActivations } from "./fuse_activations.ts";
import { fuseElementwise } from "./fuse_elementwise.ts";
import { removeUnused } from "./remove_unused.ts";

/** Whole numbers, whose sums and products are exact. */
class Dice {
  private state: number;
  constructor(seed: number) {
    this.state = seed * 2654435761 % 2 ** 32;
  }
  below(n: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor(this.state / 2 ** 32 * n);
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

const data = (shape: number[], seed: number): Tensor => {
  const dice = new Dice(seed);
  return fromTypedArray(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => dice.below(9) - 4),
    shape,
  );
};

/** One random operation: element-wise, a view, a write in place, or a reduction. Values stay small. */
type Operation = (pool: Tensor[]) => void;

function operation(dice: Dice, outer: Tensor): Operation {
  const at = [dice.below(1e6), dice.below(1e6), dice.below(1e6)];
  const kind = dice.below(17);
  const small = (x: Tensor): Tensor => x.clamp({ min: -16, max: 16 });
  return (pool) => {
    const [a, b] = [pool[at[0]! % pool.length]!, pool[at[1]! % pool.length]!];
    const fits = (x: Tensor): Tensor => x.ndim === 2 && x.shape.join() !== a.shape.join() ? x.t() : x;
    switch (kind) {
      case 0:
        return void pool.push(a.add(fits(b)));
      case 1:
        return void pool.push(small(a.mul(fits(b))));
      case 2:
        return void pool.push(a.maximum(fits(b)).neg());
      case 3:
        return void pool.push(a.gt(0).where(a, fits(b)));
      case 4:
        return void pool.push(a.t());
      case 5:
        return void pool.push(a.abs().sub(3));
      case 6:
        return void pool.push(small(a.sum(at[2]! % 2, { keepdim: true })).expand(a.shape));
      case 7:
        return void pool.push(a.contiguous().reshape([a.shape[1]!, a.shape[0]!]));
      case 8:
        return void outer.copy_(small(outer.add(a.shape[0] === outer.shape[0] ? a.mul(2) : a.t())));
      case 9: {
        const own = a.clone();
        own.select(0, at[2]! % a.shape[0]!).add_(1);
        return void pool.push(own);
      }
      case 10: {
        const own = a.add(2);
        own.select(0, at[2]! % a.shape[0]!).copy_(a.select(0, 0));
        return void pool.push(own.neg());
      }
      case 11:
        return void outer.copy_(outer.shape[0] === outer.shape[1] ? outer.t().neg() : outer.flip(0));
      case 12:
        return void pool.push(small(a.add(small(a.sum()))).abs(), a.sub(1).flip(at[2]! % 2).abs());
      case 13: {
        const product = small(a).matmul(b.shape[0] === a.shape[1] ? b : b.t());
        return void pool.push(small(product.shape[1] === a.shape[1] ? product.relu() : product.relu().matmul(a)));
      }
      case 14: {
        const product = a.matmul(a.t());
        product.select(0, 0).add_(1);
        return void pool.push(small(product.relu().matmul(a)));
      }
      case 15:
        return void pool.push(outer.mul(-1).clamp({ min: -9, max: 9 }));
      default:
        return void pool.push(a.relu().square().clamp({ max: 12 }));
    }
  };
}

/** Runs a program of random operations, eagerly or compiled, and returns everything that it leaves after each of six steps. */
function results(seed: number, passes: readonly Pass[] | null): { values: number[][]; kernels: number[] } {
  const dice = new Dice(seed);
  const shape = seed % 2 === 0 ? [3, 5] : [4, 4];
  const outer = data(shape, seed + 1);
  const operations = Array.from({ length: 4 + dice.below(12) }, () => operation(dice, outer));
  const fn = (x: Tensor, y: Tensor): Tensor[] => {
    const pool = [x, y];
    for (const run of operations) run(pool);
    return [pool.at(-1)!.add(0), pool[2 + seed % 3]?.add(1) ?? x.add(1), pool.at(-1)!.sum()];
  };
  const step = passes === null ? (...args: [Tensor, Tensor]) => tidy(() => fn(...args)) : compile(fn, { passes });
  const values = Array.from({ length: 6 }, (_, n) => {
    const [x, y] = [data(shape, 10 * n + seed), data(shape, 100 * n + seed)];
    const made = step(x, y);
    const all = [...made, outer].flatMap((tensor) => [...tensor.contiguous().reshape([-1]).toArray() as number[]]);
    for (const tensor of [x, y, ...made]) tensor.dispose();
    return all;
  });
  let kernels: number[] = [];
  if (passes !== null) {
    const { captures, replays } = (step as Compiled<[Tensor, Tensor], Tensor[]>).report();
    expect(replays).toBeGreaterThan(0);
    kernels = captures[0]!.passes.map(({ kernels }) => kernels);
    (step as Compiled<[Tensor, Tensor], Tensor[]>).dispose();
  }
  outer.dispose();
  return { values, kernels };
}

test("random programs give the same with passes, with views, writes in place and reuse", () => {
  let [recorded, left] = [0, 0];
  for (let seed = 1; seed <= 150; seed++) {
    const expected = results(seed, null).values;
    for (const passes of [[], [removeUnused], [fuseActivations], [fuseElementwise], defaultPasses]) {
      const { values, kernels } = results(seed, passes);
      expect(values, `seed ${seed}, ${passes.map(({ name }) => name)}`).toEqual(expected);
      recorded += kernels[0]!;
      left += kernels.at(-1)!;
    }
  }
  expect(left).toBeLessThan(0.85 * recorded);
});
