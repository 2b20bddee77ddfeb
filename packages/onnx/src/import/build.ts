/** Graphs from files: every node with its operator and attributes; what is missing is collected before anything runs. */
import type { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, ValueInfoProto } from "onnx-buf";
import type { AttributeSpec, Operator } from "../operators/operator.ts";
import type { AttributeValue } from "../operators/value.ts";
import { findOperator, versionsOf } from "../operators/table.ts";
import { type ExternalFiles, readTensor, type TensorData } from "../tensor_proto.ts";
import { describe, type Graph, type GraphInput, type Initializer, type Node } from "./graph.ts";
import { hostTensor } from "../operators/host.ts";
import { inOrder } from "./order.ts";
import type { Problems } from "./problems.ts";

/** Attributes of the function's node, for the references to them within its body. */
type GivenAttributes = ReadonlyMap<string, AttributeProto>;

/** The most nodes of a model, with the bodies of functions as often as they are called. */
const mostNodes = 2 ** 18;

/** Builds the graphs of a model, and collects all that is missing. */
export class GraphBuilder {
  readonly problems: Problems = { operators: new Set(), nodes: [] };
  private readonly functions: ReadonlyMap<string, FunctionProto>;
  private readonly files: ExternalFiles | undefined;
  /** Whether `exportOnnx` wrote the file. */
  private readonly own: boolean;
  /** The functions that are being expanded. */
  private readonly open: Set<FunctionProto> = new Set();
  private count = 0;

  constructor(model: ModelProto, files: ExternalFiles | undefined) {
    this.functions = new Map(model.functions.map((each) => [`${plainDomain(each.domain)}:${each.name}`, each]));
    this.files = files;
    this.own = model.producerName === "heddle";
  }

  /** @param outer the names that are visible from outside. */
  build(proto: GraphProto, versions: ReadonlyMap<string, number>, outer: ReadonlySet<string>): Graph {
    const initializers = new Map<string, Initializer>();
    if (proto.sparseInitializer.length > 0) this.problems.nodes.push("the graph has sparse initialisers");
    for (const tensor of proto.initializer) {
      if (initializers.has(tensor.name)) this.problems.nodes.push(`two initialisers are called "${tensor.name}"`);
      const fixed = this.own && /^constant_\d+$/.test(tensor.name);
      initializers.set(tensor.name, { data: readTensor(tensor, this.files), named: true, fixed });
    }
    // Before IR version 4 initialisers are inputs too, as defaults.
    const inputs = proto.input.filter(({ name }) => !initializers.has(name)).map(inputOf);
    return this.assemble(proto.node, { inputs, outputs: proto.output.map(({ name }) => name), initializers }, {
      versions,
      outer,
      given: new Map(),
    });
  }

  private assemble(
    protos: readonly NodeProto[],
    { inputs, outputs, initializers }: Pick<Graph, "inputs" | "outputs" | "initializers">,
    { versions, outer, given }: {
      versions: ReadonlyMap<string, number>;
      outer: ReadonlySet<string>;
      given: GivenAttributes;
    },
  ): Graph {
    this.count += protos.length;
    if (this.count > mostNodes) throw new Error(`importOnnx: the model has more than ${mostNodes} nodes`);
    const defined = new Set([...outer, ...inputs.map(({ name }) => name), ...initializers.keys()]);
    for (const proto of protos) {
      for (const name of proto.output) {
        if (name === "") continue;
        if (defined.has(name) && !outer.has(name)) this.problems.nodes.push(`two values are called "${name}"`);
        defined.add(name);
      }
    }
    const nodes: Node[] = [];
    for (const proto of protos) {
      const node = this.node(proto, versions, defined, given);
      const constant = node?.op === "Constant" ? constantData(proto, this.files) : null;
      if (constant !== null) initializers.set(proto.output[0]!, { data: constant, named: false, fixed: false });
      else if (node !== null) nodes.push(node);
    }
    for (const name of outputs) {
      if (!defined.has(name)) this.problems.nodes.push(`nothing computes the graph's output "${name}"`);
    }
    const sorted = inOrder(nodes, this.problems);
    const [constants, state, groups] = [new Map(), new Map(), new Map()];
    return { inputs, outputs, nodes: sorted, initializers, constants, state, dead: [], groups };
  }

