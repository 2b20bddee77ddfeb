/** Reads the weights of a model that a run has saved. */
import { load, openTensors, type StateDict } from "@heddle/store";

/** Weights, and what was saved with them: the model, its sizes, its words. */
export interface SavedWeights {
  readonly about: Readonly<Record<string, string>>;
  readonly weights: StateDict;
}

/** Reads a file in the safetensors format. @throws RangeError if it is damaged */
export async function readWeights(path: string): Promise<SavedWeights> {
  const file = await openTensors(path, { format: "safetensors" });
  await file.close();
  return { about: file.metadata as Readonly<Record<string, string>>, weights: await load(path) };
}
