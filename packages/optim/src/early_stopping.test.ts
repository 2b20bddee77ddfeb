import "@heddle/autograd";
import { noGrad } from "@heddle/autograd";
import { memory, ones, scope, type Tensor, tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { EarlyStopping } from "./early_stopping.ts";
import { ReduceLROnPlateau } from "./lr_scheduler/reduce_lr_on_plateau.ts";
import { SGD } from "./sgd.ts";

/** How many values it takes to stop; -1 for never. */
function stopsAt(stopping: EarlyStopping, values: readonly number[]): number {
  return values.findIndex((value) => stopping.step(value));
}

test("stops after as many epochs in a row without improvement", () => {
  expect(stopsAt(new EarlyStopping({ patience: 3 }), [5, 4, 4, 3, 3, 3, 3, 2])).toBe(6);
  expect(stopsAt(new EarlyStopping({ patience: 1 }), [5, 4, 4])).toBe(2);
  expect(stopsAt(new EarlyStopping({ patience: 0 }), [5, 4, 4])).toBe(2);
  expect(stopsAt(new EarlyStopping({ patience: 3 }), [5, 4, 3, 2, 1])).toBe(-1);
});

test("an improvement must exceed minDelta", () => {
  const stopping = new EarlyStopping({ patience: 2, minDelta: 0.5 });
  expect(stopsAt(stopping, [5, 4.75, 4.25, 4, 4])).toBe(4);
  expect([stopping.best, stopping.bestEpoch, stopping.badEpochs]).toEqual([4.25, 2, 2]);
});

test("a metric that should rise", () => {
  expect(stopsAt(new EarlyStopping({ patience: 2, mode: "max" }), [0.5, 0.6, 0.6, 0.55])).toBe(3);
});

test("NaN is no improvement, not even the first", () => {
  expect(stopsAt(new EarlyStopping({ patience: 2 }), [NaN, NaN])).toBe(1);
  expect(stopsAt(new EarlyStopping({ patience: 2 }), [NaN, 3, NaN, NaN])).toBe(3);
});

test("a tensor of one element", () => {
  expect(new EarlyStopping().step(tensor(3))).toBe(false);
});

test("restores the best weights, which survive scopes", () => {
  const weight = ones([2], { requiresGrad: true });
  const model = {
    stateDict: (): Record<string, Tensor> => ({ weight: weight.detach() }),
    loadStateDict: (state: Record<string, Tensor>) => noGrad(() => weight.copy_(state.weight!)),
  };
  const stopping = new EarlyStopping({ patience: 2, model });
  let live = 0;
  for (const [epoch, loss] of [3, 1, 2, 4].entries()) {
    const open = scope();
    noGrad(() => weight.fill_(epoch));
    const stop = stopping.step(loss);
    open.end();
    if (epoch === 0) live = memory().storages;
    if (epoch === 1) expect(memory().storages).toBeLessThanOrEqual(live);
    expect(stop).toBe(epoch === 3);
  }
  expect(weight.toArray()).toEqual([1, 1]);
});

test("goes on from a state to the same stop and the same weights", () => {
  const run = (): { stopping: EarlyStopping; weight: Tensor } => {
    const weight = ones([2], { requiresGrad: true });
    const model = {
      stateDict: (): Record<string, Tensor> => ({ weight: weight.detach() }),
      loadStateDict: (state: Record<string, Tensor>) => noGrad(() => weight.copy_(state.weight!)),
    };
    return { stopping: new EarlyStopping({ patience: 2, model }), weight };
  };
  const losses = [3, 1, 2, 4];
  for (const at of [0, 1, 2, 3]) {
    let { stopping, weight } = run();
    let stopped = -1;
    for (const [epoch, loss] of losses.entries()) {
      if (epoch === at) {
        const saved = stopping.stateDict();
        ({ stopping, weight } = run());
        stopping.loadStateDict(saved);
      }
      noGrad(() => weight.fill_(epoch));
      if (stopping.step(loss)) stopped = epoch;
    }
    expect([stopped, stopping.best, stopping.bestEpoch, weight.toArray()], `at ${at}`).toEqual([3, 1, 1, [1, 1]]);
  }
});

test("a state that is none, or has no weights", () => {
  const plain = new EarlyStopping();
  plain.step(1);
  const model = { stateDict: (): Record<string, Tensor> => ({}), loadStateDict: () => {} };
  const stopping = new EarlyStopping({ model });
  expect(() => stopping.loadStateDict(plain.stateDict())).toThrow(
    "the state has no weights; was it saved without a model?",
  );
  expect(() => stopping.loadStateDict({} as never)).toThrow("that is no state of an EarlyStopping");
  expect(stopping.best).toBe(null);
  plain.loadStateDict(new EarlyStopping().stateDict());
  expect([plain.best, plain.badEpochs]).toEqual([null, 0]);
});

test("with a number of epochs it stops after the last, with the best weights", () => {
  for (const [losses, best] of [[[3, 1, 2], 1], [[3, 2, 1], 2], [[NaN, NaN, NaN], 2]] as const) {
    const weight = ones([2], { requiresGrad: true });
    const model = {
      stateDict: (): Record<string, Tensor> => ({ weight: weight.detach() }),
      loadStateDict: (state: Record<string, Tensor>) => noGrad(() => weight.copy_(state.weight!)),
    };
    const stopping = new EarlyStopping({ patience: 5, epochs: 3, model });
    const stops = losses.map((loss, epoch) => {
      noGrad(() => weight.fill_(epoch));
      return stopping.step(loss);
    });
    expect([stops, weight.toArray()]).toEqual([[false, false, true], [best, best]]);
  }
});

test("bad options", () => {
  for (const epochs of [0, 1.5, NaN]) expect(() => new EarlyStopping({ epochs })).toThrow(`epochs is ${epochs}`);
  expect(() => new EarlyStopping({ patience: -1 })).toThrow("patience is -1");
  expect(() => new EarlyStopping({ minDelta: -1 })).toThrow("minDelta is -1");
  expect(() => new EarlyStopping({ mode: "best" as "min" })).toThrow('mode is "best"');
  expect(() => new EarlyStopping({ model: 3 as never })).toThrow("EarlyStopping: model is 3; it must have stateDict");
});

test("a metric that is no number is refused, before anything changes", () => {
  const stopping = new EarlyStopping();
  for (const wrong of ["0.5", undefined, null, true, {}, { item: () => "1" }]) {
    expect(() => stopping.step(wrong as never)).toThrow(/^EarlyStopping\.step: expected the metric/);
  }
  expect(stopping.stateDict()).toEqual(new EarlyStopping().stateDict());

  const plateau = new ReduceLROnPlateau(new SGD([ones([1]).requiresGrad_()], { lr: 1 }));
  for (const wrong of ["1", undefined, null, true, {}]) {
    expect(() => plateau.step(wrong as never)).toThrow(/^ReduceLROnPlateau\.step: expected the metric/);
  }
  expect(plateau.lastEpoch).toBe(0);
});