  private node(
    proto: NodeProto,
    versions: ReadonlyMap<string, number>,
    defined: ReadonlySet<string>,
    given: GivenAttributes,
  ): Node | null {
    const domain = plainDomain(proto.domain);
    const [inputs, outputs] = [trimmed(proto.input), trimmed(proto.output)];
    const where = describe(proto);
    const problem = (text: string): null => {
      this.problems.nodes.push(`${where}: ${text}`);
      return null;
    };
    for (const name of inputs) {
      if (name !== "" && !defined.has(name)) problem(`nothing computes its input "${name}"`);
    }
    const own = proto.attribute.flatMap((attribute) => {
      if (attribute.refAttrName === "") return [attribute];
      const passed = given.get(attribute.refAttrName);
      return passed === undefined ? [] : [{ ...passed, name: attribute.name }];
    });
    const called = this.functions.get(`${domain}:${proto.opType}`);
    if (called !== undefined) return this.call(called, proto, own, inputs, outputs);

    const opset = versions.get(domain);
    if (opset === undefined) return problem(`the model imports no operator set of the domain "${domain}"`);
    const operator = findOperator(domain, proto.opType, opset);
    if (operator === null) {
      this.problems.operators.add(`${domain === "" ? "" : `${domain}.`}${proto.opType}`);
      const known = versionsOf(domain, proto.opType);
      return problem(
        known === null
          ? "there is no such operator here"
          : `in operator set ${opset}; here it is known from ${known[0]} on`,
      );
    }
    const [least, most] = operator.inputs;
    if (inputs.length < least || inputs.length > most) {
      const wanted = least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
      return problem(`it has ${inputs.length} inputs; expected ${wanted}`);
    }
    if (inputs.slice(0, least).includes("")) return problem("an input that it needs is left out");
    const mostOutputs = operator.outputs ?? 1;
    if (outputs.length > mostOutputs) {
      return problem(`it has ${outputs.length} outputs, of which only ${mostOutputs} can be computed`);
    }
    const attributes: Record<string, AttributeValue> = {};
    for (const attribute of own) {
      const spec = operator.attributes?.[attribute.name];
      if (spec === undefined || !Object.hasOwn(operator.attributes!, attribute.name)) {
        problem(`its attribute "${attribute.name}" is not supported`);
        continue;
      }
      try {
        const value = this.attribute(attribute, spec, versions, defined);
        attributes[attribute.name] = value;
        if (spec.only !== undefined && !spec.only.includes(value as string | number)) {
          problem(`${attribute.name} = ${JSON.stringify(value)} is not supported; it can be ${spec.only.join(", ")}`);
        }
      } catch (cause) {
        problem((cause as Error).message);
      }
    }
    for (const [name, spec] of Object.entries(operator.attributes ?? {})) {
      if (Object.hasOwn(attributes, name)) continue;
      if (spec.required) problem(`it lacks the attribute "${name}"`);
      if (spec.default !== undefined) attributes[name] = spec.default;
    }
    return { name: proto.name, op: proto.opType, operator, opset, attributes, inputs, outputs, body: null };
  }

  /** A call of a function of the model. */
  private call(
    called: FunctionProto,
    proto: NodeProto,
    own: readonly AttributeProto[],
    inputs: readonly string[],
    outputs: readonly string[],
  ): Node | null {
    if (this.open.has(called)) {
      this.problems.nodes.push(`the function "${called.name}" calls itself`);
      return null;
    }
    this.open.add(called);
    const given = new Map([...called.attributeProto, ...own].map((attribute) => [attribute.name, attribute]));
    const body = this.assemble(called.node, {
      inputs: called.input.map((name) => ({ name, kind: "tensor", type: 0, shape: null })),
      outputs: called.output,
      initializers: new Map(),
    }, { versions: opsets(called.opsetImport), outer: new Set(), given });
    this.open.delete(called);
    const operator: Operator = { inputs: [0, Infinity], run: (c) => c.body() };
    return { name: proto.name, op: proto.opType, operator, opset: 0, attributes: {}, inputs, outputs, body };
  }

  private attribute(
    proto: AttributeProto,
    { kind }: AttributeSpec,
    versions: ReadonlyMap<string, number>,
    defined: ReadonlySet<string>,
  ): AttributeValue {
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    switch (kind) {
      case "int":
        return Number(proto.i);
      case "float":
        return proto.f;
      case "string":
        return text(proto.s);
      case "ints":
        return proto.ints.map(Number);
      case "floats":
        return proto.floats;
      case "strings":
        return proto.strings.map(text);
      case "tensor":
        if (proto.t === undefined) throw new Error(`its attribute "${proto.name}" holds no tensor`);
        return hostTensor(readTensor(proto.t, this.files));
      case "type":
        return 0;
      case "graph":
        if (proto.g === undefined) throw new Error(`its attribute "${proto.name}" holds no graph`);
        return this.build(proto.g, versions, defined);
    }
  }
}

/** The versions of operator sets by domain. */
export function opsets(imports: ModelProto["opsetImport"]): Map<string, number> {
  return new Map(imports.map(({ domain, version }) => [plainDomain(domain), Number(version)]));
}

/** The domain of ONNX itself has two names. */
function plainDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

/** Names without those left out at the end. */
function trimmed(names: readonly string[]): string[] {
  const last = names.findLastIndex((name) => name !== "");
  return names.slice(0, last + 1);
}

/** The tensor of a node `Constant` that holds one as such. */
function constantData(proto: NodeProto, files: ExternalFiles | undefined): TensorData | null {
  const value = proto.attribute.find(({ name, refAttrName }) => name === "value" && refAttrName === "")?.t;
  return value === undefined || proto.output.length !== 1 ? null : readTensor(value, files);
}

function inputOf({ name, type: given }: ValueInfoProto): GraphInput {
  const type = given?.value.case === "optionalType" ? given.value.value.elemType : given;
  if (type?.value.case === "sequenceType") return { name, kind: "sequence", type: 0, shape: null };
  const tensor = type?.value.case === "tensorType" ? type.value.value : undefined;
  const shape = tensor?.shape?.dim.map(({ value }) =>
    value.case === "dimValue" ? Number(value.value) : value.case === "dimParam" ? value.value : "?"
  );
  return { name, kind: "tensor", type: tensor?.elemType ?? 0, shape: shape ?? null };
}
