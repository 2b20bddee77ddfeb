/** Writes the nodes of a graph. The rules call it. */
import type { DType, Scalar, Tensor } from "@heddle/tensor";
import { sizeOf } from "@heddle/tensor/engine";
import { typedArrayOf } from "./elements.ts";
import { type Attributes, type GraphNode, int } from "./graph.ts";
import { formulaFor, type Size, valuesOf, Varying } from "./sizes.ts";
import type { TracedStep, TracedValue } from "./trace.ts";
import { onnxTypes, type TensorData } from "../tensor_proto.ts";

/** A constant of the graph: a tensor whose values are read at the end, or data. */
export type Constant = Tensor | TensorData;

/** A size that the graph can compute: dimension `dim` of a value. */
interface KnownSize {
  readonly size: Varying;
  readonly of: string;
  readonly dim: number;
}

/** The nodes and constants of a graph while steps are translated. */
export class Emitter {
  readonly opset: number;
  readonly nodes: GraphNode[] = [];
  readonly constants: Map<string, Constant> = new Map();
  /** The constants that are not in the state dict. */
  readonly unnamed: Set<string> = new Set();
  /** The number of traces. */
  readonly traces: number;
  private readonly names: Map<TracedValue, string> = new Map();
  private readonly taken: Set<string>;
  private readonly stateName: (tensor: Tensor) => string | null;
  private readonly isParameter: (tensor: Tensor) => boolean;
  private readonly trained: Map<TracedValue, boolean> = new Map();
  private readonly known: KnownSize[] = [];
  private readonly memo: Map<string, readonly string[]> = new Map();
  private counter = 0;
  /** The step that is being translated, for errors. */
  private current: string = "";

  /** @param taken names that are in use. */
  constructor(
    opset: number,
    traces: number,
    taken: Iterable<string>,
    stateName: (tensor: Tensor) => string | null,
    isParameter: (tensor: Tensor) => boolean,
  ) {
    this.opset = opset;
    this.traces = traces;
    this.taken = new Set(taken);
    this.stateName = stateName;
    this.isParameter = isParameter;
  }

  /** Sets the step that is being translated. */
  begin(step: string): void {
    this.current = step;
  }

