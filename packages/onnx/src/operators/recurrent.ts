/** Recurrent networks: LSTM, GRU and RNN, in one direction or both; step by step where Heddle has no layer for the attributes. */
import { functional as F, type RecurrentRule, recurrentRule, recurrentSequence } from "@heddle/nn";
import { stack, type Tensor, where } from "@heddle/tensor";
import { widened } from "@heddle/tensor/engine";
import type { Call } from "./call.ts";
import { float, floats, int, type Operator, type Operators, string, strings } from "./operator.ts";
import { Outputs } from "./value.ts";

type Activation = (x: Tensor, alpha: number | undefined, beta: number | undefined) => Tensor;

/** The activations by their names in lower case, with ONNX's defaults. */
const activations: Readonly<Record<string, Activation>> = {
  affine: (x, alpha = 1, beta = 0) => x.mul(alpha).add(beta),
  elu: (x, alpha = 1) => F.elu(x, alpha),
  hardsigmoid: (x, alpha = 0.2, beta = 0.5) => x.mul(alpha).add(beta).clamp({ min: 0, max: 1 }),
  leakyrelu: (x, alpha = 0.01) => F.leakyRelu(x, alpha),
  relu: (x) => x.relu(),
  scaledtanh: (x, alpha = 1, beta = 1) => x.mul(beta).tanh().mul(alpha),
  sigmoid: (x) => x.sigmoid(),
  softplus: (x) => F.softplus(x),
  softsign: (x) => F.softsign(x),
  tanh: (x) => x.tanh(),
  thresholdedrelu: (x, alpha = 1) => F.threshold(x, alpha, 0),
};

/** One direction of a node. */
interface Direction {
  /** `[T, N, inputSize]` */
  readonly x: Tensor;
  /** `[N, hidden]` each. */
  readonly starts: readonly Tensor[];
  /** `[gates · hidden, inputSize]` */
  readonly weight: Tensor;
  /** `[gates · hidden, hidden]` */
  readonly recurrence: Tensor;
  /** Of the input and of the recurrence, `[gates · hidden]` each, or null. */
  readonly biases: readonly Tensor[] | null;
  /** Whether a step lies within a sequence, `[T, N, 1]`; null if all do. */
  readonly mask: Tensor | null;
  readonly reverse: boolean;
}

/** The outputs of a direction, `[T, N, hidden]`, and its last states. */
interface Ran {
  readonly output: Tensor;
  readonly last: readonly Tensor[];
}

/** What steps of single operations need besides. */
interface Stepping {
  readonly hidden: number;
  /** `[size, gates · hidden]` */
  readonly recurrence: Tensor;
  /** Of the recurrence. */
  readonly bias: Tensor | null;
  readonly peepholes: Tensor | null;
  /** The activations of the node for this direction. */
  readonly act: readonly ((x: Tensor) => Tensor)[];
  /** Cuts what goes into activations. */
  readonly clip: (x: Tensor) => Tensor;
  readonly flag: boolean;
}

/** One step: the next states from the part that the input gives to the gates. */
type Step = (input: Tensor, states: readonly Tensor[], stepping: Stepping) => Tensor[];

const parts = (x: Tensor, hidden: number): Tensor[] => x.split(hidden, -1);

/** Gates in the order input, output, forget, candidate. */
const lstmStep: Step = (input, [h, c], { recurrence, bias, hidden, act: [f, g, last], clip, peepholes, flag }) => {
  const product = h!.matmul(recurrence);
  const gates = input.add(bias === null ? product : product.add(bias));
  const [ai, ao, af, ag] = parts(gates, hidden) as [Tensor, Tensor, Tensor, Tensor];
  const [pi, po, pf] = peepholes === null ? [] : parts(peepholes, hidden);
  const look = (x: Tensor, p: Tensor | undefined, cell: Tensor): Tensor =>
    clip(p === undefined ? x : x.add(p.mul(cell)));
  const i = f!(look(ai, pi, c!));
  // With `input_forget` one gate does both.
  const forget = flag ? i.rsub(1) : f!(look(af, pf, c!));
  const next = forget.mul(c!).add(i.mul(g!(clip(ag))));
  return [f!(look(ao, po, next)).mul(last!(next)), next];
};

