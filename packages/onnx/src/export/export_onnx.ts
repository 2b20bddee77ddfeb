/** Networks out as ONNX. */
import { arange, type Device, type Tensor, tidy } from "@heddle/tensor";
import { checkOptions, isTensor, Recording, showShape } from "@heddle/tensor/engine";
import { noGrad } from "@heddle/autograd";
import { Module } from "@heddle/nn";
import { writeModel } from "../proto.ts";
import type { TensorData } from "../tensor_proto.ts";
import { typedArrayOf } from "./elements.ts";
import { type Constant, Emitter } from "./emitter.ts";
import { type GraphNode, modelOf, needed, type Port } from "./graph.ts";
import { type Rule, rules } from "./rules/table.ts";
import { type Size, valuesOf, Varying } from "./sizes.ts";
import { mergeRuns, nameOf, type Run, type Trace, type TracedStep, type TracedValue } from "./trace.ts";

/** What a model returns: a tensor, or tensors in arrays and objects. */
export type ModelOutput = Tensor | null | undefined | readonly ModelOutput[] | { readonly [name: string]: ModelOutput };

/** What can be exported: a module, or a function of tensors. */
// deno-lint-ignore no-explicit-any -- a module's forward takes tensors and options of its own
export type Exportable = Module | ((...inputs: any[]) => unknown);

/** Dimensions of an input whose size may differ from call to call: their numbers, or names for them. */
export type DynamicAxes = readonly number[] | Readonly<Record<number, string>>;

