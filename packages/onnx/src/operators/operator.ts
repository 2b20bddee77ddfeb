/** What an operator of ONNX is: an entry of the table, by domain, name and the operator set since which it has this form. */
import type { Symbolic } from "@heddle/tensor";
import type { Call } from "./call.ts";
import type { AttributeValue, Outputs, Value } from "./value.ts";

/** How an attribute is stored in files. */
export type AttributeKind = "int" | "float" | "string" | "ints" | "floats" | "strings" | "tensor" | "graph" | "type";

/** An attribute of an operator. */
export interface AttributeSpec {
  readonly kind: AttributeKind;
  /** The value where a node has none. */
  readonly default?: number | string | readonly number[] | readonly string[];
  readonly required?: boolean;
  /** The values that are supported, where not all are. */
  readonly only?: readonly (number | string)[];
}

/** An input of {@link Operator.pointwise}: a tensor, a number that is part of the model, or undefined where it is left out. */
export type Point = Symbolic | number | undefined;

/** One form of an operator. */
export interface Operator {
  /** The least and the largest number of inputs. */
  readonly inputs: readonly [least: number, most: number];
  /** The largest number of outputs, by default one. */
  readonly outputs?: number;
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  /** The inputs that are weights: floating-point initialisers there become parameters. */
  readonly weights?: readonly number[];
  /** The weights that scale or shift what an operator has normalised. Constants of ones or zeros there stand for none. */
  readonly affine?: readonly number[];
  /** The inputs that become weights if an output does, as in Reshape and Transpose. */
  readonly through?: readonly number[] | "all";
  /** The inputs that are statistics: buffers that training updates. */
  readonly statistics?: readonly number[];
  /** The inputs whose values are needed as numbers, such as shapes. */
  readonly numbers?: readonly number[];
  /** Whether the result depends on the shape of the input alone. */
  readonly ofShape?: boolean;
  /** Whether the result depends on more than the inputs, such as random numbers. */
  readonly impure?: boolean;
  /**
   * For element-wise operators on floating-point numbers: the same as an expression, so that neighbouring nodes become one kernel.
   * Returns null for inputs and attributes that it cannot express; the first input is a tensor otherwise.
   */
  readonly pointwise?: (
    inputs: readonly Point[],
    attributes: Readonly<Record<string, AttributeValue>>,
  ) => Symbolic | null;
  /** Remarks for the table in the documentation. */
  readonly note?: string;
  /** Computes the output, or the outputs. */
  readonly run: (call: Call) => Value | Outputs;
}

/** The forms of an operator by the version since which they hold. */
export type Versions = Readonly<Record<number, Operator>>;

/** Operators by name. */
export type Operators = Readonly<Record<string, Versions>>;

/** An attribute of whole numbers. */
export const int = (value?: number, only?: readonly number[]): AttributeSpec => spec("int", value, only);
/** An attribute of a floating-point number. */
export const float = (value?: number): AttributeSpec => spec("float", value);
/** An attribute of text. */
export const string = (value?: string, only?: readonly string[]): AttributeSpec => spec("string", value, only);
/** An attribute of a list of whole numbers. */
export const ints = (value?: readonly number[]): AttributeSpec => spec("ints", value);
/** An attribute of a list of floating-point numbers. */
export const floats = (value?: readonly number[]): AttributeSpec => spec("floats", value);
/** An attribute of a list of texts. */
export const strings = (value?: readonly string[]): AttributeSpec => spec("strings", value);
/** An attribute that is a tensor. */
export const tensorAttribute: AttributeSpec = { kind: "tensor" };
/** An attribute that is a graph. */
export const graph: AttributeSpec = { kind: "graph", required: true };
/** An attribute that every node must have. */
export const required = (attribute: AttributeSpec): AttributeSpec => ({ ...attribute, required: true });

function spec(
  kind: AttributeKind,
  value?: AttributeSpec["default"],
  only?: readonly (number | string)[],
): AttributeSpec {
  return { kind, ...value !== undefined && { default: value }, ...only !== undefined && { only } };
}