/** Gates in the order update, reset, candidate. */
const gruStep: Step = (input, [h], { recurrence, bias, hidden, act: [f, g], clip, flag }) => {
  const [iz, ir, ih] = parts(input, hidden) as [Tensor, Tensor, Tensor];
  const [wz, wr, wh] = parts(recurrence, hidden) as [Tensor, Tensor, Tensor];
  const [bz, br, bh] = bias === null ? [] : parts(bias, hidden);
  const plus = (x: Tensor, b: Tensor | undefined): Tensor => b === undefined ? x : x.add(b);
  const z = f!(clip(iz.add(plus(h!.matmul(wz), bz))));
  const r = f!(clip(ir.add(plus(h!.matmul(wr), br))));
  // PyTorch's form multiplies after the product with the weights.
  const candidate = flag ? r.mul(plus(h!.matmul(wh), bh)) : plus(r.mul(h!).matmul(wh), bh);
  const n = g!(clip(ih.add(candidate)));
  return [n.add(z.mul(h!.sub(n)))];
};

const rnnStep: Step = (input, [h], { recurrence, bias, act: [f], clip }) => {
  const product = h!.matmul(recurrence);
  return [f!(clip(input.add(bias === null ? product : product.add(bias))))];
};

interface Kind {
  readonly gates: number;
  readonly states: number;
  readonly step: Step;
  readonly defaults: readonly string[];
  readonly flag: string | null;
  /** Heddle's layers, by the flag and the activations for which they have the same equations. */
  readonly layers: ReadonlyMap<string, RecurrentRule>;
}

/** Runs a direction as a layer; float16 in float32. */
function byLayer(rule: RecurrentRule, { x, starts, weight, recurrence, biases, mask, reverse }: Direction): Ran {
  const input = widened(x);
  const [biasIh = null, biasHh = null] = biases ?? [];
  const { output, states } = recurrentSequence(rule, {
    // What lies after the end of a sequence, even NaN, has no effect.
    input: mask === null ? input.contiguous() : where(mask, input, 0),
    states: starts.map(widened),
    weights: {
      weightIh: widened(weight),
      weightHh: widened(recurrence),
      biasIh: widened(biasIh),
      biasHh: widened(biasHh),
      weightHr: null,
    },
    mask: mask?.to(input.dtype) ?? null,
    reverse,
  });
  return { output: output.to(x.dtype), last: states.map((state) => state.to(x.dtype)) };
}

/** Runs a direction as single operations. */
function byStep(step: Step, { x, starts, weight, biases, mask, reverse }: Direction, stepping: Stepping): Ran {
  const fromInput = F.linear(x, weight, biases?.[0]).unbind(0);
  const outputs: Tensor[] = Array(fromInput.length);
  let now = starts;
  for (let i = 0; i < fromInput.length; i++) {
    const t = reverse ? fromInput.length - 1 - i : i;
    const next = step(fromInput[t]!, now, stepping);
    // Beyond the end of a sequence its state stays, and its output is zero.
    const within = mask?.select(0, t);
    now = within === undefined ? next : next.map((state, s) => where(within, state, now[s]!));
    outputs[t] = within === undefined ? now[0]! : where(within, now[0]!, 0);
  }
  return { output: stack(outputs), last: now };
}

