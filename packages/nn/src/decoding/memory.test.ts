import { Generator, memory, randn, scope, type Tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { Embedding } from "../embedding.ts";
import { Linear } from "../linear.ts";
import { beamSearch, greedy, sample, type StepModel } from "./mod.ts";

const [start, end, width] = [0, 3, 4];

/** A recurrent network small enough to be written here: its state is a tensor inside an object, with one that stays. */
class Recurrent implements StepModel<{ hidden: Tensor; memory: Tensor }> {
  readonly words = new Embedding(width, 6, { generator: new Generator(1) });
  readonly move = new Linear(6, 6, { generator: new Generator(2) });
  readonly out = new Linear(6, width, { generator: new Generator(3) });
  step(tokens: Tensor, { hidden, memory }: { hidden: Tensor; memory: Tensor }) {
    const next = this.move.forward(hidden.add(memory)).add(this.words.forward(tokens)).tanh();
    return { logits: this.out.forward(next).mul(3), state: { hidden: next, memory } };
  }
  reorder({ hidden, memory }: { hidden: Tensor; memory: Tensor }, rows: Tensor) {
    return { hidden: hidden.indexSelect(0, rows), memory: memory.indexSelect(0, rows) };
  }
}

describe("memory and gradients", () => {
  const model = new Recurrent();
  const options = { start, batch: 5, end, maxLength: 40 };
  const ways = {
    greedy: () => greedy(model, state, options),
    sample: () => sample(model, state, options),
    beamSearch: () => beamSearch(model, state, { ...options, beams: 3, lengthPenalty: 1 }),
  };
  const state = { hidden: randn([5, 6], { generator: new Generator(4) }), memory: zeros([5, 6]) };

  test.each(Object.entries(ways))("%s leaves the caller's state, and nothing else", async (_, decode) => {
    await decode();
    const before = memory();
    await decode();
    expect(memory().liveBytes).toBe(before.liveBytes);
    expect(state.hidden.isDisposed || state.memory.isDisposed).toBe(false);
  });

  test("steps are freed as they go, with a scope around them or without", async () => {
    for (const surrounding of [null, scope()]) {
      const bytes: number[] = [];
      const endless = { start, batch: 5, maxLength: 30 };
      await greedy(model, state, { ...endless, onTokens: () => bytes.push(memory().liveBytes) });
      expect(new Set(bytes.slice(2)).size).toBe(1);
      surrounding?.end();
    }
  });

  test("no gradients are recorded", async () => {
    const steps: boolean[] = [];
    const watched: typeof model = Object.assign(new Recurrent(), {
      step(this: Recurrent, tokens: Tensor, given: typeof state) {
        const result = Recurrent.prototype.step.call(this, tokens, given);
        steps.push(result.logits.requiresGrad);
        return result;
      },
    });
    await greedy(watched, state, { ...options, maxLength: 2 });
    expect(steps).toEqual([false, false]);
  });

  test("a step that fails leaves nothing behind", async () => {
    let steps = 0;
    const failing: StepModel<typeof state> = {
      step(tokens, given) {
        if (++steps === 3) throw new Error("no more");
        return model.step(tokens, given);
      },
      reorder: (given, rows) => model.reorder(given, rows),
    };
    const before = memory().liveBytes;
    await expect(sample(failing, state, { start, batch: 5, maxLength: 9 })).rejects.toThrow("no more");
    expect(memory().liveBytes).toBe(before);
  });
});
