/** Operations that are recorded whole: batch normalisation, attention, recurrent layers, resizing. */
import { type Attributes, float, int, text } from "../graph.ts";
import type { Emitter } from "../emitter.ts";
import { type Size, Varying } from "../sizes.ts";
import type { TracedStepOf, TracedValue } from "../trace.ts";
import { maskedSoftmax, repeated } from "./rows.ts";
import { reshaped, transposed } from "./views.ts";

/** The rule of batch normalisation by running statistics. */
export function translateBatchNorm(e: Emitter, step: TracedStepOf<"batchNorm">): readonly string[] {
  const [x, mean, variance, weight, bias, residual] = step.inputs as readonly [
    TracedValue,
    TracedValue,
    TracedValue,
    ...(TracedValue | null)[],
  ];
  const shape = mean.shape as readonly number[];
  const vector = (value: TracedValue | null | undefined, otherwise: number) =>
    value ? e.of(value) : repeated(e, otherwise, mean.dtype, shape);
  const operands = [e.of(x), vector(weight, 1), vector(bias, 0), e.of(mean), e.of(variance)];
  let y = e.node("BatchNormalization", operands, { epsilon: float(step.attrs.eps as number) });
  if (residual) y = e.node("Add", [y, e.of(residual)]);
  return [step.attrs.activation === "relu" ? e.node("Relu", [y]) : y];
}

/** Which of the keys each query may attend to: `[queries, keys]`. */
function causalMask(e: Emitter, queries: Size, keys: Size, offset: Size): string {
  if (!(queries instanceof Varying || keys instanceof Varying || offset instanceof Varying)) {
    const values = Array.from({ length: queries * keys }, (_, at) => at % keys <= Math.floor(at / keys) + offset);
    return e.numbers(values, "bool", [queries, keys]);
  }
  const range = (count: Size) =>
    e.node("Range", [e.numbers([0], "int64"), e.scalar(count, "int64"), e.numbers([1], "int64")]);
  const last = e.node("Unsqueeze", [e.node("Add", [range(queries), e.scalar(offset, "int64")]), e.ints([1])]);
  return e.node("LessOrEqual", [range(keys), last]);
}

/** The rule of attention. */
export function translateAttention(e: Emitter, step: TracedStepOf<"scaledDotProductAttention">): readonly string[] {
  const { scale, causalOffset, dropoutP } = step.attrs;
  if (dropoutP !== 0) return [e.refuse("weights are dropped at random; export in evaluation mode, or with dropout 0")];
  const [q, k, v, ...masks] = step.inputs as readonly [TracedValue, TracedValue, TracedValue, ...TracedValue[]];
  const dims = k.shape.map((_, d) => d);
  const turned = transposed(e, e.of(k), [...dims.slice(0, -2), dims.length - 1, dims.length - 2]);
  const queries = e.node("Mul", [e.of(q), e.scalar(scale, q.dtype)]);
  const scores = e.node("MatMul", [queries, turned]);
  const bools = masks.filter(({ dtype }) => dtype === "bool").map((mask) => e.of(mask));
  const hides = masks.length > 0 || (causalOffset !== null && (causalOffset instanceof Varying || causalOffset < 0));
  if (causalOffset !== null) bools.push(causalMask(e, q.shape.at(-2)!, k.shape.at(-2)!, causalOffset));
  const numbers = masks.filter(({ dtype }) => dtype !== "bool").map((mask) => e.of(mask));
  return [e.node("MatMul", [maskedSoftmax(e, scores, q.dtype, -1, bools, numbers, hides), e.of(v)])];
}

interface RecurrentOperator {
  readonly op: string;
  /** ONNX's gates, by their number in Heddle. */
  readonly gates: readonly number[];
  readonly attributes: Attributes;
}

/** Rules of recurrent layers, by name. ONNX has no list of texts here: RNN's activation is one text for each direction. */
const recurrentOperators: Readonly<Record<string, RecurrentOperator>> = {
  LSTM: { op: "LSTM", gates: [0, 3, 1, 2], attributes: {} },
  GRU: { op: "GRU", gates: [1, 0, 2], attributes: { linear_before_reset: int(1) } },
  RNN: { op: "RNN", gates: [0], attributes: {} },
  "RNN with ReLU": { op: "RNN", gates: [0], attributes: { activations: { texts: ["Relu"] } } },
};

/** Weights with the blocks of their gates in ONNX's order, and a dimension for the direction in front. */
function reordered(e: Emitter, values: readonly TracedValue[], blocks: readonly number[]): string {
  const shape = values[0]!.shape as readonly number[];
  const inOrder = (value: TracedValue): string => {
    if (blocks.every((block, i) => block === i)) return e.of(value);
    const parts = e.node("Reshape", [
      e.of(value),
      e.ints([blocks.length, shape[0]! / blocks.length, ...shape.slice(1)]),
    ]);
    return e.node("Reshape", [e.node("Gather", [parts, e.ints(blocks)]), e.ints(shape)]);
  };
  const all = values.map(inOrder);
  return e.node("Unsqueeze", [all.length === 1 ? all[0]! : e.node("Concat", all, { axis: int(0) }), e.ints([0])]);
}

