/** The rules of the layers by name, with their gates in any order. */
import { gru } from "./gru.ts";
import { lstm } from "./lstm.ts";
import { rules as plain } from "./rnn.ts";
import type { RecurrentRule } from "./rule.ts";

/** The kinds of recurrent networks: RNN with tanh, or with ReLU. */
export type RecurrentKind = "LSTM" | "GRU" | "RNN" | "RNN with ReLU";

const own: Readonly<Record<RecurrentKind, RecurrentRule>> = {
  "LSTM": lstm,
  "GRU": gru,
  "RNN": plain.tanh,
  "RNN with ReLU": plain.relu,
};

const reordered: Map<string, RecurrentRule> = new Map();

/**
 * The equations of a layer, for {@link recurrentSequence}. `order` is that of the gates in the weights, each by its number in the layer's
 * own order: ONNX has an LSTM's input, output, forget gate and candidate, which is `[0, 3, 1, 2]`.
 *
 * @throws RangeError unless `order` has each gate once.
 *
 * @example
 * ```ts
 * import { recurrentRule } from "@heddle/nn";
 * recurrentRule("LSTM").gates; // 4
 * recurrentRule("LSTM", [0, 3, 1, 2]).order; // [0, 3, 1, 2]
 * ```
 */
export function recurrentRule(kind: RecurrentKind, order?: readonly number[]): RecurrentRule {
  const rule = own[kind];
  if (order === undefined) return rule;
  const key = `${kind} ${order}`;
  let made = reordered.get(key);
  if (made === undefined) {
    if ([...order].sort().join() !== [...Array(rule.gates).keys()].join()) {
      throw new RangeError(
        `recurrentRule: the order is [${order.join(", ")}]; expected each gate from 0 to ${rule.gates - 1} once`,
      );
    }
    reordered.set(key, made = withOrder(rule, [...order]));
  }
  return made;
}

function withOrder(rule: RecurrentRule, order: readonly number[]): RecurrentRule {
  const places = order.map((_, gate) => order.indexOf(gate));
  /** In the layer's order; empty lists stay so. */
  const sorted = <X>(values: readonly X[]): readonly X[] =>
    values.length === 0 ? values : places.map((at) => values[at]!);
  const ordered = <X>(values: readonly X[]): readonly X[] =>
    values.length === 0 ? values : order.map((gate) => values[gate]!);
  return {
    ...rule,
    order,
    step: (fromInput, fromHidden, states) => rule.step(sorted(fromInput), sorted(fromHidden), states),
    gradient(values) {
      const { fromInput, fromHidden, before } = rule.gradient(values);
      return { fromInput: ordered(fromInput), fromHidden: ordered(fromHidden), before };
    },
  };
}