  /** The name of a value in the graph. A constant becomes part of it. */
  of(value: TracedValue): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    let name: string;
    if (value.dynamic) name = this.sized(value);
    else {
      const tensor = value.tensor!;
      const own = this.stateName(tensor);
      name = own ?? this.constant(tensor, this.isTrained(value) ? "weight" : "constant");
      if (own !== null) this.constants.set(own, tensor);
    }
    this.names.set(value, name);
    return name;
  }

  /** Gives a value the name of what computes it. Its sizes are known from here on. */
  define(value: TracedValue, name: string): void {
    this.names.set(value, name);
    value.shape.forEach((size, dim) => {
      if (!(size instanceof Varying) || this.known.some((known) => String(known.size) === String(size))) return;
      this.known.push({ size, of: name, dim });
    });
  }

  /** A node with one output. Returns its name. Equal nodes are one. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodes_(op, inputs, attributes, 1)[0]!;
  }

  /** A node with several outputs; null for one that is left out. */
  nodes_(
    op: string,
    inputs: readonly string[],
    attributes: Attributes,
    count: number,
  ): readonly string[] {
    const key = `${op}(${inputs.join(",")})${JSON.stringify(attributes)}${count}`;
    let outputs = this.memo.get(key);
    if (outputs !== undefined) return outputs;
    outputs = Array.from({ length: count }, () => this.unused(op));
    this.memo.set(key, outputs);
    this.nodes.push({ op, inputs, outputs, attributes, refusal: null });
    return outputs;
  }

  /** Stands for a step that has no counterpart in ONNX: a graph that needs the result is refused for this reason. */
  refuse(reason: string): string {
    const name = this.unused("refused");
    this.nodes.push({
      op: "Refused",
      inputs: [],
      outputs: [name],
      attributes: {},
      refusal: `"${this.current}": ${reason}`,
    });
    return name;
  }

  /** Whether a constant is a parameter, or computed from one. */
  private isTrained(value: TracedValue): boolean {
    let trained = this.trained.get(value);
    if (trained === undefined) {
      trained = (value.tensor !== null && this.isParameter(value.tensor)) ||
        (value.origin?.inputs.some((input) => input !== null && this.isTrained(input)) ?? false);
      this.trained.set(value, trained);
    }
    return trained;
  }

  /** A constant tensor. When the file is imported, one called `constant_0` and so on is not trained. */
  constant(data: Constant, kind: "constant" | "weight" = "constant"): string {
    const name = this.unused(kind);
    this.unnamed.add(name);
    this.constants.set(name, data);
    return name;
  }

  /** A constant of numbers; without a shape it is a scalar. */
  numbers(values: readonly Scalar[], dtype: DType, shape: readonly number[] = []): string {
    const key = `numbers ${dtype} ${shape} ${values.map((value) => Object.is(value, -0) ? "-0" : value).join()}`;
    let name = this.memo.get(key)?.[0];
    if (name === undefined) {
      name = this.constant({ dtype, shape, data: typedArrayOf(dtype, values) });
      this.memo.set(key, [name]);
    }
    return name;
  }

  /** A vector of int64, as shapes and axes are. */
  ints(values: readonly number[]): string {
    return this.numbers(values, "int64", [values.length]);
  }

  /** Casts a value. */
  cast(name: string, dtype: DType): string {
    return this.node("Cast", [name], { to: int(onnxTypes[dtype]) });
  }

  /** A number as a scalar, which the graph computes if it varies. */
  scalar(value: Scalar | Size, dtype: DType): string {
    if (!(value instanceof Varying)) return this.numbers([value], dtype);
    const inverse = new Varying(value.values.map((x) => Math.round(1 / x)));
    const whole = value.values.every(Number.isInteger);
    const inverted = !whole && value.values.every((x, i) => Math.abs(x * inverse.values[i]! - 1) < 1e-12);
    const size = this.node("Reshape", [this.size(inverted ? inverse : value), this.ints([])]);
    const cast = dtype === "int64" ? size : this.cast(size, dtype);
    return inverted ? this.node("Reciprocal", [cast]) : cast;
  }

  /** Sizes as a vector of int64, computed by the graph as far as they vary. */
  sizes(sizes: readonly Size[]): string {
    if (!sizes.some((size) => size instanceof Varying)) return this.ints(sizes as readonly number[]);
    const parts = sizes.map((size) => this.size(size));
    return parts.length === 1 ? parts[0]! : this.node("Concat", parts, { axis: int(0) });
  }

  /** Whether {@link size} can express a size. */
  expressible(size: Size): boolean {
    return !(size instanceof Varying) || formulaFor(size, this.known) !== null;
  }

  /** A size as a vector of one. */
  private size(size: Size): string {
    if (!(size instanceof Varying)) return this.ints([size]);
    const formula = formulaFor(size, this.known);
    if (formula === null) {
      return this.refuse(
        `the number ${
          valuesOf(size, this.traces).join(", ")
        } changes with the inputs' sizes in a way that the graph cannot compute; ` +
          `leave out the dynamic axis, or compute it with tensor operations`,
      );
    }
    const { factors, scale, offset, divisor } = formula;
    const terms = factors.map(({ of, dim }) =>
      this.node("Gather", [this.node("Shape", [of]), this.ints([dim])], { axis: int(0) })
    );
    let result = terms.length === 1 ? terms[0]! : this.node("Mul", terms);
    if (scale !== 1) result = this.node("Mul", [result, this.ints([scale])]);
    if (offset !== 0) result = this.node("Add", [result, this.ints([offset])]);
    return divisor === 1 ? result : this.node("Div", [result, this.ints([divisor])]);
  }

  /** A constant that depends on sizes. */
  private sized({ dtype, shape, source }: TracedValue): string {
    if (source?.kind === "uniform") {
      return this.node("Expand", [this.numbers([source.element], dtype), this.sizes(shape)]);
    }
    if (source?.kind === "triangle") {
      const [rows, columns] = shape.slice(-2).map((size) => {
        return this.node("Range", [this.scalar(0, "int64"), this.scalar(size, "int64"), this.scalar(1, "int64")]);
      }) as [string, string];
      const last = this.node("Add", [this.node("Unsqueeze", [rows, this.ints([1])]), this.ints([source.diagonal])]);
      const mask = this.node("LessOrEqual", [columns, last]);
      const { below, above } = source;
      const matrix = dtype !== "bool"
        ? this.node("Where", [mask, this.numbers([below], dtype), this.numbers([above], dtype)])
        : below === 1
        ? mask
        : this.node("Not", [mask]);
      return shape.length === 2 ? matrix : this.node("Expand", [matrix, this.sizes(shape)]);
    }
    if (source?.kind === "range") {
      const [start, step] = [this.scalar(source.start, "int64"), this.scalar(source.step, "int64")];
      const count = this.scalar(source.count, "int64");
      const limit = this.node("Add", [start, this.node("Mul", [step, count])]);
      const range = this.node("Range", [start, limit, step]);
      return dtype === "int64" ? range : this.cast(range, dtype);
    }
    if (source?.kind === "sizes") {
      const vector = this.node("Concat", source.elements.map((element) => this.size(element)), { axis: int(0) });
      const cast = dtype === "int64" ? vector : this.cast(vector, dtype);
      return this.node("Reshape", [cast, this.ints(shape as readonly number[])]);
    }
    return this.refuse(
      `a constant of ${dtype} and shape [${
        shape.join(", ")
      }] was made on the host from the inputs' sizes, and would freeze; leave out ` +
        `the dynamic axis, compute the constant with tensor operations (arange, comparisons, …), or, in an imported model, make it an input`,
    );
  }

  private unused(op: string): string {
    let name: string;
    do name = `${op}_${this.counter++}`; while (this.taken.has(name));
    return name;
  }
}

/** The number of elements of a shape that does not vary; NaN for others. */
export const countOf = (shape: readonly Size[]): number =>
  shape.some((size) => size instanceof Varying) ? NaN : sizeOf(shape as readonly number[]);

/** A rule that translates a step: the names of its outputs. */
export type Translate<S extends TracedStep> = (e: Emitter, step: S) => readonly string[];
