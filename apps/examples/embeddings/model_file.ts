/** Word vectors in a file. */
import { Vocabulary } from "@heddle/data";
import { fromTypedArray } from "@heddle/tensor";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "../runner/options.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { decodeSafetensors, encodeSafetensors, safetensorsMetadata } from "../runner/safetensors.ts";
import { WordVectors } from "./vectors.ts";

const FILE = "vectors.safetensors";

/** Writes `vectors.safetensors`. */
export async function saveVectors(out: OutFolder, vocabulary: Vocabulary, values: Float32Array): Promise<void> {
  const vectors = fromTypedArray(values, [vocabulary.size, values.length / vocabulary.size], { device: "cpu" });
  const about = { framework: "heddle", model: "skip-gram", vocabulary: JSON.stringify(vocabulary) };
  const file = await encodeSafetensors({ vectors }, about);
  vectors.dispose();
  out.file(FILE, file, "the vectors and their words, in the safetensors format");
}

/** Reads what {@link saveVectors} wrote. @throws OptionError if the file is missing or damaged */
export function readVectors(folder: string): WordVectors {
  const path = join(folder, FILE);
  if (!existsSync(path)) {
    throw new OptionError(
      `--ask: there is no ${path}; learn vectors first, without --ask, or name their folder with --out`,
    );
  }
  try {
    const file = new Uint8Array(readFileSync(path));
    const about = safetensorsMetadata(file, path);
    if (about["model"] !== "skip-gram") throw new Error(`it holds the weights of "${about["model"]}"`);
    const { vectors } = decodeSafetensors(file, path);
    return new WordVectors(
      Vocabulary.fromJSON(JSON.parse(about["vocabulary"]!)),
      vectors!.toTypedArray("float32"),
    );
  } catch (error) {
    throw new OptionError(`--ask: ${path}: ${(error as Error).message}`, { cause: error });
  }
}
