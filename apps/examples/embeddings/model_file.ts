/** Word vectors in a file. */
import { Vocabulary } from "@heddle/data";
import { encode } from "@heddle/store";
import { fromTypedArray } from "@heddle/tensor";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "../runner/options.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { readWeights } from "../runner/read_weights.ts";
import { WordVectors } from "./vectors.ts";

const FILE = "vectors.safetensors";

/** Writes `vectors.safetensors`. */
export async function saveVectors(out: OutFolder, vocabulary: Vocabulary, values: Float32Array): Promise<void> {
  const vectors = fromTypedArray(values, [vocabulary.size, values.length / vocabulary.size], { device: "cpu" });
  const metadata = { framework: "heddle", model: "skip-gram", vocabulary: JSON.stringify(vocabulary) };
  const file = await encode({ vectors }, { format: "safetensors", metadata });
  vectors.dispose();
  out.file(FILE, file, "the vectors and their words, in the safetensors format");
}

/** Reads what {@link saveVectors} wrote. @throws OptionError if the file is missing or damaged */
export async function readVectors(folder: string): Promise<WordVectors> {
  const path = join(folder, FILE);
  if (!existsSync(path)) {
    throw new OptionError(
      `--ask: there is no ${path}; learn vectors first, without --ask, or name their folder with --out`,
    );
  }
  try {
    const { about, weights: { vectors } } = await readWeights(path);
    if (about["model"] !== "skip-gram") throw new Error(`it holds the weights of "${about["model"]}"`);
    return new WordVectors(
      Vocabulary.fromJSON(JSON.parse(about["vocabulary"]!)),
      vectors!.toTypedArray("float32"),
    );
  } catch (error) {
    throw new OptionError(`--ask: ${path}: ${(error as Error).message}`, { cause: error });
  }
}
