/** One node of a graph as it is run: its inputs and attributes, as operators read them. */
import { type Device, full, type Scalar, type Tensor } from "@heddle/tensor";
import { isTensor, showShape, sizeOf } from "@heddle/tensor/engine";
import { hostDevice, hostInts, mostHostElements, numbersOf, onDevice } from "./host.ts";
import { type AttributeValue, Outputs, type Subgraph, type Value } from "./value.ts";

/** A node as it is run. */
export interface CalledNode {
  readonly name: string;
  readonly op: string;
  readonly opset: number;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What runs a graph, as operators see it. */
export interface Runner {
  /** The device of the model. */
  readonly device: Device;
  readonly training: boolean;
  /** Whether values may move to the device: not while constants are folded. */
  readonly folding: boolean;
  /** Whether a value is a buffer of the module. */
  isBuffer(value: Tensor): boolean;
  /** Runs a graph within the node. */
  runGraph(graph: Subgraph, inputs: readonly Value[]): readonly Value[];
}

/** Thrown while constants are folded, for nodes that must be run on the device. */
export class NotFolded extends Error {}

/** The largest number of elements of a result whose shape is asked for by numbers. */
const mostElements = 2 ** 28;

/** A node with its inputs. */
export class Call {
  readonly node: CalledNode;
  readonly inputs: readonly Value[];
  readonly runner: Runner;
  /** Where the node is computed: on the device of the model, or on the host if all inputs are there. */
  private device: Device;
  private readonly bodyGraph: Subgraph | null;

  constructor(node: CalledNode, inputs: readonly Value[], runner: Runner, bodyGraph: Subgraph | null) {
    this.node = node;
    this.inputs = inputs;
    this.runner = runner;
    this.bodyGraph = bodyGraph;
    const host = hostDevice();
    const onHost = inputs.every((value) => !isTensor(value) || value.device === host);
    this.device = onHost ? host : runner.device;
  }

  /** Whether the model is in training mode. */
  get training(): boolean {
    return this.runner.training;
  }

  /** @throws Error about the node. */
  fail(message: string): never {
    throw new Error(message);
  }

  /** Prepares for a result of a shape: large ones are computed on the device. @throws RangeError for absurd sizes */
  place(shape: readonly number[]): Device {
    const size = sizeOf(shape);
    if (!shape.every((n) => Number.isSafeInteger(n) && n >= 0)) throw new RangeError(`${showShape(shape)} is no shape`);
    if (size > mostElements) {
      throw new RangeError(`a result of shape ${showShape(shape)} would have more than ${mostElements} elements`);
    }
    if (size > mostHostElements) {
      if (this.runner.folding) throw new NotFolded();
      this.device = this.runner.device;
    }
    return this.device;
  }

  /** Whether an input is given. */
  has(i: number): boolean {
    return (this.inputs[i] ?? null) !== null;
  }

  /** An input wherever it is. */
  raw(i: number): Tensor {
    const value = this.inputs[i];
    if (!isTensor(value)) this.fail(`input ${i} is ${Array.isArray(value) ? "a sequence" : "missing"}, not a tensor`);
    return value;
  }

  /** An input on the device where the node is computed. */
  tensor(i: number): Tensor {
    return this.here(this.raw(i));
  }

  /** An input on the device, or null where it is left out. */
  maybe(i: number): Tensor | null {
    return this.has(i) ? this.tensor(i) : null;
  }

  /** All inputs on the device. */
  tensors(): Tensor[] {
    return this.inputs.map((_, i) => this.tensor(i));
  }

  /** A value on the device where the node is computed. */
  here(value: Tensor): Tensor {
    return value.device === this.device ? value : onDevice(value, this.device);
  }

  /** A sequence. */
  sequence(i: number): readonly Value[] {
    const value = this.inputs[i];
    if (!Array.isArray(value)) this.fail(`input ${i} is no sequence`);
    return value;
  }