/** The rule of recurrent layers. */
export function translateRecurrent(e: Emitter, step: TracedStepOf<"recurrent">): readonly string[] {
  const { rule, order, reverse } = step.attrs;
  const found = recurrentOperators[rule];
  const all = (reason: string) => step.outputs.map(() => e.refuse(reason));
  if (found === undefined) return all(`ONNX has no operator for the recurrent layer ${rule}`);
  const [x, mask, weightIh, weightHh, biasIh, biasHh, ...states] = step.inputs as readonly [
    TracedValue,
    TracedValue | null,
    TracedValue,
    TracedValue,
    TracedValue | null,
    TracedValue | null,
    ...TracedValue[],
  ];
  const weights = [weightIh, weightHh, biasIh, biasHh].filter((value) => value !== null);
  if (weights.some(({ shape }) => shape.some((size) => size instanceof Varying))) {
    return all("the sizes of the weights change with the inputs' sizes; leave out the dynamic axis");
  }
  if ((biasIh === null) !== (biasHh === null)) {
    return all("the recurrent layer has one bias of two; make the other zeros");
  }
  const { op, gates, attributes } = found;
  const blocks = gates.map((gate) => (order as readonly number[] | null)?.indexOf(gate) ?? gate);
  const biases = biasIh === null || biasHh === null ? "" : reordered(e, [biasIh, biasHh], blocks);
  const lengths = mask === null
    ? ""
    : e.cast(e.node("ReduceSum", [e.of(mask), e.ints([0, 2])], { keepdims: int(0) }), "int32");
  const before = states.map((state) => e.node("Unsqueeze", [e.of(state), e.ints([0])]));
  const hidden = weightHh.shape[1] as number;
  const operands = [
    e.of(x),
    reordered(e, [weightIh], blocks),
    reordered(e, [weightHh], blocks),
    biases,
    lengths,
    ...before,
  ];
  const [output, ...after] = e.nodes_(op, operands, {
    hidden_size: int(hidden),
    ...(reverse ? { direction: text("reverse") } : {}),
    ...attributes,
  }, 1 + states.length);
  return [
    e.node("Squeeze", [output!, e.ints([1])]),
    ...after.map((state) => e.node("Squeeze", [state, e.ints([0])])),
  ];
}

/** Modes of Resize, by name. PyTorch's nearest takes the pixel below, its exact form the one at the centre. */
const resizing: Readonly<Record<string, Attributes>> = {
  nearest: { mode: text("nearest"), coordinate_transformation_mode: text("asymmetric"), nearest_mode: text("floor") },
  "nearest-exact": {
    mode: text("nearest"),
    coordinate_transformation_mode: text("half_pixel"),
    nearest_mode: text("round_prefer_ceil"),
  },
  linear: { mode: text("linear") },
  bilinear: { mode: text("linear") },
  trilinear: { mode: text("linear") },
  bicubic: { mode: text("cubic"), cubic_coeff_a: float(-0.75) },
};

/** The rule of resizing. */
export function translateInterpolate(e: Emitter, step: TracedStepOf<"interpolate">): readonly string[] {
  const { mode, sizes, factors, alignCorners } = step.attrs;
  const [x] = step.inputs as readonly [TracedValue];
  const corners: Attributes = mode.startsWith("nearest")
    ? {}
    : { coordinate_transformation_mode: text(alignCorners ? "align_corners" : "half_pixel") };
  const attributes = { ...resizing[mode]!, ...corners };
  const known = factors as readonly (Size | null)[];
  if (known.every((factor) => typeof factor === "number")) {
    const scales = e.numbers([1, 1, ...known as number[]], "float32", [known.length + 2]);
    return [e.node("Resize", [e.of(x), "", scales], attributes)];
  }
  const front = x.shape.slice(0, 2);
  return [e.node("Resize", [e.of(x), "", "", e.sizes([...front, ...sizes])], attributes)];
}

/** The largest transform that is written as a matrix. */
const largestTransform = 1024;

/** The rule of Fourier transforms: products with a matrix, since ONNX Runtime's DFT takes few shapes. */
export function translateFft(e: Emitter, step: TracedStepOf<"fft">): readonly string[] {
  const { kind, n, direction, scale } = step.attrs;
  if (n instanceof Varying) {
    return [e.refuse("the length of the transform changes with the inputs' sizes; leave out the dynamic axis")];
  }
  if (n > largestTransform) {
    return [
      e.refuse(`a transform of ${n} points would be a matrix of ${n} × ${n}; at most ${largestTransform} are exported`),
    ];
  }
  const [x] = step.inputs as readonly [TracedValue];
  const half = n / 2 + 1;
  const [from, to] = kind === "complex" ? [2 * n, 2 * n] : kind === "fromReal" ? [n, 2 * half] : [2 * half, n];
  const angle = (a: number, b: number) => (direction as number) * 2 * Math.PI * ((a * b) % n) / n;
  const factor = scale as number;
  const entry = (row: number, column: number): number => {
    const [i, j] = [kind === "fromReal" ? row : row >> 1, kind === "toReal" ? column : column >> 1];
    const [re, im] = [Math.cos(angle(i, j)), Math.sin(angle(i, j))];
    if (kind === "toReal") {
      const doubled = i === 0 || 2 * i === n ? 1 : 2;
      return factor * (row % 2 === 0 ? doubled * re : doubled === 1 ? 0 : -doubled * im);
    }
    if (kind === "fromReal") return factor * (column % 2 === 0 ? re : im);
    return factor * (row % 2 === column % 2 ? re : column % 2 === 0 ? -im : im);
  };
  const values = Array.from({ length: from * to }, (_, at) => entry(Math.floor(at / to), at % to));
  const [output] = step.outputs as readonly [TracedValue];
  const rows = x.shape.slice(0, kind === "fromReal" ? -1 : -2);
  const flat = reshaped(e, e.of(x), x.shape, [...rows, from]);
  const spectrum = e.node("MatMul", [flat, e.numbers(values, x.dtype, [from, to])]);
  return [reshaped(e, spectrum, [...rows, to], output.shape)];
}
