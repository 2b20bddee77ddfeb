/** Runs graphs, node by node, and frees what is not used any more. */
import { type Device, type Tensor, tidy } from "@heddle/tensor";
import { internals, isTensor, keepsPrepared } from "@heddle/tensor/engine";
import { Call, NotFolded, type Runner } from "../operators/call.ts";
import { asConstant, hostDevice, isConstant, mostHostElements } from "../operators/host.ts";
import { Outputs, type Subgraph, type Value } from "../operators/value.ts";
import { describe, type Graph, type Group, innerGraphs, type Node } from "./graph.ts";

/** Values by name, with those of the graph around it. */
class Values {
  private readonly own: Map<string, Value> = new Map();
  private readonly graph: Graph;
  private readonly state: ReadonlyMap<string, Tensor>;
  private readonly outer: Values | null;

  constructor(graph: Graph, state: ReadonlyMap<string, Tensor>, outer: Values | null) {
    this.graph = graph;
    this.state = state;
    this.outer = outer;
  }

  get(name: string): Value {
    if (name === "") return null;
    const found = this.own.get(name);
    if (found !== undefined) return found;
    const constant = this.graph.constants.get(name);
    if (constant !== undefined) return constant;
    const key = this.graph.state.get(name);
    if (key !== undefined) return this.state.get(key)!;
    if (this.outer === null) throw new Error(`there is no value "${name}"`);
    return this.outer.get(name);
  }

  set(name: string, value: Value): void {
    this.own.set(name, value);
  }

  /** Removes a value of this graph. */
  take(name: string): Value {
    const value = this.own.get(name) ?? null;
    this.own.delete(name);
    return value;
  }
}

/** What a node made on the host, and from what: constants, or the shape of its input. */
interface Remembered {
  readonly inputs: readonly (Value | string)[];
  readonly results: readonly Value[];
}

/** The last results of nodes that compute with shapes, which are the same from run to run as long as the shapes are. */
const remembered: WeakMap<Node, Remembered> = new WeakMap();

function keyOf(node: Node, value: Value): Value | string {
  return node.operator.ofShape && isTensor(value) ? value.shape.join() : value;
}

function recall(node: Node, inputs: readonly Value[]): readonly Value[] | null {
  const last = remembered.get(node);
  return last?.inputs.every((input, i) => input === keyOf(node, inputs[i]!)) ? last.results : null;
}

function remember(node: Node, inputs: readonly Value[], results: readonly Value[]): void {
  const given = node.operator.ofShape || inputs.every((value) => isTensor(value) && isConstant(value));
  const small = (value: Value): value is Tensor =>
    isTensor(value) && value.device === hostDevice() && value.numel <= mostHostElements;
  if (!given || node.operator.impure || !results.every(small)) return;
  for (const value of results) asConstant(value);
  remembered.set(node, { inputs: inputs.map((value) => keyOf(node, value)), results });
}

/** One run of a model. */
export class Run implements Runner {
  readonly device: Device;
  readonly training: boolean;
  readonly folding: boolean;
  private readonly state: ReadonlyMap<string, Tensor>;
  private readonly statistics: ReadonlySet<Tensor>;
  /** Whether results on the host are kept from run to run. */
  private readonly remembers: boolean;
  /** How many names refer to a tensor that a node made. */
  private readonly made: Map<Tensor, number> = new Map();
  private current: Values | null = null;

  constructor(
    { device, training, state, buffers, folding = false }: {
      readonly device: Device;
      readonly training: boolean;
      readonly state: ReadonlyMap<string, Tensor>;
      readonly buffers: ReadonlySet<Tensor>;
      readonly folding?: boolean;
    },
  ) {
    this.device = device;
    this.training = training;
    this.state = state;
    this.statistics = buffers;
    this.folding = folding;
    this.remembers = !folding && device !== hostDevice() && keepsPrepared();
  }

  isBuffer(value: Tensor): boolean {
    return this.statistics.has(value);
  }

