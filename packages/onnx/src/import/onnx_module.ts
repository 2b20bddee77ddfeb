/** Imported models as modules. */
import { Module, Parameter } from "@heddle/nn";
import {
  defaultDevice,
  type Device,
  type DType,
  isFloat,
  isInteger,
  type NestedArray,
  type Tensor,
  tensor,
} from "@heddle/tensor";
import { isTensor } from "@heddle/tensor/engine";
import { hostDevice, isConstant, onDevice } from "../operators/host.ts";
import type { Value } from "../operators/value.ts";
import { dtypeOf, typeName } from "../tensor_proto.ts";
import type { Graph, GraphInput } from "./graph.ts";
import { Run } from "./run.ts";

/**
 * An input of an imported model: a tensor; numbers, nested as in JSON, which stay on the host as shapes do; an array of tensors for a
 * sequence; null for an empty optional.
 */
export type OnnxInput = Tensor | number | boolean | NestedArray | readonly Tensor[] | null;

/** What an input or output of a model is. */
export interface OnnxValueInfo {
  readonly name: string;
  /** ONNX's name of the element type, or null where the file does not say. */
  readonly type: string | null;
  /** Sizes as numbers, or names of sizes that are free; null where the file does not say. */
  readonly shape: readonly (number | string)[] | null;
}

/** The graph that a module runs, shared by its copies. */
export class Program {
  readonly graph: Graph;
  constructor(graph: Graph) {
    this.graph = graph;
  }
}

/**
 * An imported ONNX model. Its initialisers are parameters and buffers, by their names in the file; `forward` runs its graph, on the
 * device of the parameters, and gradients flow through it. Made by `importOnnx`.
 */
export class OnnxModule extends Module {
  private readonly program: Program;
  private readonly tensors: Map<string, Tensor>;

  /** Use `importOnnx`. */
  constructor(program: Program, tensors: Map<string, Tensor>) {
    super();
    this.program = program;
    this.tensors = tensors;
  }

  /** The inputs, in the order of `forward`. */
  get inputs(): OnnxValueInfo[] {
    return this.program.graph.inputs.map(({ name, type, shape }) => ({
      name,
      type: type === 0 ? null : typeName(type),
      shape,
    }));
  }

  /** The names of the outputs. */
  get outputNames(): string[] {
    return [...this.program.graph.outputs];
  }

  /** Runs the model with its inputs in order. @returns the output. @throws Error if the model has several: give the inputs by name */
  forward(...inputs: OnnxInput[]): Tensor;
  /** Runs the model with its inputs by name. @returns all outputs by name */
  forward(inputs: Readonly<Record<string, OnnxInput>>): Record<string, Tensor>;
  forward(...given: (OnnxInput | Readonly<Record<string, OnnxInput>>)[]): Tensor | Record<string, Tensor> {
    const { inputs, outputs } = this.program.graph;
    const [first] = given;
    const named = given.length === 1 && typeof first === "object" && first !== null && !isTensor(first) &&
      !Array.isArray(first);
    if (!named && outputs.length !== 1) {
      throw new Error(
        `OnnxModule.forward: the model has ${outputs.length} outputs; give its inputs by name to get them by name: ` +
          `forward({ ${inputs.map(({ name }) => JSON.stringify(name)).join(", ")} })`,
      );
    }
    const byName = named ? first as Readonly<Record<string, OnnxInput>> : this.inOrder(given as OnnxInput[]);
    const results = this.run(byName);
    return named ? results : results[outputs[0]!]!;
  }

  private inOrder(given: readonly OnnxInput[]): Record<string, OnnxInput> {
    const { inputs } = this.program.graph;
    if (given.length > inputs.length) {
      throw new Error(
        `OnnxModule.forward: got ${given.length} inputs; the model has ${inputs.length}: ${names(inputs)}`,
      );
    }
    return Object.fromEntries(given.map((value, i) => [inputs[i]!.name, value]));
  }

