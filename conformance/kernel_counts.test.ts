/** Kernels of steady training steps, so that a gradient that needs one more is noticed. */
import { noGrad } from "@heddle/autograd";
import { functional as F, LayerNorm, Linear, LSTM, Module } from "@heddle/nn";
import { Adam, SGD } from "@heddle/optim";
import { getDevice, manualSeed, ones, randn, scope, type Tensor } from "@heddle/tensor";
import { expect, test, vi } from "vitest";

/** The number of kernels and routines that the CPU runs for the second of two calls. */
function kernelsOf(run: () => void): number {
  const dispatch = vi.spyOn(getDevice("cpu").backend, "dispatch");
  try {
    for (let i = 0; i < 2; i++) {
      using _ = scope();
      dispatch.mockClear();
      run();
    }
    return dispatch.mock.calls.length;
  } finally {
    dispatch.mockRestore();
  }
}

const on = { device: "cpu" } as const;

/** The kernels of the gradients of `compute(…inputs)`, summed: without those of the function and the two of the sum. */
function backwardKernels(shapes: readonly (readonly number[])[], compute: (...inputs: Tensor[]) => Tensor): number {
  const inputs = shapes.map((shape) => randn(shape, { ...on, requiresGrad: true }));
  const result = compute(...inputs);
  const incoming = ones(result.shape, on);
  return kernelsOf(() => {
    result.backward(incoming, { retainGraph: true });
    for (const input of inputs) {
      input.grad?.dispose();
      input.grad = null;
    }
  });
}

test.each<[string, number, readonly (readonly number[])[], (...inputs: Tensor[]) => Tensor]>([
  ["a square", 1, [[4]], (x) => x.square()],
  ["a tensor divided by itself", 1, [[4]], (x) => x.div(x)],
  ["a product", 2, [[4], [4]], (x, y) => x.mul(y)],
  ["a product with a factor for each column", 2, [[3, 4], [4]], (x, y) => x.mul(y)],
  ["a difference from each column, whose gradient is a negative sum", 2, [[3, 4], [4]], (x, y) => x.sub(y)],
  ["a difference of two tensors", 2, [[3, 4], [3, 4]], (x, y) => x.sub(y)],
  ["a layer normalisation", 3, [[3, 4], [4], [4]], (x, weight, bias) => F.layerNorm(x, [4], { weight, bias })],
])("the gradients of %s take %i kernels", (_, count, shapes, compute) => {
  expect(backwardKernels(shapes, compute)).toBe(count);
});

test.each<[string, (x: Tensor, y: Tensor) => Tensor]>([
  ["mseLoss", F.mseLoss],
  ["l1Loss", F.l1Loss],
  ["smoothL1Loss", F.smoothL1Loss],
  ["huberLoss", F.huberLoss],
  ["klDiv", F.klDiv],
  ["poissonNllLoss", F.poissonNllLoss],
  ["binaryCrossEntropyWithLogits", F.binaryCrossEntropyWithLogits],
  ["hingeLoss", F.hingeLoss],
  ["softMarginLoss", F.softMarginLoss],
])("%s takes a sum and a division, and its gradient one kernel besides the first", (_, loss) => {
  const [x, y] = [randn([6], { ...on, requiresGrad: true }), ones([6], on)];
  expect(kernelsOf(() => {
    loss(x, y).backward();
    x.grad!.dispose();
    x.grad = null;
  })).toBe(4);
});

test("activations keep their kernels from call to call", () => {
  const x = randn([4], on);
  const { backend } = getDevice("cpu");
  const run = (): void => {
    using _ = scope();
    for (const activation of [F.softplus, F.leakyRelu, F.elu, F.celu, F.logsigmoid, F.hardtanh, F.hardswish]) {
      activation(x);
    }
  };
  const expressions = (): unknown[] => {
    const dispatch = vi.spyOn(backend, "dispatch");
    try {
      run();
      return dispatch.mock.calls.map(([{ work }]) => (work as { expr?: unknown }).expr);
    } finally {
      dispatch.mockRestore();
    }
  };
  const before = expressions();
  expect(before).toHaveLength(7);
  expressions().forEach((expr, i) => expect(expr).toBe(before[i]));
});

class Tabular extends Module {
  readonly first: Linear = new Linear(16, 64, on);
  readonly second: Linear = new Linear(64, 64, on);
  readonly last: Linear = new Linear(64, 1, on);
  forward(x: Tensor): Tensor {
    return this.last.forward(this.second.forward(this.first.forward(x).relu()).relu());
  }
}

class Recurrent extends Module {
  readonly lstm: LSTM = new LSTM(8, 32, on);
  readonly norm: LayerNorm = new LayerNorm(32, on);
  readonly last: Linear = new Linear(32, 1, on);
  forward(x: Tensor): Tensor {
    const [y] = this.lstm.forward(x);
    return this.last.forward(this.norm.forward(y.select(0, -1)));
  }
}

function stepKernels(
  model: Module & { forward(x: Tensor): Tensor },
  optimizer: SGD | Adam,
  shape: readonly number[],
  rows: number,
): number {
  const [x, y] = [randn(shape, on), randn([rows, 1], on)];
  return kernelsOf(() => {
    const loss = F.mseLoss(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  });
}

test("steps of a small network and of a recurrent one take no more kernels than before", () => {
  manualSeed(1);
  const tabular = new Tabular();
  // Five of forward, two of the loss, two of its gradient, eight products and sums of the layers, two of relu, six of the update.
  expect(stepKernels(tabular, new SGD(tabular.parameters(), { lr: 0.01 }), [32, 16], 32)).toBe(25);
  const recurrent = new Recurrent();
  const optimizer = new Adam(recurrent.parameters(), { lr: 1e-3 });
  const [five, six] = [5, 6].map((steps) => stepKernels(recurrent, optimizer, [steps, 4, 8], 4));
  // A product and a kernel in both directions.
  expect(six! - five!).toBe(4);
  expect(five).toBeLessThanOrEqual(60);
});

test("gradients of layer normalisation in groups of rows are those of single operations", () => {
  manualSeed(1);
  // One group, several, and a number of rows that no group divides.
  for (const [rows, columns] of [[7, 33], [512, 300], [1021, 70]] as const) {
    const [x, weight, bias] = [[rows, columns], [columns], [columns]].map((shape) =>
      randn(shape, { ...on, requiresGrad: true })
    ) as [Tensor, Tensor, Tensor];
    const g = randn([rows, columns], on);
    const gradients = (createGraph: boolean): Tensor[] => {
      F.layerNorm(x, [columns], { weight, bias }).backward(g, { createGraph });
      return [x, weight, bias].map((parameter) => {
        const found = noGrad(() => parameter.grad!.detach().clone());
        parameter.grad!.dispose();
        parameter.grad = null;
        return found;
      });
    };
    const single = gradients(true);
    gradients(false).forEach((gradient, i) => {
      const difference = gradient.sub(single[i]!).abs().amax().item() as number;
      expect(difference).toBeLessThan(1e-4 * (single[i]!.abs().amax().item() as number));
    });
  }
});
