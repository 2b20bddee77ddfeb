/** Reads ONNX models as modules. */
import { defaultDevice, type Device, getDevice, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import type { GraphProto, ModelProto, TensorProto } from "onnx-buf";
import { lastOpset } from "../operators/table.ts";
import { readModel } from "../proto.ts";
import { type ExternalFiles, externalLocation } from "../tensor_proto.ts";
import { GraphBuilder, opsets } from "./build.ts";
import { foldConstants } from "./fold.ts";
import { fuseNodes } from "./fuse.ts";
import { type Graph, innerGraphs } from "./graph.ts";
import { OnnxModule, Program } from "./onnx_module.ts";
import { findDead } from "./order.ts";
import { throwProblems } from "./problems.ts";
import { type ChooseParameter, makeTensors, separateStatistics } from "./weights.ts";

/** Options of {@link importOnnx}. */
export interface ImportOptions {
  /** Where the parameters and buffers are made, by default the default device. */
  readonly device?: Device | string;
  /**
   * Returns the content of a file in which the model keeps tensors, by its path relative to the model's folder, as in
   * `(location) => readFile(join(folder, location))`.
   */
  readonly externalData?: (location: string) => Uint8Array | ArrayBuffer | Promise<Uint8Array | ArrayBuffer>;
  /** Decides whether a floating-point tensor of the file is a parameter (true) or not (false); undefined leaves it to the importer. */
  readonly parameters?: ChooseParameter;
}

/**
 * Imports an ONNX model, of an operator set up to 23, as a module that runs on every device and trains.
 *
 * The model is checked before anything runs: one error names every operator, attribute or operator set that is missing, with the node
 * that needs it. The module is in evaluation mode, unless nodes of the file are in training mode.
 *
 * @param bytes the content of the file.
 * @throws Error that begins with `importOnnx:` for what is no model, a damaged one, or one with operators that are missing.
 *
 * @example
 * ```ts ignore
 * import { readFile } from "node:fs/promises";
 * import { importOnnx } from "@heddle/onnx";
 * import { rand } from "@heddle/tensor";
 * const model = await importOnnx(await readFile("model.onnx"));
 * model.forward(rand([1, 3, 224, 224])).shape; // [1, 1000]
 * ```
 */
export async function importOnnx(bytes: Uint8Array | ArrayBuffer, options: ImportOptions = {}): Promise<OnnxModule> {
  checkOptions("importOnnx", options, ["device", "externalData", "parameters"]);
  const device = options.device === undefined ? defaultDevice() : getDevice(options.device);
  const model = readModel(bytes);
  const files = await externalFiles(model, options.externalData);
  const versions = opsets(model.opsetImport);
  checkOpset(versions);
  const builder = new GraphBuilder(model, files);
  const graph = builder.build(model.graph!, versions, new Set());
  throwProblems(builder.problems);
  const state = new Map<string, Tensor>();
  separateStatistics(graph);
  makeTensors(graph, device, options.parameters, state);
  const training = isTraining(graph);
  foldConstants(graph);
  prepare(graph);
  return new OnnxModule(new Program(graph), state).train(training);
}

function checkOpset(versions: ReadonlyMap<string, number>): void {
  const own = versions.get("");
  if (own === undefined || own <= lastOpset) return;
  throw new Error(
    `importOnnx: the model uses operator set ${own}; ${lastOpset} is the last that is read; export it with opset_version=${lastOpset}`,
  );
}

/** Whether nodes say that they are in training mode. */
function isTraining(graph: Graph): boolean {
  return graph.nodes.some((node) =>
    node.attributes.training_mode === 1 ||
    (node.op === "Dropout" && graph.constants.get(node.inputs[2] ?? "")?.item() === 1) ||
    innerGraphs(node).some(isTraining)
  );
}

function prepare(graph: Graph): void {
  fuseNodes(graph);
  findDead(graph);
  for (const node of graph.nodes) innerGraphs(node).forEach(prepare);
}

/** Reads the files beside the model that its tensors are in. */
async function externalFiles(
  model: ModelProto,
  read: ImportOptions["externalData"],
): Promise<ExternalFiles | undefined> {
  if (read === undefined) return undefined;
  const files = new Map<string, Uint8Array>();
  for (const tensor of tensorsOf(model.graph!)) {
    const location = externalLocation(tensor);
    if (location === null || files.has(location)) continue;
    const content = await read(location);
    files.set(location, content instanceof Uint8Array ? content : new Uint8Array(content));
  }
  return (location) => files.get(location)!;
}

function* tensorsOf(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer;
  for (const { attribute } of graph.node) {
    for (const { t, g } of attribute) {
      if (t !== undefined) yield t;
      if (g !== undefined) yield* tensorsOf(g);
    }
  }
}
