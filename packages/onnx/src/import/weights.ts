/** What the tensors of a file become: parameters, buffers, or constants of the program. */
import { Parameter } from "@heddle/nn";
import { type Device, fromTypedArray, isFloat, keep, type Tensor } from "@heddle/tensor";
import { sizeOf } from "@heddle/tensor/engine";
import { hostDevice, hostTensor, mostHostElements, narrowed } from "../operators/host.ts";
import type { TensorData } from "../tensor_proto.ts";
import { type Graph, type Initializer, innerGraphs } from "./graph.ts";
import { hostNames, statisticNames, trainableNames } from "./trainable.ts";

/** Weights are finite and of moderate size; the large numbers of masks are none. */
const mostWeight = 1e4;

/** Decides by name and shape whether an initialiser is a parameter; undefined for the importer's own choice. */
export type ChooseParameter = (name: string, shape: readonly number[]) => boolean | undefined;

/**
 * Makes the tensors of a graph and of all within it.
 *
 * - Floating-point tensors at the weights of operators become parameters: initialisers with dimensions, and constants of more than one
 *   element.
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
  const [statistics, numbers] = [statisticNames(graph), hostNames(graph)];
  for (const [name, initializer] of graph.initializers) {
    const { data } = initializer;
    const count = sizeOf(data.shape);
    const chosen = isFloat(data.dtype) ? choose?.(name, data.shape) : false;
    const trains = chosen ?? (trainable.has(name) && isWeight(initializer, count));
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

function isWeight({ data, named }: Initializer, count: number): boolean {
  if (!isFloat(data.dtype) || (named ? data.shape.length === 0 : count <= 1)) return false;
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
