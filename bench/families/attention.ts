import { grad } from "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { type Case, type Family, list, type Maker } from "../case.ts";
import { input, steady } from "./heddle_work.ts";

function both(length: number): Case {
  return {
    family: "attention",
    name: `causal attention, forward and backward, of 8 heads over ${length}`,
    kind: "attention",
    sizes: { shape: [8, length, 32] },
    tolerance: 2e-5,
  };
}

/** Attention over long sequences, without storing all scores at once. */
export const attention: Family = {
  name: "attention",
  about: "causal attention of 8 heads of 32 features, forward and backward, over 64 to 2,048 positions",
  cases: [both(64), both(256), both(1024), both(2048)],
};

/** Its peak memory, which should grow linearly with the sequence. */
export const attentionSoaks: readonly Case[] = [1024, 2048].map((length) => {
  const one = both(length);
  return {
    ...one,
    family: "memory",
    name: `attention over ${length}`,
    sizes: { ...one.sizes, soak: 100 },
    device: "cpu",
  };
});

/** Heddle's code for it. */
export const heddleAttention: Readonly<Record<string, Maker>> = {
  attention(sizes) {
    const shape = list(sizes, "shape");
    const leaves = [1, 2, 3].map((seed) => input(seed, shape, { requiresGrad: true }));
    const g = input(4, shape);
    return steady([...leaves, g], () => {
      const [q, k, v] = leaves as [typeof g, typeof g, typeof g];
      const out = F.scaledDotProductAttention(q, k, v, { isCausal: true });
      return [out, ...grad([out], leaves, { gradOutputs: [g] })];
    });
  },
};
