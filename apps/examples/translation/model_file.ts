/** Translators in files: their weights and vocabularies. */
import { Vocabulary, type VocabularyState } from "@heddle/data";
import type { BytePairState } from "@heddle/data/bpe";
import type { Module } from "@heddle/nn";
import { encode } from "@heddle/store";
import type { Tensor } from "@heddle/tensor";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "../runner/options.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { readWeights } from "../runner/read_weights.ts";
import type { Vocabularies } from "./batches.ts";
import type { Direction } from "./pairs.ts";
import { WordPieces } from "./word_pieces.ts";

/** The settings of a saved translator. */
export interface TranslatorSettings<Sizes> {
  direction: Direction;
  /** The sizes of the model. */
  sizes: Sizes;
}

/** A translator read from its files. */
export interface SavedTranslator<Sizes> extends TranslatorSettings<Sizes> {
  vocabularies: Vocabularies;
  weights: Record<string, Tensor>;
}

const VOCABULARIES = "vocabularies.json";

/** Writes `NAME.safetensors` and `vocabularies.json`. */
export async function saveTranslator<Sizes>(
  out: OutFolder,
  name: string,
  model: Module,
  { direction, sizes }: TranslatorSettings<Sizes>,
  { source, target }: Vocabularies,
): Promise<void> {
  const weights = await encode(model, {
    format: "safetensors",
    metadata: {
      framework: "heddle",
      model: name,
      direction,
      sizes: JSON.stringify(sizes),
      source: source.fingerprint,
      target: target.fingerprint,
    },
  });
  out.file(`${name}.safetensors`, weights, "the weights, in the safetensors format");
  const words = source instanceof WordPieces ? { pieces: source } : { source, target };
  out.file(VOCABULARIES, `${JSON.stringify(words)}\n`, "the words of both languages and their numbers");
}

/**
 * Reads what {@link saveTranslator} wrote.
 *
 * @throws OptionError if files are missing, damaged, or of different translators.
 */
export async function readTranslator<Sizes>(folder: string, name: string): Promise<SavedTranslator<Sizes>> {
  const [weightsFile, wordsFile] = [`${name}.safetensors`, VOCABULARIES].map((file) => join(folder, file)) as [
    string,
    string,
  ];
  const missing = [weightsFile, wordsFile].find((file) => !existsSync(file));
  if (missing !== undefined) {
    throw new OptionError(`--ask: there is no ${missing}; train a model first, or name its folder with --out`);
  }
  try {
    const { about, weights } = await readWeights(weightsFile);
    if (about["model"] !== name) throw new Error(`${weightsFile} holds the weights of "${about["model"]}"`);
    const vocabularies = vocabulariesFrom(readFileSync(wordsFile, "utf8"));
    for (const side of ["source", "target"] as const) vocabularies[side].check(about[side]!, weightsFile);
    return {
      direction: about["direction"] as Direction,
      sizes: JSON.parse(about["sizes"]!) as Sizes,
      vocabularies,
      weights,
    };
  } catch (error) {
    throw new OptionError(`--ask: ${(error as Error).message}`, { cause: error });
  }
}

function vocabulariesFrom(json: string): Vocabularies {
  const saved = JSON.parse(json) as { pieces: BytePairState } | Record<"source" | "target", VocabularyState>;
  if (!("pieces" in saved)) {
    return { source: Vocabulary.fromJSON(saved.source), target: Vocabulary.fromJSON(saved.target) };
  }
  const pieces = WordPieces.fromJSON(saved.pieces);
  return { source: pieces, target: pieces };
}