/** Runs a node over its sequences. */
function recurrent(c: Call, { gates, states, step, defaults, flag: flagName, layers }: Kind): Outputs {
  const batchFirst = c.hasAttribute("layout") && c.num("layout") === 1;
  const given = c.tensor(0);
  const x = batchFirst ? given.transpose(0, 1) : given;
  const [steps, batch] = x.shape as [number, number, number];
  const [weight, recurrence, bias] = [c.tensor(1), c.tensor(2), c.maybe(3)];
  const [count, rows, hidden] = recurrence.shape as [number, number, number];
  if (rows !== gates * hidden) c.fail(`R has shape [${recurrence.shape.join(", ")}]; expected ${gates} blocks of rows`);
  const directions = c.text("direction") === "bidirectional" ? ["forward", "reverse"] : [c.text("direction")];
  if (count !== directions.length) c.fail(`W and R have ${count} directions, the node has ${directions.length}`);
  const lengths = c.has(4) ? c.numbers(4) : null;
  const ragged = lengths !== null && lengths.some((length) => length !== steps);
  const names = c.texts("activations") ?? directions.flatMap(() => defaults);
  const [alphas, betas] = [c.list("activation_alpha") ?? [], c.list("activation_beta") ?? []];
  const limit = c.hasAttribute("clip") ? c.num("clip") : 0;
  const clip = limit > 0 ? (x: Tensor) => x.clamp({ min: -limit, max: limit }) : (x: Tensor) => x;
  const flag = flagName !== null && c.hasAttribute(flagName) && c.num(flagName) !== 0;
  const initial = (i: number): Tensor => {
    if (!c.has(i)) return c.full([count, batch, hidden], 0, x.dtype);
    return batchFirst ? c.tensor(i).transpose(0, 1) : c.tensor(i);
  };
  const starts = Array.from({ length: states }, (_, s) => initial(5 + s));
  const peepholes = states === 2 ? c.maybe(7) : null;
  const within = ragged ? Array.from({ length: steps }, (_, t) => lengths.map((length) => t < length ? 1 : 0)) : null;
  const mask = within && c.here(c.hostInts(within.flat())).to("bool").reshape([steps, batch, 1]);

  const ran = directions.map((name, d): Ran => {
    const own = names.slice(d * defaults.length, (d + 1) * defaults.length).map((name) => name.toLowerCase());
    const direction: Direction = {
      x,
      starts: starts.map((start) => start.select(0, d)),
      weight: weight.select(0, d),
      recurrence: recurrence.select(0, d),
      biases: bias?.select(0, d).split(rows) ?? null,
      mask,
      reverse: name === "reverse",
    };
    if (steps === 0) return { output: c.full([0, batch, hidden], 0, x.dtype), last: direction.starts };
    const layer = layers.get(`${flag ? `${flagName} ` : ""}${own.join(" ")}`);
    if (layer !== undefined && limit <= 0 && peepholes === null) return byLayer(layer, direction);
    return byStep(step, direction, {
      hidden,
      recurrence: direction.recurrence.t(),
      bias: direction.biases?.[1] ?? null,
      peepholes: peepholes?.select(0, d) ?? null,
      act: own.map((name, i) => {
        const at = d * defaults.length + i;
        if (!Object.hasOwn(activations, name)) c.fail(`the activation "${names[at]}" is not known`);
        const run = activations[name]!;
        return (x: Tensor) => run(x, alphas[at], betas[at]);
      }),
      clip,
      flag,
    });
  });
  // [T, directions, N, hidden]
  const all = stack(ran.map(({ output }) => output), 1);
  const last = Array.from({ length: states }, (_, s) => stack(ran.map(({ last }) => last[s]!)));
  if (!batchFirst) return new Outputs([all, ...last]);
  return new Outputs([all.permute([2, 0, 1, 3]), ...last.map((state) => state.transpose(0, 1))]);
}

const attributes = {
  activation_alpha: floats(),
  activation_beta: floats(),
  activations: strings(),
  clip: float(),
  direction: string("forward", ["forward", "reverse", "bidirectional"]),
  hidden_size: int(),
  output_sequence: int(),
} as const satisfies Operator["attributes"];

function versions(kind: Kind): Operators[string] {
  const own: Operator = {
    inputs: [3, kind.states === 2 ? 8 : 6],
    outputs: 1 + kind.states,
    weights: [1, 2, 3, 7],
    numbers: [4],
    attributes: { ...attributes, ...kind.flag !== null && { [kind.flag]: int(0) } },
    run: (c) => recurrent(c, kind),
  };
  return { 7: own, 14: { ...own, attributes: { ...own.attributes, layout: int(0) } } };
}

/** The recurrent networks. */
export const recurrences: Operators = {
  LSTM: versions({
    gates: 4,
    states: 2,
    step: lstmStep,
    defaults: ["Sigmoid", "Tanh", "Tanh"],
    flag: "input_forget",
    layers: new Map([["sigmoid tanh tanh", recurrentRule("LSTM", [0, 3, 1, 2])]]),
  }),
  GRU: versions({
    gates: 3,
    states: 1,
    step: gruStep,
    defaults: ["Sigmoid", "Tanh"],
    flag: "linear_before_reset",
    layers: new Map([["linear_before_reset sigmoid tanh", recurrentRule("GRU", [1, 0, 2])]]),
  }),
  RNN: versions({
    gates: 1,
    states: 1,
    step: rnnStep,
    defaults: ["Tanh"],
    flag: null,
    layers: new Map([["tanh", recurrentRule("RNN")], ["relu", recurrentRule("RNN with ReLU")]]),
  }),
};