  runGraph(graph: Subgraph, inputs: readonly Value[]): readonly Value[] {
    return this.run(graph as Graph, inputs);
  }

  /** Runs a graph; the results are its outputs. */
  run(graph: Graph, inputs: readonly Value[]): Value[] {
    const before = this.current;
    const values = new Values(graph, this.state, before);
    this.current = values;
    try {
      graph.inputs.forEach(({ name }, i) => values.set(name, inputs[i] ?? null));
      const { nodes } = graph;
      for (let i = 0; i < nodes.length; i++) {
        const group = graph.groups.get(i);
        const result = group === undefined ? null : this.runGroup(group);
        const last = result === null ? i : i + group!.nodes.length - 1;
        const node = nodes[last]!;
        const results = result === null ? this.runNode(node) : [result];
        const passing = result === null ? node : null;
        const { outputs } = node;
        for (let k = 0; k < outputs.length; k++) {
          if (outputs[k] === "") continue;
          const value = results[k] ?? null;
          this.count(value, 1, passing);
          values.set(outputs[k]!, value);
        }
        for (; i < last; i++) this.free(values, graph.dead[i]);
        this.free(values, graph.dead[i]);
      }
      return graph.outputs.map((name) => values.get(name));
    } finally {
      this.current = before;
    }
  }

  /** The outputs of a node. */
  runNode(node: Node): readonly Value[] {
    const values = this.current;
    try {
      const inputs = node.inputs.map((name) => values!.get(name));
      const known = this.remembers ? recall(node, inputs) : null;
      if (known !== null) return known;
      const call = new Call(node, inputs, this, node.body);
      const compute = (): Value | readonly Value[] => {
        const result = node.operator.run(call);
        return result instanceof Outputs ? result.values : [result];
      };
      // What nodes of inner graphs make is freed there.
      if (innerGraphs(node).length > 0) return compute() as readonly Value[];
      const results = tidy(compute) as readonly Value[];
      if (this.remembers) remember(node, inputs, results);
      return results;
    } catch (cause) {
      if (cause instanceof NotFolded) throw cause;
      const message = (cause as Error).message;
      // Of nodes within nodes, the innermost is named.
      if (message.startsWith("ONNX model: ")) throw cause;
      const kind = cause instanceof RangeError ? RangeError : cause instanceof TypeError ? TypeError : Error;
      throw new kind(`ONNX model: ${describe(node)}: ${message}`, { cause });
    }
  }

  /** The output of a group of nodes, or null where they have to run one by one. */
  private runGroup(group: Group): Tensor | null {
    const inputs = group.inputs.map((name) => this.current!.get(name));
    try {
      return group.run(inputs, this);
    } catch {
      return null; // then the error names the node
    }
  }

  private free(values: Values, names: readonly string[] = []): void {
    for (const name of names) this.count(values.take(name), -1, null);
  }

  /**
   * Counts the names of a tensor; without one it is freed. Constants, weights and inputs are not the run's to free.
   *
   * @param node what may have passed the value on instead of making it.
   */
  private count(value: Value, change: number, node: Node | null): void {
    if (Array.isArray(value)) {
      for (const item of value) this.count(item, change, node);
      return;
    }
    if (!isTensor(value)) return;
    const known = this.made.get(value);
    if (known === undefined) {
      if (change <= 0 || internals(value).kept || (node !== null && this.isForeign(value, node))) return;
      this.made.set(value, change);
      return;
    }
    if (known + change > 0) this.made.set(value, known + change);
    else {
      this.made.delete(value);
      value.dispose();
    }
  }

  /** Whether a node passes a tensor on that no node made. */
  private isForeign(value: Tensor, node: Node): boolean {
    return innerGraphs(node).length > 0 ||
      node.inputs.some((name) => name !== "" && holds(this.current!.get(name), value));
  }
}

function holds(value: Value, tensor: Tensor): boolean {
  return value === tensor || (Array.isArray(value) && value.some((item) => holds(item, tensor)));
}
