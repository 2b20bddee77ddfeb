import "@heddle/autograd";
import { type DType, finfo, type HalfDType, setDefaultDevice, type Tensor, tensor, zeros } from "@heddle/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  ASGD,
  clipGradNorm_,
  l2Penalty,
  Lion,
  NAdam,
  type Optimizer,
  RAdam,
  RMSprop,
  Rprop,
  SGD,
} from "./mod.ts";

type Make = new (params: Iterable<Tensor>, options: Record<string, unknown>) => Optimizer;

const makes: readonly (readonly [name: string, make: Make, options: Record<string, unknown>])[] = [
  ["SGD", SGD as unknown as Make, { momentum: 0.9 }],
  ["Adam", Adam as unknown as Make, {}],
  ["Adam with amsgrad", Adam as unknown as Make, { amsgrad: true }],
  ["AdamW", AdamW as unknown as Make, { weightDecay: 0 }],
  ["NAdam", NAdam as unknown as Make, {}],
  ["RAdam", RAdam as unknown as Make, {}],
  ["Rprop", Rprop as unknown as Make, {}],
  ["Adamax", Adamax as unknown as Make, {}],
  ["RMSprop", RMSprop as unknown as Make, {}],
  ["RMSprop, centred, with momentum", RMSprop as unknown as Make, { centered: true, momentum: 0.9 }],
  ["Adagrad", Adagrad as unknown as Make, {}],
  ["Adadelta", Adadelta as unknown as Make, {}],
  ["ASGD", ASGD as unknown as Make, { lambd: 0 }],
  ["Lion", Lion as unknown as Make, {}],
];

const each: readonly (readonly [dtype: HalfDType, device: string])[] = (["float16", "bfloat16"] as const)
  .flatMap((dtype) => ["cpu", "reference"].map((device) => [dtype, device] as const));

describe.each(each)("%s on %s", (dtype, device) => {
  const half = { dtype } as const;
  const { eps } = finfo(dtype);
  const leaf = (values: number[], dtype: DType = half.dtype): Tensor => tensor(values, { dtype, requiresGrad: true });

  beforeAll(() => setDefaultDevice(device));
  afterAll(() => setDefaultDevice("cpu"));

  test.each(makes)(
    "%s leaves a parameter alone whose gradient is zero, and goes on where it is tiny",
    (_, Make, options) => {
      const [w, wide] = [leaf([1.5, -2, 3]), leaf([1.5, -2, 3], "float32")];
      const made = [new Make([w], { lr: 0.1, ...options }), new Make([wide], { lr: 0.1, ...options })];
      for (let step = 0; step < 5; step++) {
        w.grad = tensor([0, 0, 1e-4], half);
        wide.grad = w.grad.float();
        made.forEach((optimizer) => optimizer.step());
        expect(w.dtype).toBe(dtype);
        expect(w.toArray()).toEqual([1.5, -2, expect.any(Number)]);
        // After the first step the float32 run, which is not rounded, has slightly different values.
        expect(Math.abs(w.at(2).item() - wide.at(2).item())).toBeLessThan(10 * eps);
      }
    },
  );

  test.each(makes)(
    "%s remembers float32, through stateDict too, and goes on with the same bits",
    (_, Make, options) => {
      const [first, second] = [leaf([1, 2]), leaf([1, 2])];
      const [one, other] = [new Make([first], options), new Make([second], options)];
      first.grad = tensor([1e-3, 0.7], half);
      one.step();
      const { state } = one.stateDict();
      const tensors = Object.values(state["0"]!).filter((value) => typeof value !== "number");
      expect(tensors.map(({ dtype }) => dtype)).toEqual(tensors.map(() => "float32"));
      second.detach().copy_(first.detach());
      other.loadStateDict(one.stateDict());
      for (const value of Object.values(other.stateDict().state["0"]!)) {
        if (typeof value !== "number") expect(value.dtype).toBe("float32");
      }
      for (const [param, optimizer] of [[first, one], [second, other]] as const) {
        param.grad = tensor([-2e-3, 0.3], half);
        optimizer.step();
      }
      expect(second.toArray()).toEqual(first.toArray());
    },
  );

  test("the state of a file in the same dtype, as PyTorch writes it, is taken over", () => {
    const w = leaf([1, 2]);
    const optimizer = new Adam([w], {});
    const { paramGroups } = optimizer.stateDict();
    const [expAvg, expAvgSq] = [tensor([0.5, 1], half), tensor([0.25, 1], half)];
    optimizer.loadStateDict({ state: { "0": { step: 3, expAvg, expAvgSq } }, paramGroups });
    expect((optimizer.stateDict().state["0"]!.expAvg as Tensor).dtype).toBe("float32");
    w.grad = zeros([2], half);
    optimizer.step();
    expect(w.isfinite().all().item()).toBe(1);
  });

  test("clipGradNorm_ of a norm whose square float16 does not hold", () => {
    const w = leaf([1, 1]);
    w.grad = tensor([300, 400], half);
    expect(clipGradNorm_([w], 1).item()).toBe(500);
    expect(w.grad.dtype).toBe(dtype);
    expect(w.grad.toArray()).toEqual(tensor([0.6, 0.8], half).toArray());
  });

  test("clipGradNorm_ of a norm that float16 does not hold", () => {
    const params = [leaf([1, 1]), leaf([1])];
    params[0]!.grad = tensor([60000, 30000], half);
    params[1]!.grad = tensor([-60000], half);
    const [large, small] = params[0]!.grad.toArray() as [number, number];
    const norm = Math.hypot(large, small, large);
    expect(clipGradNorm_(params, 2).item()).toBeCloseTo(norm, -1);
    const factor = 2 / norm;
    expect(params[0]!.grad.toArray()).toEqual(tensor([large * factor, small * factor], half).toArray());
    expect(params[1]!.grad.toArray()).toEqual(tensor([-large * factor], half).toArray());
  });

  test.each([1, 3, Infinity])("clipGradNorm_ of the %s-norm", (normType) => {
    const w = leaf([1, 1]);
    w.grad = tensor([300, -400], half);
    const norm = clipGradNorm_([w], 1, { normType }).item();
    const right = normType === Infinity ? 400 : (300 ** normType + 400 ** normType) ** (1 / normType);
    expect(Math.abs(norm / right - 1)).toBeLessThan(1e-5);
    expect(w.grad.toArray()).toEqual(tensor([300 / right, -400 / right], half).toArray());
  });

  test("clipGradNorm_ of tiny gradients", () => {
    const w = leaf([1, 1]);
    w.grad = tensor([3e-4, 4e-4], half);
    expect(Math.abs(clipGradNorm_([w], 1).item() / 5e-4 - 1)).toBeLessThan(2 ** -10);
    expect(w.grad.toArray()).toEqual(tensor([3e-4, 4e-4], half).toArray());
  });

  test("penalties are summed in float32", () => {
    const params = [leaf(Array(3000).fill(1)), leaf([0.25])];
    expect(l2Penalty(params).item()).toBe(tensor(3000, half).item());
    expect(l2Penalty([leaf([150]), leaf([200])]).item()).toBe(tensor(62500, half).item());
  });
});
