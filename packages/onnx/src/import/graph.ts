/** Graphs as they are run: nodes with their operators and attributes, in order. */
import type { Tensor } from "@heddle/tensor";
import type { Runner } from "../operators/call.ts";
import type { Operator } from "../operators/operator.ts";
import type { AttributeValue, Subgraph, Value } from "../operators/value.ts";
import type { TensorData } from "../tensor_proto.ts";

/** A node of a graph. */
export interface Node {
  readonly name: string;
  readonly op: string;
  readonly operator: Operator;
  readonly opset: number;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** The names of the inputs, `""` for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** For a function of the model: its body. */
  readonly body: Graph | null;
}

/** An input of a graph. */
export interface GraphInput {
  readonly name: string;
  /** Whether it is a tensor or a sequence of tensors; either may be an optional. */
  readonly kind: "tensor" | "sequence";
  /** ONNX's element type; 0 where the file does not say. */
  readonly type: number;
  /** The sizes, as numbers or names; null where the file does not say. */
  readonly shape: readonly (number | string)[] | null;
}

/** A graph, of a model, of a function or within a node. */
export interface Graph extends Subgraph {
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly string[];
  readonly nodes: Node[];
  /** The tensors in the file, until the module decides what they become. */
  readonly initializers: Map<string, Initializer>;
  /** Tensors that are part of the program, on the host. */
  readonly constants: Map<string, Tensor>;
  /** The names in the module's state of initialisers that are parameters or buffers. */
  readonly state: Map<string, string>;
  /** By node, the names that are not used after it. */
  dead: (readonly string[])[];
  /** Nodes that are computed together, by the index of the first. */
  groups: ReadonlyMap<number, Group>;
}

/** Nodes that are computed together. They follow each other, and only the last one's output is used elsewhere. */
export interface Group {
  readonly nodes: readonly Node[];
  /** The names of what comes from elsewhere, `""` for what is left out. */
  readonly inputs: readonly string[];
  /** The output of the last node, and no other tensor; or null where the nodes have to run one by one. */
  readonly run: (inputs: readonly Value[], runner: Runner) => Tensor | null;
}

/** A tensor of a file. */
export interface Initializer {
  readonly data: TensorData;
  /** Whether it is an initialiser by the file, and not a node `Constant`. */
  readonly named: boolean;
  /** Whether it is a constant that `exportOnnx` wrote, and so no weight. */
  readonly fixed: boolean;
}

/** The graphs that are attributes of a node, and its body. */
export function innerGraphs(node: Node): Graph[] {
  const found = Object.values(node.attributes).filter((value): value is Graph =>
    typeof value === "object" && "nodes" in value
  );
  return node.body === null ? found : [...found, node.body];
}

/** The names from outside that a graph uses. */
export function captured(graph: Graph): Set<string> {
  const own = new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  for (const name of [...graph.constants.keys(), ...graph.state.keys()]) own.add(name);
  const found = new Set<string>();
  for (const node of graph.nodes) {
    for (const name of usedBy(node)) if (!own.has(name)) found.add(name);
    for (const name of node.outputs) own.add(name);
  }
  for (const name of graph.outputs) if (!own.has(name)) found.add(name);
  return found;
}

/** The names that a node uses, within its graphs too. A function's body sees only its inputs. */
export function usedBy(node: Node): Set<string> {
  const found = new Set(node.inputs.filter((name) => name !== ""));
  for (const graph of innerGraphs(node)) {
    if (graph !== node.body) {
      for (const name of captured(graph)) found.add(name);
    }
  }
  return found;
}

/** A node for people: its name, operator and inputs. */
export function describe(
  node: { readonly name: string; readonly opType?: string; readonly op?: string } & Inputs,
): string {
  const op = node.opType ?? node.op;
  const inputs = (node.input ?? node.inputs ?? []).join(", ");
  return `node ${node.name === "" ? "" : `"${cut(node.name)}" `}${cut(op ?? "")}(${cut(inputs)})`;
}

function cut(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

interface Inputs {
  readonly input?: readonly string[];
  readonly inputs?: readonly string[];
}
