/** The networks in files: their weights, and the letters and languages that belong to them. */
import { Vocabulary, type VocabularyState } from "@heddle/data";
import type { Module } from "@heddle/nn";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "../runner/options.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { decodeSafetensors, encodeSafetensors, safetensorsMetadata } from "../runner/safetensors.ts";
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
  const about = { framework: "heddle", model: name, sizes: JSON.stringify(sizes), letters: vocabulary.fingerprint };
  const weights = await encodeSafetensors(network.stateDict(), about);
  out.file(`${name}.safetensors`, weights, `the weights of the ${name}, in the safetensors format`);
}

/**
 * Reads those of the two networks that exist. @throws OptionError if neither does, or a file is damaged or of another
 * model
 */
export function readNetworks(folder: string): SavedNames {
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
    const read = <N extends Module>(name: string, make: (sizes: NameSizes) => N): N | null => {
      const file = path(`${name}.safetensors`);
      if (!existsSync(file)) return null;
      const bytes = new Uint8Array(readFileSync(file));
      const about = safetensorsMetadata(bytes, file);
      vocabulary.check(about["letters"]!, file);
      const network = make(JSON.parse(about["sizes"]!) as NameSizes);
      network.loadStateDict(decodeSafetensors(bytes, file));
      return network;
    };
    const classifier = read("classifier", (sizes) => new NameClassifier(sizes));
    const writer = read("writer", (sizes) => new NameWriter(sizes));
    if (classifier === null && writer === null) throw new Error(`there are no weights in ${folder}`);
    return { vocabulary, languages, classifier, writer };
  } catch (error) {
    throw new OptionError(`--ask: ${(error as Error).message}`, { cause: error });
  }
}