  private run(given: Readonly<Record<string, OnnxInput>>): Record<string, Tensor> {
    const { graph } = this.program;
    const unknown = Object.keys(given).find((name) => !graph.inputs.some((input) => input.name === name));
    if (unknown !== undefined) {
      throw new Error(
        `OnnxModule.forward: there is no input ${JSON.stringify(unknown)}; there are ${names(graph.inputs)}`,
      );
    }
    const device = this.deviceOf(given);
    const inputs = graph.inputs.map((input): Value => {
      const value = Object.hasOwn(given, input.name) ? given[input.name] : undefined;
      if (value === undefined) {
        throw new Error(`OnnxModule.forward: the input "${input.name}" is missing; there are ${names(graph.inputs)}`);
      }
      return inputValue(input, value, device);
    });
    const buffers = new Set([...this.tensors.values()].filter((value) => !(value instanceof Parameter)));
    const run = new Run({ device, training: this.training, state: this.tensors, buffers });
    const results = run.run(graph, inputs);
    return Object.fromEntries(graph.outputs.map((name, i) => [name, output(name, results[i] ?? null, device)]));
  }

  /** The device of the parameters and buffers, or of the inputs. */
  private deviceOf(given: Readonly<Record<string, OnnxInput>>): Device {
    for (const value of this.tensors.values()) return value.device;
    return Object.values(given).find(isTensor)?.device ?? defaultDevice();
  }

  protected override *members(): Iterable<readonly [string, unknown]> {
    yield* this.tensors;
  }

  override ownBuffers(): [name: string, tensor: Tensor, persistent: boolean][] {
    return [...this.tensors].filter(([, value]) => !(value instanceof Parameter)).map(([name, value]) => [
      name,
      value,
      true,
    ]);
  }

  override extraRepr(): string {
    const { graph } = this.program;
    return `(${names(graph.inputs)}) => (${graph.outputs.join(", ")}), ${graph.nodes.length} nodes`;
  }
}

function names(inputs: readonly GraphInput[]): string {
  return inputs.map(({ name, type, shape }) =>
    `${JSON.stringify(name)}${type === 0 ? "" : ` ${typeName(type)}`}${shape === null ? "" : `[${shape.join(", ")}]`}`
  ).join(", ") || "none";
}

/** Kinds of dtypes, between which an input is not converted. */
function kindOf(dtype: DType): string {
  return isFloat(dtype) ? "floating-point" : isInteger(dtype) ? "integer" : "bool";
}

function inputValue(input: GraphInput, given: OnnxInput, device: Device): Value {
  const { name, type, shape } = input;
  const dtype = type === 0 ? null : dtypeOf(type);
  if (given === null) return null;
  if (input.kind === "sequence") {
    if (Array.isArray(given) && (given as readonly unknown[]).every(isTensor)) {
      return given as unknown as readonly Tensor[];
    }
    throw new TypeError(`OnnxModule.forward: the input "${name}" is a sequence; give an array of tensors`);
  }
  if (!isTensor(given)) {
    const value = tensor(given as number[], { device: hostDevice(), ...dtype !== null && { dtype } });
    return dtype !== null && isFloat(dtype) ? onDevice(value, device) : value;
  }
  if (given.device !== device) {
    throw new Error(
      `OnnxModule.forward: the input "${name}" is on the device ${given.device}, the model on ${device}; move one with .to("${device}")`,
    );
  }
  if (dtype !== null && kindOf(dtype) !== kindOf(given.dtype)) {
    throw new TypeError(
      `OnnxModule.forward: the input "${name}" is ${given.dtype}; the model expects ${typeName(type)}`,
    );
  }
  if (shape !== null && shape.length !== given.ndim) {
    throw new RangeError(
      `OnnxModule.forward: the input "${name}" has shape [${given.shape.join(", ")}]; the model expects [${
        shape.join(", ")
      }]`,
    );
  }
  return given.dtype === "int64" && device !== hostDevice() ? given.to("int32") : given;
}

function output(name: string, value: Value, device: Device): Tensor {
  if (!isTensor(value)) {
    throw new Error(
      `OnnxModule.forward: the output "${name}" is ${value === null ? "empty" : "a sequence"}, not a tensor`,
    );
  }
  const result = onDevice(value, device);
  return isConstant(value) ? result.clone() : result; // the program keeps its own
}