/** Options of {@link exportOnnx}. */
export interface ExportOptions {
  /** Names of the inputs; "input" by default, or "input_0", "input_1", …. */
  readonly inputNames?: readonly string[];
  /** Names of the outputs; "output" by default, or "output_0", "output_1", …. */
  readonly outputNames?: readonly string[];
  /**
   * By the name of an input, the dimensions whose size may differ. Dimensions with one name have one size: `{ input: { 0: "batch" } }`. All
   * others have the size of the example.
   */
  readonly dynamicAxes?: Readonly<Record<string, DynamicAxes>>;
  /** The version of the operator set, 13 to 21; 17 by default. */
  readonly opset?: number;
  /** Whether the model is exported in training mode, in which batch normalisation uses the batch's statistics; false by default. */
  readonly training?: boolean;
  /** The name of the graph; by default that of the model's class. */
  readonly name?: string;
  /** A description for people. */
  readonly documentation?: string;
  /** Texts that are stored in the file, by key. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const optionNames = [
  "documentation",
  "dynamicAxes",
  "inputNames",
  "metadata",
  "name",
  "opset",
  "outputNames",
  "training",
] as const;

/** The versions of the operator set that can be written. */
export const opsets: { readonly oldest: 13; readonly newest: 21; readonly usual: 17 } = {
  oldest: 13,
  newest: 21,
  usual: 17,
};

/**
 * The bytes of an ONNX file that computes what a model computes.
 *
 * The model runs on the example inputs, without gradients and in evaluation mode, and its operations are recorded. With `dynamicAxes` it
 * runs three times, with inputs of different sizes, so that no size of them is frozen into the graph. The sizes are 2 or more, even where
 * the example has 1: a model that does something else for size 1 alone, as `squeeze()` does, is exported without it. Parameters and
 * buffers are initialisers with their names in the state dict; what does not depend on the inputs is computed once.
 *
 * @param model a module, or a function of tensors; it returns a tensor, or tensors in arrays or objects.
 * @param exampleInputs a tensor, or an array of them, for the model's inputs. Their values do not matter, but must be valid.
 * @returns the bytes, of opset 17 unless another is given.
 * @throws Error that names the operation, before anything is written: for operations that ONNX lacks, random numbers, values that are read
 * on the host, and sizes that cannot follow the inputs'. TypeError or RangeError for wrong arguments.
 *
 * @example
 * ```ts
 * import { Linear, ReLU, Sequential } from "@heddle/nn";
 * import { exportOnnx } from "@heddle/onnx";
 * import { zeros } from "@heddle/tensor";
 * const model = new Sequential(new Linear(4, 8), new ReLU(), new Linear(8, 2));
 * const bytes = await exportOnnx(model, zeros([1, 4]), { dynamicAxes: { input: { 0: "batch" } } });
 * bytes.length > 0; // true
 * ```
 */
export async function exportOnnx(
  model: Exportable,
  exampleInputs: Tensor | readonly Tensor[],
  options: ExportOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkOptions("exportOnnx", options, optionNames);
  const { opset = opsets.usual, training = false } = options;
  checkArguments(model, opset);
  const examples = examplesOf(exampleInputs);
  const inputNames = namesOf("inputNames", options.inputNames, examples.length, "input");
  const axes = axesOf(examples, inputNames, options.dynamicAxes ?? {});
  const runs: Run[] = [];
  const restore = inMode(model, training);
  try {
    const trace = await traced(model, examples, axes, runs);
    const { e, outputs } = translated(trace, model, inputNames, opset, runs.length);
    const outputNames = namesOf("outputNames", options.outputNames, outputs.length, "output");
    const finished = finish(e.nodes, outputs, outputNames, new Set(inputNames));
    const initializers = await initializersOf(finished, e);
    const info = {
      opset,
      graphName: options.name ?? (model instanceof Module ? model.constructor.name : model.name || "graph"),
      producer: "heddle",
      documentation: options.documentation ?? "",
      metadata: options.metadata ?? {},
    };
    const symbols = new Map(axes.map(({ name, sizes }) => [sizes.join(), name]));
    const inputs = trace.inputs.map((value, i) => portOf(inputNames[i]!, value, symbols));
    const results = trace.outputs.map((value, i) => portOf(outputNames[i]!, value, symbols));
    return writeModel(modelOf(finished, initializers, inputs, results, info));
  } finally {
    restore();
    for (const { recording } of runs) recording.dispose();
  }
}

function checkArguments(model: unknown, opset: number): void {
  if (!(model instanceof Module) && typeof model !== "function") {
    throw new TypeError("exportOnnx: the first argument is the model: a Module, or a function of tensors");
  }
  if (!Number.isInteger(opset) || opset < opsets.oldest || opset > opsets.newest) {
    throw new RangeError(`exportOnnx: opset is ${opset}; supported are ${opsets.oldest} to ${opsets.newest}`);
  }
}

function examplesOf(given: unknown): readonly Tensor[] {
  const examples = Array.isArray(given) ? given : [given];
  const wrong = examples.findIndex((example) => !isTensor(example));
  if (wrong < 0 && examples.length > 0) return examples;
  const problem = given === undefined
    ? "it is missing"
    : wrong < 0
    ? "the array is empty"
    : Array.isArray(given)
    ? `element ${wrong} is no tensor`
    : "it is no tensor";
  throw new TypeError(
    "exportOnnx: the second argument is an example of what the model's forward takes, a tensor or an array of at least one; " +
      `${problem}; give tensors of the right shapes, as in exportOnnx(model, zeros([1, 3, 224, 224]))`,
  );
}

function namesOf(option: string, given: readonly string[] | undefined, count: number, kind: string): readonly string[] {
  if (given === undefined) return count === 1 ? [kind] : Array.from({ length: count }, (_, i) => `${kind}_${i}`);
  if (given.length !== count || new Set(given).size !== count || given.includes("")) {
    throw new RangeError(
      `exportOnnx: ${option} is [${given.join(", ")}]; expected ${count} different names, one for each ${kind}`,
    );
  }
  return given;
}

/** A dynamic size. */
interface Axis {
  readonly name: string;
  /** Where it occurs. */
  readonly places: { readonly input: number; readonly dim: number }[];
  /** The size in the example. */
  readonly size: number;
  /** The size in each run. */
  sizes: readonly number[];
}

function axesOf(
  examples: readonly Tensor[],
  inputNames: readonly string[],
  given: Readonly<Record<string, DynamicAxes>>,
): Axis[] {
  const axes: Map<string, Axis> = new Map();
  for (const [inputName, dims] of Object.entries(given)) {
    const input = inputNames.indexOf(inputName);
    if (input < 0) {
      throw new RangeError(`exportOnnx: dynamicAxes names "${inputName}", but the inputs are ${inputNames.join(", ")}`);
    }
    const { shape } = examples[input]!;
    const named = Array.isArray(dims)
      ? dims.map((dim: number) => [dim, `${inputName}_dim_${dim}`] as const)
      : Object.entries(dims as Record<number, string>).map(([dim, name]) => [Number(dim), name] as const);
    for (const [dim, name] of named) {
      const size = shape[dim];
      if (size === undefined) {
        throw new RangeError(
          `exportOnnx: dynamicAxes has dimension ${dim} of "${inputName}", whose shape is ${showShape(shape)}`,
        );
      }
      if (size === 0) {
        throw new RangeError(
          `exportOnnx: dimension ${dim} of "${inputName}" is dynamic, but its size in the example is 0; give an example with elements`,
        );
      }
      const axis = axes.get(name) ?? { name, places: [], size, sizes: [] };
      if (axis.size !== size) {
        throw new RangeError(
          `exportOnnx: the dynamic axis "${name}" has size ${axis.size} in one example and ${size} in another; use two names, or ` +
            `examples of equal sizes`,
        );
      }
      axis.places.push({ input, dim });
      axes.set(name, axis);
    }
  }
  return [...axes.values()];
}

/** Puts a module into a mode. Returns what restores the modes and the buffers. */
function inMode(model: Exportable, training: boolean): () => void {
  if (!(model instanceof Module)) return () => {};
  const modes = model.modules().map((module) => [module, module.training] as const);
  const buffers = training
    ? model.namedBuffers().map(([, buffer]) => [buffer, noGrad(() => buffer.clone())] as const)
    : [];
  model.train(training);
  return () => {
    for (const [module, mode] of modes) module.training = mode;
    for (const [buffer, before] of buffers) {
      noGrad(() => buffer.copy_(before));
      before.dispose();
    }
  };
}

/** The sizes of the runs, in order of preference: some models have a largest length, or want multiples. */
const runSizes: readonly ((size: number, axis: number) => readonly number[])[] = [
  (size, axis) => [size, size + 1 + (axis + 1) * axis, size + 3 + (axis + 2) * axis],
  (size, axis) => [size, size - 1 - axis, size - 2 - axis],
  (size, axis) => [size, size * (axis + 2), size * (axis % 2 === 0 ? axis + 3 : axis + 1)],
];

/**
 * Runs the model once, or three times with different sizes. No dynamic size is 1, whatever the example has: copies and broadcasts of such
 * a dimension do nothing and are not recorded, and the graph would lack them.
 */
async function traced(
  model: Exportable,
  examples: readonly Tensor[],
  axes: readonly Axis[],
  runs: Run[],
): Promise<Trace> {
  if (axes.length === 0) {
    runs.push(runOf(model, examples));
    return await mergeRuns(runs);
  }
  let failure: unknown = null;
  for (const sizesOf of runSizes) {
    axes.forEach((axis, i) => axis.sizes = sizesOf(Math.max(axis.size, 2), i));
    if (axes.some(({ sizes }) => sizes.some((size) => size < 2))) continue;
    try {
      for (const run of [0, 1, 2]) runs.push(runResized(model, examples, axes, run));
      return await mergeRuns(runs);
    } catch (error) {
      failure ??= error;
      for (const { recording } of runs.splice(0)) recording.dispose();
    }
  }
  // A model that fails for its example as well has an error of its own.
  runOf(model, examples).recording.dispose();
  if (failure instanceof Error && failure.message.startsWith("exportOnnx:")) throw failure;
  throw new Error(
    `exportOnnx: the model fails for inputs of other sizes along ${
      axes.map(({ name, size }) => `"${name}" (${size})`).join(", ")
    }: ${failure instanceof Error ? failure.message : String(failure)}; ${
      axes.length > 1 ? "give axes that must have one size one name in dynamicAxes, or " : ""
    }leave out a dynamic axis${axes.some(({ size }) => size > 2) ? ", or give a smaller example" : ""}`,
    { cause: failure },
  );
}

/** Runs the model with the sizes of a run. */
function runResized(model: Exportable, examples: readonly Tensor[], axes: readonly Axis[], run: number): Run {
  const inputs = examples.map((example, i) => resized(example, i, axes, run));
  try {
    return runOf(model, inputs);
  } finally {
    for (const input of inputs) input.dispose();
  }
}

/** An example with the sizes of a run: its elements are repeated, so that they stay valid. */
function resized(example: Tensor, input: number, axes: readonly Axis[], run: number): Tensor {
  return tidy(() => {
    let result = example.detach();
    for (const { places, size, sizes } of axes) {
      for (const { input: at, dim } of places) {
        if (at !== input) continue;
        const rows = arange(sizes[run]!, { dtype: "int32", device: example.device as Device });
        result = result.indexSelect(dim, rows.remainder(size));
      }
    }
    return result.clone();
  });
}

function runOf(model: Exportable, inputs: readonly Tensor[]): Run {
  const recording = new Recording(inputs);
  try {
    let outputs: Run["outputs"] = [];
    tidy(() => {
      const run = (): unknown => model instanceof Module ? forward(model, inputs) : model(...inputs);
      outputs = noGrad(() => tensorsIn(recording.run(run))).map((tensor) => recording.valueOf(tensor));
    });
    return { recording, outputs };
  } catch (error) {
    recording.dispose();
    if (error instanceof Error && /are read \(as item|in a way that was not recorded/.test(error.message)) {
      throw new Error(`exportOnnx: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function forward(model: Module, inputs: readonly Tensor[]): unknown {
  return (model as unknown as { forward(...inputs: readonly Tensor[]): unknown }).forward(...inputs);
}

/** The tensors that a model returned, in order. */
function tensorsIn(returned: unknown): Tensor[] {
  const found: Tensor[] = [];
  const visit = (value: unknown): void => {
    if (isTensor(value)) found.push(value);
    else if (value instanceof Promise) {
      throw new TypeError(
        "exportOnnx: the model returned a promise; export a function that returns tensors, without await",
      );
    } else if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(visit);
  };
  visit(returned);
  if (found.length === 0) throw new TypeError("exportOnnx: the model returned no tensor");
  return found;
}

/** The nodes and constants of a trace, and the names of its outputs. */
function translated(
  trace: Trace,
  model: Exportable,
  inputNames: readonly string[],
  opset: number,
  traces: number,
): { readonly e: Emitter; readonly outputs: readonly string[] } {
  const state = model instanceof Module ? [...model.namedParameters(), ...model.namedBuffers()] : [];
  const stateName = (tensor: Tensor): string | null =>
    state.find(([, own]) =>
      own.storage === tensor.storage && own.offset === tensor.offset &&
      showShape(own.shape) === showShape(tensor.shape) &&
      showShape(own.strides) === showShape(tensor.strides)
    )?.[0] ?? null;
  // The tensors of a function may all be weights.
  const parameters = model instanceof Module ? new Set(model.parameters().map(({ storage }) => storage)) : null;
  const isParameter = ({ storage }: Tensor): boolean => parameters === null || parameters.has(storage);
  const taken = [...inputNames, ...state.map(([name]) => name)];
  const clash = inputNames.find((name) => state.some(([own]) => own === name));
  if (clash !== undefined) {
    throw new RangeError(`exportOnnx: the input "${clash}" has the name of a parameter; give other inputNames`);
  }
  const e = new Emitter(opset, traces, taken, stateName, isParameter);
  trace.inputs.forEach((value, i) => e.define(value, inputNames[i]!));
  for (const step of trace.steps) {
    if (!step.outputs.some(({ dynamic }) => dynamic)) continue;
    e.begin(nameOf(step));
    const names = step.outputs.every(isEmpty) ? step.outputs.map((value) => emptied(e, value)) : translateStep(e, step);
    names.forEach((name, i) => e.define(step.outputs[i]!, name));
  }
  const outputs = trace.outputs.map((value) => e.of(value));
  return { e, outputs };
}

/** Whether a value never has elements. Operators of ONNX Runtime differ in what they do then. */
const isEmpty = ({ shape }: TracedValue): boolean =>
  shape.includes(0) && !shape.some((size) => size instanceof Varying);

const emptied = (e: Emitter, { dtype, shape }: TracedValue): string => e.numbers([], dtype, shape as readonly number[]);

function translateStep(e: Emitter, step: TracedStep): readonly string[] {
  const rule = rules[step.prim];
  if ("reason" in rule) return step.outputs.map(() => e.refuse(rule.reason));
  const { patterns = [], translate } = rule as unknown as Rule<"expression">;
  for (const pattern of patterns) {
    const name = pattern(e, step as never);
    if (name !== null) return [name];
  }
  return translate(e, step as never);
}

/** The nodes that the outputs need, with the outputs under their names. @throws Error for a step that cannot be exported */
function finish(
  nodes: readonly GraphNode[],
  outputs: readonly string[],
  names: readonly string[],
  inputNames: ReadonlySet<string>,
): GraphNode[] {
  const kept = needed(nodes, outputs);
  const refused = kept.find(({ refusal }) => refusal !== null);
  if (refused !== undefined) throw new Error(`exportOnnx: ${refused.refusal}`);
  const clash = names.find((name) => inputNames.has(name));
  if (clash !== undefined) throw new RangeError(`exportOnnx: "${clash}" is the name of an input and of an output`);
  const made = new Set(kept.flatMap(({ outputs }) => outputs));
  const renamed: Map<string, string> = new Map();
  const copies: GraphNode[] = [];
  outputs.forEach((from, i) => {
    if (made.has(from) && !renamed.has(from)) renamed.set(from, names[i]!);
    else {
      const source = renamed.get(from) ?? from;
      copies.push({ op: "Identity", inputs: [source], outputs: [names[i]!], attributes: {}, refusal: null });
    }
  });
  const rename = (name: string): string => renamed.get(name) ?? name;
  const result = kept.map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }));
  return [...result, ...copies];
}

async function dataOf(constant: Constant): Promise<TensorData> {
  if (!isTensor(constant)) return constant;
  const { dtype, shape } = constant;
  const data = await constant.data();
  const half = dtype === "float16" || dtype === "bfloat16";
  return { dtype, shape, data: half ? typedArrayOf(dtype, data as Float32Array) : data };
}

/** The constants that nodes need. Equal ones are one, but for those in the state dict, which are trained on their own. */
async function initializersOf(
  nodes: GraphNode[],
  e: Emitter,
): Promise<(readonly [string, TensorData])[]> {
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const byContent: Map<string, (readonly [string, TensorData])[]> = new Map();
  const kept: (readonly [string, TensorData])[] = [];
  const replaced: Map<string, string> = new Map();
  for (const [name, constant] of e.constants) {
    if (!used.has(name)) continue;
    const data = await dataOf(constant);
    if (e.unnamed.has(name)) {
      const key = `${name.replace(/_\d+$/, "")} ${data.dtype} ${data.shape} ${fingerprint(data)}`;
      const alike = byContent.get(key) ?? [];
      const same = alike.find(([, other]) => sameBytes(other, data));
      if (same !== undefined) {
        replaced.set(name, same[0]);
        continue;
      }
      alike.push([name, data]);
      byContent.set(key, alike);
    }
    kept.push([name, data]);
  }
  for (const node of nodes) node.inputs = node.inputs.map((name) => replaced.get(name) ?? name);
  return kept;
}

const bytesOf = ({ data }: TensorData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function fingerprint(data: TensorData): number {
  const bytes = bytesOf(data);
  let hash = bytes.length;
  for (let i = 0; i < Math.min(bytes.length, 256); i++) hash = (hash * 31 + bytes[i]!) | 0;
  return hash;
}

function sameBytes(a: TensorData, b: TensorData): boolean {
  const [x, y] = [bytesOf(a), bytesOf(b)];
  return x.length === y.length && x.every((byte, i) => byte === y[i]);
}

/** An input or output: sizes that vary have names. */
function portOf(name: string, { dtype, shape }: TracedValue, symbols: ReadonlyMap<string, string>): Port {
  const sizeOf = (size: Size, dim: number): number | string =>
    size instanceof Varying ? symbols.get(valuesOf(size, 0).join()) ?? `${name}_dim_${dim}` : size;
  return { name, dtype, shape: shape.map(sizeOf) };
}