  /** A number where an input on the host has one element and as few dimensions as its partner, else a tensor. */
  operand(i: number, partner: Tensor): Tensor | number {
    const value = this.raw(i);
    if (value.device !== this.device && value.numel === 1 && value.ndim <= partner.ndim && value.dtype !== "bool") {
      return numbersOf(value)[0]!;
    }
    return this.here(value);
  }

  /** The elements of an input as numbers. @throws Error if it is on a device that is read asynchronously */
  numbers(i: number): readonly number[] {
    const value = this.raw(i);
    if (!value.device.backend.readsSynchronously) {
      throw new Error(
        `the values of the input "${
          this.node.inputs[i]
        }" are needed on the host, but are on the device ${value.device}, which ` +
          `cannot be read here; if it comes from an input of the model, give that as an array of numbers`,
      );
    }
    return numbersOf(value);
  }

  /** The numbers of an input, or undefined where it is left out. */
  maybeNumbers(i: number): readonly number[] | undefined {
    return this.has(i) ? this.numbers(i) : undefined;
  }

  /** The one number of an input. */
  number(i: number): number;
  number(i: number, absent: number): number;
  number(i: number, absent?: number): number {
    if (!this.has(i) && absent !== undefined) return absent;
    const values = this.numbers(i);
    if (values.length !== 1) this.fail(`input ${i} has ${values.length} elements; expected one`);
    return values[0]!;
  }

  /** Whole numbers on the host as a result. */
  hostInts(values: readonly number[]): Tensor {
    return hostInts(values);
  }

  /** A tensor of one value, on the device for its size. */
  full(shape: readonly number[], value: Scalar, dtype: Tensor["dtype"]): Tensor {
    const device = this.place(shape);
    return full(shape, value, { dtype: this.dtypeHere(dtype), device });
  }

  /** The dtype here of one in the file: on devices int64 is int32. */
  dtypeHere(dtype: Tensor["dtype"]): Tensor["dtype"] {
    return dtype === "int64" && this.device !== hostDevice() ? "int32" : dtype;
  }

  /** An attribute that is a number. */
  num(name: string): number {
    return this.attribute(name) as number;
  }

  /** An attribute that is text. */
  text(name: string): string {
    return this.attribute(name) as string;
  }

  /** An attribute that is a list of numbers, or undefined. */
  list(name: string): readonly number[] | undefined {
    return this.node.attributes[name] as readonly number[] | undefined;
  }

  /** An attribute that is a list of texts, or undefined. */
  texts(name: string): readonly string[] | undefined {
    return this.node.attributes[name] as readonly string[] | undefined;
  }

  /** Whether a node has an attribute. */
  hasAttribute(name: string): boolean {
    return this.node.attributes[name] !== undefined;
  }

  /** An attribute that is a tensor, on the host. */
  tensorAttribute(name: string): Tensor | undefined {
    return this.node.attributes[name] as Tensor | undefined;
  }

  /** Runs a graph of the node. */
  runGraph(name: string, inputs: readonly Value[]): readonly Value[] {
    return this.runner.runGraph(this.attribute(name) as Subgraph, inputs);
  }

  /** The graph of an attribute. */
  graph(name: string): Subgraph {
    return this.attribute(name) as Subgraph;
  }

  /** Runs the body of a function. */
  body(): Outputs {
    const { inputs } = this.bodyGraph!;
    return new Outputs(this.runner.runGraph(this.bodyGraph!, inputs.map((_, i) => this.inputs[i] ?? null)));
  }

  /** A dimension counted from the end if negative. */
  axis(axis: number, ndim: number): number {
    if (!Number.isInteger(axis) || axis < -ndim || axis >= Math.max(ndim, 1)) {
      this.fail(`the axis ${axis} is not one of ${ndim} dimensions`);
    }
    return axis < 0 ? axis + ndim : axis;
  }

  /** Whether an output is used. */
  wants(i: number): boolean {
    return (this.node.outputs[i] ?? "") !== "";
  }

  private attribute(name: string): AttributeValue {
    const value = this.node.attributes[name];
    if (value === undefined) this.fail(`lacks the attribute "${name}"`);
    return value;
  }
}
