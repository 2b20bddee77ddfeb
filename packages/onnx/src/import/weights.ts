/** What the tensors of a file become: parameters, buffers, or constants of the program. */
import { Parameter } from "@heddle/nn";
import { type Device, fromTypedArray, isFloat, keep, type Tensor } from "@heddle/tensor";
import { sizeOf } from "@heddle/tensor/engine";
import { hostDevice, hostTensor, mostHostElements, narrowed } from "../operators/host.ts";
import type { TensorData } from "../tensor_proto.ts";
import { type Graph, type Initializer, innerGraphs, type Node, usedBy } from "./graph.ts";
import { hostNames, namesAt, trainableNames } from "./trainable.ts";

/** Weights are finite and of moderate size; the large numbers of masks are none. */
const mostWeight = 1e4;

/** Decides by name and shape whether an initialiser is a parameter; undefined for the importer's own choice. */
export type ChooseParameter = (name: string, shape: readonly number[]) => boolean | undefined;

/**
 * Makes the tensors of a graph and of all within it.
 *
 * - Floating-point tensors at the weights of operators become parameters: initialisers with dimensions, and constants of more than one
 *   element, except for ones and zeros that stand for no scale or shift of a normalisation.
 * - Small integers, single numbers, and what is needed as numbers become constants of the program, on the host.
 * - All others become buffers.
 */
export function makeTensors(
  graph: Graph,
  device: Device,
  choose: ChooseParameter | undefined,
  state: Map<string, Tensor>,
): void {
  const trainable = trainableNames(graph);
  const [statistics, affine, numbers] = [namesAt(graph, "statistics"), namesAt(graph, "affine"), hostNames(graph)];
  for (const [name, initializer] of graph.initializers) {
    const { data } = initializer;
    const count = sizeOf(data.shape);
    const chosen = isFloat(data.dtype) ? choose?.(name, data.shape) : false;
    const trains = chosen ?? (trainable.has(name) && isWeight(initializer, count) &&
      !(affine.has(name) && isNone(initializer)));
    const host = isFloat(data.dtype) ? count <= 1 || numbers.has(name) : count <= mostHostElements;
    if (!trains && !statistics.has(name) && host) {
      graph.constants.set(name, hostTensor(data));
      continue;
    }
    const key = freeKey(name, state);
    graph.state.set(name, key);
    const tensor = fileTensor(data, device);
    state.set(key, trains ? new Parameter(tensor) : keep(tensor));
  }
  graph.initializers.clear();
  for (const node of graph.nodes) for (const inner of innerGraphs(node)) makeTensors(inner, device, choose, state);
}

/** Whether a tensor at a normalisation stands for no scale or no shift: a node `Constant` of ones or zeros. */
function isNone({ data: { data }, named }: Initializer): boolean {
  const [first] = data;
  return !named && (first === 0 || first === 1) && data.every((value: number | bigint) => value === first);
}

/**
 * Gives running statistics tensors of their own, as training updates each of them. Exporters share tensors that are equal, as those of fresh
 * layers are: one initialiser serves several inputs, directly or through nodes `Identity`.
 */
export function separateStatistics(graph: Graph): void {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const uses = new Map<string, number>();
  const count = (name: string, by: number): unknown => uses.set(name, (uses.get(name) ?? 0) + by);
  for (const name of graph.outputs) count(name, 1);
  for (const node of graph.nodes) {
    for (const name of node.inputs) count(name, 1);
    for (const name of usedBy(node)) if (!node.inputs.includes(name)) count(name, 1);
  }
  const removed = new Set<Node>();
  graph.nodes.forEach((node, n) => {
    innerGraphs(node).forEach(separateStatistics);
    const inputs = [...node.inputs];
    for (const i of node.operator.statistics ?? []) {
      const name = inputs[i]!;
      let source = name;
      while (producers.get(source)?.op === "Identity") source = producers.get(source)!.inputs[0]!;
      const shared = graph.initializers.get(source);
      if (shared === undefined || (source === name && uses.get(name) === 1)) continue;
      // The output of an Identity has the name of the statistic.
      let own = name;
      if (source !== name && uses.get(name) === 1) {
        const identity = producers.get(name)!;
        removed.add(identity);
        count(identity.inputs[0]!, -1);
        if (uses.get(source) === 0) graph.initializers.delete(source);
      } else {
        for (let k = 2; producers.has(own) || graph.initializers.has(own); k++) own = `${name}.${k}`;
        count(name, -1);
        count(own, 1);
      }
      const data = { ...shared.data, data: shared.data.data.slice() } as TensorData;
      graph.initializers.set(own, { ...shared, data });
      inputs[i] = own;
    }
    if (inputs.some((name, i) => name !== node.inputs[i])) graph.nodes[n] = { ...node, inputs };
  });
  graph.nodes.splice(0, graph.nodes.length, ...graph.nodes.filter((node) => !removed.has(node)));
}

function isWeight({ data, named, fixed }: Initializer, count: number): boolean {
  if (fixed || !isFloat(data.dtype) || (named ? data.shape.length === 0 : count <= 1)) return false;
  if (data.dtype !== "float32" && data.dtype !== "float64") return true;
  return (data.data as Float32Array).every((value) => Math.abs(value) < mostWeight);
}

/** A tensor on the device of the model; large integers are indices, int32. */
function fileTensor({ dtype, shape, data }: TensorData, device: Device): Tensor {
  if (dtype !== "int64" || device === hostDevice()) return fromTypedArray(data, shape, { dtype, device });
  return narrowed(fromTypedArray(data, shape, { dtype, device: hostDevice() })).to(device);
}

/** Graphs within graphs may use a name again. */
function freeKey(name: string, state: ReadonlyMap<string, Tensor>): string {
  if (!state.has(name)) return name;
  let i = 2;
  while (state.has(`${name}.${i}`)) i++;
  return `${name}.${i}`;
}
