/** Small models for tests. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { DType } from "@heddle/tensor";
import {
  AttributeProto_AttributeType as Kind,
  type AttributeProtoSchema,
  type FunctionProtoSchema,
  type GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { writeModel } from "../proto.ts";

/** Fields of a graph within a node. */
export type GraphFields = MessageInitShape<typeof GraphProtoSchema>;

/** Values of attributes: whole numbers are bigints. */
export type Attribute =
  | bigint
  | number
  | string
  | readonly bigint[]
  | readonly string[]
  | TensorProto
  | { readonly graph: GraphFields };

/** A node: operator, inputs, outputs, attributes. */
export type NodeFields = readonly [
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, Attribute>>,
];

/** The fields of a node. */
export function nodeOf([opType, input, output, attributes = {}]: NodeFields, domain = ""): NodeProto {
  return create(NodeProtoSchema, {
    domain,
    opType,
    input: [...input],
    output: [...output],
    attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...attributeOf(value) })),
  });
}

function attributeOf(value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === "bigint") return { type: Kind.INT, i: value };
  if (typeof value === "number") return { type: Kind.FLOAT, f: value };
  if (typeof value === "string") return { type: Kind.STRING, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) {
    if (typeof value[0] !== "string") return { type: Kind.INTS, ints: [...value] as bigint[] };
    return { type: Kind.STRINGS, strings: value.map((text: string) => new TextEncoder().encode(text)) };
  }
  if ("graph" in value) return { type: Kind.GRAPH, g: value.graph };
  return { type: Kind.TENSOR, t: value as TensorProto };
}

/** A tensor of floats, or of whole numbers. */
export function tensorOf(
  name: string,
  dims: readonly number[],
  values: readonly number[] | readonly bigint[],
): TensorProto {
  const whole = typeof values[0] === "bigint";
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: whole ? TensorProto_DataType.INT64 : TensorProto_DataType.FLOAT,
    ...whole ? { int64Data: values as bigint[] } : { floatData: values as number[] },
  });
}

const types: Partial<Record<DType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  int64: TensorProto_DataType.INT64,
  bool: TensorProto_DataType.BOOL,
};

/** An input or output of a graph. */
export function valueOf(
  name: string,
  dtype: DType = "float32",
  shape: readonly (number | string)[] | null = null,
): ValueInfoProto {
  const dim = shape?.map((size) => ({
    value: typeof size === "number"
      ? { case: "dimValue" as const, value: BigInt(size) }
      : { case: "dimParam" as const, value: size },
  }));
  const tensor = { elemType: types[dtype]!, ...dim !== undefined && { shape: { dim } } };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: "tensorType", value: tensor } } });
}

/** The bytes of a model. */
export function modelOf(
  { nodes, inputs = ["x"], outputs = ["y"], initializers = [], opset = 17, functions = [], ir = 8 }: {
    readonly nodes: readonly NodeFields[];
    readonly inputs?: readonly (string | ValueInfoProto)[];
    readonly outputs?: readonly string[];
    readonly initializers?: readonly TensorProto[];
    readonly opset?: number;
    readonly functions?: readonly MessageInitShape<typeof FunctionProtoSchema>[];
    readonly ir?: number;
  },
): Uint8Array {
  return writeModel(create(ModelProtoSchema, {
    irVersion: BigInt(ir),
    opsetImport: [
      { domain: "", version: BigInt(opset) },
      ...functions.map(({ domain }) => ({ domain: domain!, version: 1n })),
    ],
    functions: [...functions],
    graph: {
      name: "graph",
      node: nodes.map((node) => nodeOf(node)),
      input: inputs.map((input) => typeof input === "string" ? valueOf(input) : input),
      output: outputs.map((name) => valueOf(name)),
      initializer: [...initializers],
    },
  }));
}
