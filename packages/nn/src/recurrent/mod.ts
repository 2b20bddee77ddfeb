export { GRU, GRUCell } from "./gru.ts";
export { LSTM, LSTMCell, type LSTMOptions, type LSTMState } from "./lstm.ts";
export { type RecurrentNonlinearity, RNN, RNNCell, type RNNCellOptions, type RNNOptions } from "./rnn.ts";
export { RecurrentCell, type RecurrentCellOptions } from "./cell.ts";
export { type RecurrentForwardOptions, RecurrentLayer, type RecurrentOptions } from "./layer.ts";
export { Recurrent } from "./recurrent.ts";
export type { Lengths } from "./lengths.ts";
export type { RecurrentRule, RecurrentStep, RecurrentWeights, StepGradients, StepValues } from "./rule.ts";
