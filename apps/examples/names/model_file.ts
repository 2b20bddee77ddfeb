/** The networks in files: their weights, and the letters and languages that belong to them. */
import { Vocabulary, type VocabularyState } from "@heddle/data";
import type { Module } from "@heddle/nn";
import { encode } from "@heddle/store";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "../runner/options.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { readWeights } from "../runner/read_weights.ts";
import { NameClassifier, type NameSizes, NameWriter } from "./networks.ts";

/** The trained networks, with their letters and languages. */
export interface SavedNames {
  vocabulary: Vocabulary;
  languages: readonly string[];
  classifier: NameClassifier | null;
  writer: NameWriter | null;
}

const LETTERS = "names.json";

/** Writes the letters and languages. */
export function saveLetters(out: OutFolder, vocabulary: Vocabulary, languages: readonly string[]): void {
  out.file(
    LETTERS,
    `${JSON.stringify({ languages, letters: vocabulary })}\n`,
    "the languages, the letters and their numbers",
  );
}

/** Writes a network's weights. */
export async function saveNetwork(
  out: OutFolder,
  name: "classifier" | "writer",
  network: Module,
  sizes: NameSizes,
  vocabulary: Vocabulary,
): Promise<void> {
  const metadata = { framework: "heddle", model: name, sizes: JSON.stringify(sizes), letters: vocabulary.fingerprint };
  const weights = await encode(network, { format: "safetensors", metadata });
  out.file(`${name}.safetensors`, weights, `the weights of the ${name}, in the safetensors format`);
}

/**
 * Reads those of the two networks that exist. @throws OptionError if neither does, or a file is damaged or of another
 * model
 */
export async function readNetworks(folder: string): Promise<SavedNames> {
  const path = (file: string): string => join(folder, file);
  if (!existsSync(path(LETTERS))) {
    throw new OptionError(
      `--ask: there is no ${path(LETTERS)}; train the networks first, or name their folder with --out`,
    );
  }
  try {
    const { languages, letters } = JSON.parse(readFileSync(path(LETTERS), "utf8")) as {
      languages: string[];
      letters: VocabularyState;
    };
    const vocabulary = Vocabulary.fromJSON(letters);
    const read = async <N extends Module>(name: string, make: (sizes: NameSizes) => N): Promise<N | null> => {
      const file = path(`${name}.safetensors`);
      if (!existsSync(file)) return null;
      const { about, weights } = await readWeights(file);
      vocabulary.check(about["letters"]!, file);
      const network = make(JSON.parse(about["sizes"]!) as NameSizes);
      network.loadStateDict(weights);
      return network;
    };
    const classifier = await read("classifier", (sizes) => new NameClassifier(sizes));
    const writer = await read("writer", (sizes) => new NameWriter(sizes));
    if (classifier === null && writer === null) throw new Error(`there are no weights in ${folder}`);
    return { vocabulary, languages, classifier, writer };
  } catch (error) {
    throw new OptionError(`--ask: ${(error as Error).message}`, { cause: error });
  }
}
