import { noGrad } from "@heddle/autograd";
import { functional as F, GRU, GRUCell, LSTM, LSTMCell, RNN, RNNCell } from "../mod.ts";
import { cat, getDevice, manualSeed, memory, ones, randn, stack, type Tensor, tensor, tidy } from "@heddle/tensor";
import { type NullBackend } from "@heddle/tensor/backend";
import { describe, expect, test } from "vitest";
import { deepCopy } from "../deep_copy.ts";

function expectClose(found: Tensor, wanted: Tensor, tolerance = 1e-6): void {
  expect(found.shape).toEqual(wanted.shape);
  expect(found.sub(wanted).abs().amax().item()).toBeLessThan(tolerance);
}

/** The sequences of `[T, N, …]` one by one, each cut off at its length. */
const alone = (x: Tensor, lengths: readonly number[]): Tensor[] =>
  lengths.map((length, i) => x.select(1, i).narrow(0, 0, length));

describe("recurrent layers", () => {
  test("the last of the outputs is the last state, in both directions", () => {
    const gru = new GRU(3, 4, { bidirectional: true });
    const [output, hN] = gru.forward(randn([5, 2, 3]));
    expect([output.shape, hN.shape]).toEqual([[5, 2, 8], [2, 2, 4]]);
    expectClose(output.at(-1, ":", ":4"), hN.at(0));
    expectClose(output.at(0, ":", "4:"), hN.at(1));
  });

  test("sequences of several lengths are what they are alone, and nothing else has a part in gradients", () => {
    for (
      const layer of [new GRU(3, 4, { numLayers: 2, bidirectional: true }), new RNN(3, 4, { bidirectional: true })]
    ) {
      const lengths = [3, 5, 1];
      const x = randn([5, 3, 3]);
      // Values after the end of a sequence have no effect.
      lengths.forEach((length, i) => x.select(1, i).narrow(0, length, 5 - length).fill_(NaN));
      x.requiresGrad_();
      const [output, hN] = layer.forward(x, null, { lengths });
      output.sum().add(hN.square().sum()).backward();
      const [found, gradient] = [layer.parameters().map(({ grad }) => grad!.clone()), x.grad!];
      layer.zeroGrad();
      alone(x.detach(), lengths).forEach((each, i) => {
        each.requiresGrad_();
        const [own, last] = layer.forward(each);
        expectClose(output.select(1, i).narrow(0, 0, lengths[i]!), own);
        expect(output.select(1, i).narrow(0, lengths[i]!, 5 - lengths[i]!).countNonzero().item()).toBe(0);
        expectClose(hN.select(1, i), last);
        own.sum().add(last.square().sum()).backward();
        expectClose(gradient.select(1, i).narrow(0, 0, lengths[i]!), each.grad!, 1e-5);
        expect(gradient.select(1, i).narrow(0, lengths[i]!, 5 - lengths[i]!).countNonzero().item()).toBe(0);
      });
      layer.parameters().forEach(({ grad }, i) => expectClose(found[i]!, grad!, 1e-4));
    }
  });

  test("lengths come as numbers or as a tensor; when all are full they change nothing", () => {
    const lstm = new LSTM(3, 4);
    const x = randn([4, 2, 3]);
    const [byNumbers, [h]] = lstm.forward(x, null, { lengths: [2, 4] });
    for (const dtype of ["int32", "int64", "float32"] as const) {
      const [byTensor, [other]] = lstm.forward(x, null, { lengths: tensor([2, 4]).to(dtype) });
      expect(byTensor.equal(byNumbers) && other.equal(h)).toBe(true);
    }
    expect(lstm.forward(x, null, { lengths: [4, 4] })[0].equal(lstm.forward(x)[0])).toBe(true);
  });

  test("a batch may come first, and there may be none", () => {
    const x = randn([2, 5, 3]);
    const [first, second] = [new LSTM(3, 4, { batchFirst: true }), new LSTM(3, 4)];
    second.loadStateDict(first.stateDict());
    const [output, [hN, cN]] = first.forward(x, null, { lengths: [5, 2] });
    const [other, states] = second.forward(x.transpose(0, 1), null, { lengths: [5, 2] });
    expectClose(output, other.transpose(0, 1));
    expectClose(hN, states[0]);
    const [own, [h, c]] = first.forward(x.at(0), [ones([1, 4]), ones([1, 4])]);
    const [batched] = first.forward(x.at("0:1"), [ones([1, 1, 4]), ones([1, 1, 4])]);
    expectClose(own, batched.squeeze(0));
    expect([h.shape, c.shape, cN.shape]).toEqual([[1, 4], [1, 4], [1, 2, 4]]);
  });

  test("cells are the layer step by step", () => {
    const x = randn([4, 2, 3]);
    const [gru, gruCell] = [new GRU(3, 5), new GRUCell(3, 5)];
    const [rnn, rnnCell] = [new RNN(3, 5, { nonlinearity: "relu" }), new RNNCell(3, 5, { nonlinearity: "relu" })];
    for (const [layer, cell] of [[gru, gruCell], [rnn, rnnCell]] as const) {
      const { weightIh, weightHh, biasIh, biasHh } = layer.weights(0);
      cell.loadStateDict({ weight_ih: weightIh, weight_hh: weightHh, bias_ih: biasIh!, bias_hh: biasHh! });
      let h: Tensor | null = null;
      const steps = x.unbind(0).map((each) => h = cell.forward(each, h));
      expectClose(stack(steps), layer.forward(x)[0]);
    }
    const [lstm, lstmCell] = [new LSTM(3, 5, { bias: false }), new LSTMCell(3, 5, { bias: false })];
    lstmCell.loadStateDict({ weight_ih: lstm.weights(0).weightIh, weight_hh: lstm.weights(0).weightHh });
    let state = lstmCell.forward(x.at(0));
    for (const each of x.unbind(0).slice(1)) state = lstmCell.forward(each, state);
    const [, [hN, cN]] = lstm.forward(x);
    expectClose(state[0], hN.at(0));
    expectClose(state[1], cN.at(0));
  });

  test("dropout falls between the layers, while training, and nowhere else", () => {
    const [gru, plain] = [new GRU(3, 4, { numLayers: 2, dropout: 0.5 }), new GRU(3, 4, { numLayers: 2 })];
    const [below, above] = [new GRU(3, 4), new GRU(4, 4)];
    plain.loadStateDict(gru.stateDict());
    const state = gru.stateDict();
    for (const [layer, part] of [below, above].entries()) {
      const names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"];
      part.loadStateDict(Object.fromEntries(names.map((name) => [`${name}_l0`, state[`${name}_l${layer}`]!])));
    }
    const x = randn([6, 3, 3]);
    manualSeed(3);
    const [output, hN] = gru.forward(x);
    manualSeed(3);
    const [first, h0] = below.forward(x);
    const [second, h1] = above.forward(F.dropout(first, 0.5));
    expectClose(output, second);
    expectClose(hN, cat([h0, h1]));
    expect(output.sub(plain.forward(x)[0]).abs().amax().item()).toBeGreaterThan(1e-3);
    expect(gru.eval().forward(x)[0].equal(plain.forward(x)[0])).toBe(true);
    const one = new GRU(3, 4, { dropout: 0.9 });
    expect(one.forward(x)[0].equal(one.forward(x)[0])).toBe(true);
  });

  test("the state dict has PyTorch's names; copies and conversions go on working", () => {
    const lstm = new LSTM(2, 3, { numLayers: 2, bidirectional: true, projSize: 1 });
    const parts = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"];
    expect(Object.keys(lstm.stateDict())).toEqual(
      ["l0", "l0_reverse", "l1", "l1_reverse"].flatMap((end) => parts.map((part) => `${part}_${end}`)),
    );
    expect(lstm.stateDict()["weight_ih_l1"]!.shape).toEqual([12, 2]);
    expect(Object.keys(new GRUCell(2, 3).stateDict())).toEqual(["weight_ih", "weight_hh", "bias_ih", "bias_hh"]);
    const gru = new GRU(2, 3);
    const copy = deepCopy(gru);
    const x = randn([4, 2, 2]);
    expect(copy.forward(x)[0].equal(gru.forward(x)[0])).toBe(true);
    expectClose(gru.to("float64").forward(x.double())[0], copy.forward(x)[0].double());
    expect(String(new RNN(2, 3, { nonlinearity: "relu", batchFirst: true }))).toBe(
      "RNN(2, 3, batchFirst=true, nonlinearity=relu)",
    );
  });

  test("starts evenly within ±1/√hiddenSize", () => {
    const gru = new GRU(50, 25, { bidirectional: true });
    for (const [name, parameter] of gru.namedParameters()) {
      const most = parameter.abs().amax().item();
      expect(most, name).toBeLessThanOrEqual(0.2);
      expect(most, name).toBeGreaterThan(0.17);
    }
  });

  test("a product and a kernel a step; one product for all inputs, and one for each weight's gradient", () => {
    const nothing = getDevice("null");
    const backend = nothing.backend as NullBackend;
    const steps = 7;
    for (const make of [GRU, LSTM, RNN]) {
      const layer = new make(3, 4, { device: nothing });
      const x = randn([steps, 2, 3], { device: nothing }).requiresGrad_();
      const names = (): string[] => backend.dispatched.map((work) => work.kind === "routine" ? work.name : work.kind);
      backend.reset();
      const [output] = layer.forward(x);
      expect(names().filter((name) => name === "matmul").length).toBe(steps + 1);
      expect(names().filter((name) => name === "rows").length).toBe(steps);
      // The rest are the states, copied in and out.
      expect(names().length).toBeLessThanOrEqual(2 * steps + 10);
      backend.reset();
      output.backward(ones([steps, 2, 4], { device: nothing }));
      expect(names().filter((name) => name === "matmul").length).toBe(steps - 1 + 3);
      expect(names().filter((name) => name === "rows").length).toBe(steps);
      expect(names().length).toBeLessThanOrEqual(2 * steps + 12);
    }
  });

  test("without gradients nothing is kept of the steps, and results are the same", () => {
    const gru = new GRU(8, 16, { numLayers: 2, bidirectional: true });
    const x = randn([20, 4, 8]);
    const [wanted] = gru.forward(x, null, { lengths: [20, 3, 7, 1] });
    const before = memory();
    const [found] = noGrad(() => tidy(() => gru.forward(x, null, { lengths: [20, 3, 7, 1] })));
    // The output and the state.
    expect(memory().storages - before.storages).toBe(2);
    expect(found.equal(wanted)).toBe(true);
  });

  test("backward frees what was kept", () => {
    const lstm = new LSTM(4, 8, { bidirectional: true });
    const x = randn([6, 2, 4]);
    const step = (): void =>
      tidy(() => {
        const [output, [, cN]] = lstm.forward(x, null, { lengths: [6, 4] });
        output.mean().add(cN.mean()).backward();
        lstm.zeroGrad();
      });
    step();
    const { liveBytes, storages } = memory();
    for (let i = 0; i < 3; i++) step();
    expect(memory().storages).toBeLessThanOrEqual(storages);
    expect(memory().liveBytes).toBeLessThanOrEqual(liveBytes);
  });

  test("a batch of no sequences", () => {
    const [output, [hN]] = new LSTM(3, 4, { bidirectional: true }).forward(randn([5, 0, 3]));
    expect([output.shape, hN.shape]).toEqual([[5, 0, 8], [2, 0, 4]]);
  });
});
