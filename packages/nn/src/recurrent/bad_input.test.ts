import { GRU, GRUCell, LSTM, LSTMCell, RNN, type RNNOptions } from "../mod.ts";
import { ones, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";

describe("recurrent layers refuse", () => {
  const gru = new GRU(3, 4, { bidirectional: true });

  test("inputs of other shapes and dtypes", () => {
    expect(() => gru.forward(ones([5, 2, 4]))).toThrow(
      "GRU: got an input of shape [5, 2, 4]; expected [T, N, 3], or [T, 3] without a batch",
    );
    expect(() => new LSTM(3, 4, { batchFirst: true }).forward(ones([3]))).toThrow(/LSTM: .*\[N, T, 3\]/);
    expect(() => gru.forward(ones([0, 2, 3]))).toThrow(
      "GRU: the input of shape [0, 2, 3] has no steps; give at least one",
    );
    expect(() => gru.forward(zeros([5, 2, 3], { dtype: "int32" }))).toThrow(
      "GRU: the input is int32, the weights are float32; tokens become features in an Embedding",
    );
    expect(() => gru.forward(ones([5, 2, 3], { dtype: "float64" }))).toThrow(/cast one, with .to\("float32"\)/);
  });

  test("states of other shapes, dtypes and numbers", () => {
    const x = ones([5, 2, 3]);
    expect(() => gru.forward(x, ones([1, 2, 4]))).toThrow(
      "GRU: h0 has shape [1, 2, 4]; expected [2, 2, 4], [layers · directions, N, size]",
    );
    expect(() => gru.forward(ones([5, 3]), ones([2, 1, 4]))).toThrow(/h0 has shape \[2, 1, 4\]; expected \[2, 4\]/);
    expect(() => gru.forward(x, ones([2, 2, 4], { dtype: "float64" }))).toThrow(
      'GRU: h0 is float64, the input float32; cast it with .to("float32")',
    );
    const lstm = new LSTM(3, 4, { projSize: 2 });
    expect(() => lstm.forward(x, [ones([1, 2, 2]), ones([1, 2, 2])])).toThrow(
      /c0 has shape \[1, 2, 2\]; expected \[1, 2, 4\]/,
    );
    // @ts-expect-error: an LSTM has two
    expect(() => lstm.forward(x, [ones([1, 2, 2])])).toThrow("LSTM: a state is 2 tensors, got 1");
    // @ts-expect-error: as a GRU's
    expect(() => lstm.forward(x, ones([1, 2, 2]))).toThrow("LSTM: a state is the pair [h0, c0], got one tensor");
  });

  test("lengths that no sequence can have", () => {
    const x = ones([5, 3, 3]);
    const run = (lengths: readonly number[]) => () => gru.forward(x, null, { lengths });
    expect(run([5, 0, 2])).toThrow(
      "GRU: length 1 is 0; expected a whole number from 1 to 5, the steps of the input; leave out sequences without elements",
    );
    expect(run([5, 6, 2])).toThrow(/length 1 is 6; expected a whole number from 1 to 5/);
    expect(run([5, 1.5, 2])).toThrow(/length 1 is 1.5/);
    expect(run([5, NaN, 2])).toThrow(/length 1 is NaN/);
    expect(run([5, 5])).toThrow(/GRU: 2 lengths for a batch of 3 sequences; give one for each/);
    expect(() => gru.forward(x, null, { lengths: tensor([[5, 5, 5]]) })).toThrow(
      "GRU: lengths have shape [1, 3]; expected [3]",
    );
    expect(() => gru.forward(ones([5, 3]), null, { lengths: [6] })).toThrow(/length 0 is 6/);
  });

  test("sizes and options that mean nothing", () => {
    expect(() => new GRU(0, 4)).toThrow("GRU: inputSize is 0; expected an integer of at least 1");
    expect(() => new GRU(3, 4, { numLayers: 0 })).toThrow(/GRU: numLayers is 0/);
    expect(() => new GRU(3, 4, { dropout: 2 })).toThrow("GRU: dropout: probability 2 is not within 0 to 1");
    expect(() => new LSTM(3, 4, { projSize: 4 })).toThrow(
      "LSTM: projSize is 4; expected less than hiddenSize, which is 4",
    );
    expect(() => new RNN(3, 4, { nonlinearity: "elu" } as unknown as RNNOptions)).toThrow(
      'RNN: nonlinearity is "elu"; use "tanh" or "relu"',
    );
    expect(() => gru.weights(1)).toThrow("GRU.weights: there is no layer 1 among 1 layer in two directions");
    expect(() => new GRU(3, 4).weights(0, true)).toThrow(/no layer 0 in reverse among 1 layer in one direction/);
  });

  test("cells: inputs and states that do not fit", () => {
    const cell = new GRUCell(3, 4);
    expect(() => cell.forward(ones([2, 4]))).toThrow(
      "GRUCell: got an input of shape [2, 4]; expected [N, 3], or [3] without a batch",
    );
    expect(() => cell.forward(ones([1, 2, 3]))).toThrow(/got an input of shape \[1, 2, 3\]/);
    expect(() => cell.forward(zeros([2, 3], { dtype: "int32" }))).toThrow(
      /the input is int32, the weights are float32/,
    );
    expect(() => cell.forward(ones([2, 3]), ones([1, 4]))).toThrow(
      "GRUCell: h is float32 of shape [1, 4]; expected float32 of shape [2, 4]",
    );
    expect(() => new LSTMCell(3, 4).forward(ones([2, 3]), [ones([2, 4]), ones([2, 3])])).toThrow(
      /LSTMCell: c is float32/,
    );
  });
});
