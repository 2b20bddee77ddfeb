/** A graph of ONNX nodes while it is written, and the model that becomes of it. */
import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType as Type,
  AttributeProtoSchema,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { DType } from "@heddle/tensor";
import { onnxTypes, type TensorData, writeTensor } from "../tensor_proto.ts";

/** The value of an attribute. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly texts: readonly string[] };

/** The attributes of a node. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** An integer attribute. */
export const int = (value: number): Attribute => ({ int: value });
/** An attribute of several integers. */
export const ints = (values: readonly number[]): Attribute => ({ ints: values });
/** A floating-point attribute. */
export const float = (value: number): Attribute => ({ float: value });
/** A text attribute. */
export const text = (value: string): Attribute => ({ text: value });

/** A node. The name "" stands for an input that is left out. */
export interface GraphNode {
  readonly op: string;
  inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
  /** Why the node cannot be exported; a graph that needs it is refused. */
  readonly refusal: string | null;
}

/** An input or output of a graph. Sizes that are names may differ from call to call. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

/** What a file says about itself. */
export interface ModelInfo {
  readonly opset: number;
  readonly graphName: string;
  readonly producer: string;
  readonly documentation: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The oldest version of the file format that has all operators of an opset: https://github.com/onnx/onnx/blob/main/docs/Versioning.md */
const formats: readonly (readonly [opset: number, format: number])[] = [[13, 7], [15, 8], [19, 9], [21, 10]];

/** Removes the nodes whose outputs nothing needs. */
export function needed(nodes: readonly GraphNode[], outputs: readonly string[]): GraphNode[] {
  const wanted = new Set(outputs);
  const kept: GraphNode[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    kept.push(node);
    for (const name of node.inputs) wanted.add(name);
  }
  return kept.reverse();
}

const utf8 = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

function attributeOf(name: string, value: Attribute): AttributeProto {
  const given = "int" in value
    ? { type: Type.INT, i: BigInt(value.int) }
    : "ints" in value
    ? { type: Type.INTS, ints: value.ints.map(BigInt) }
    : "float" in value
    ? { type: Type.FLOAT, f: value.float }
    : "text" in value
    ? { type: Type.STRING, s: utf8(value.text) }
    : { type: Type.STRINGS, strings: value.texts.map(utf8) };
  return create(AttributeProtoSchema, { name, ...given });
}

function portOf({ name, dtype, shape }: Port): ValueInfoProto {
  const dim = shape.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof size === "number" ? { case: "dimValue", value: BigInt(size) } : { case: "dimParam", value: size },
    })
  );
  const tensorType = create(TypeProto_TensorSchema, {
    elemType: onnxTypes[dtype],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value: tensorType } });
  return create(ValueInfoProtoSchema, { name, type });
}

/** The model of a graph. */
export function modelOf(
  nodes: readonly GraphNode[],
  initializers: readonly (readonly [name: string, data: TensorData])[],
  inputs: readonly Port[],
  outputs: readonly Port[],
  info: ModelInfo,
): ModelProto {
  const graph = create(GraphProtoSchema, {
    name: info.graphName,
    node: nodes.map(({ op, inputs, outputs, attributes }, i) =>
      create(NodeProtoSchema, {
        name: `${op}_${i}`,
        opType: op,
        input: [...inputs],
        output: [...outputs],
        attribute: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
      })
    ),
    initializer: initializers.map(([name, data]) => writeTensor(name, data)),
    input: inputs.map(portOf),
    output: outputs.map(portOf),
  });
  return create(ModelProtoSchema, {
    irVersion: BigInt(formats.findLast(([opset]) => opset <= info.opset)![1]),
    producerName: info.producer,
    docString: info.documentation,
    graph,
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(info.opset) })],
    metadataProps: Object.entries(info.metadata).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value })
    ),
  });
}
