/** A trained tagger in a file: its weights, sizes, words and tags. */
import { Vocabulary } from "@heddle/data";
import { encode } from "@heddle/store";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "../runner/options.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { readWeights } from "../runner/read_weights.ts";
import { Words } from "./corpus.ts";
import { Tagger, type TaggerSizes } from "./tagger.ts";

const FILE = "tagger.safetensors";

/** A tagger with its words and tags. */
export interface SavedTagger {
  readonly tagger: Tagger;
  readonly words: Words;
  readonly tags: readonly string[];
}

/** Writes `tagger.safetensors`. */
export async function saveTagger(
  out: OutFolder,
  { tagger, words, tags }: SavedTagger,
  sizes: TaggerSizes,
): Promise<void> {
  const weights = await encode(tagger, {
    format: "safetensors",
    metadata: {
      framework: "heddle",
      model: "BiLSTM-CRF",
      sizes: JSON.stringify(sizes),
      words: JSON.stringify(words.vocabulary),
      tags: JSON.stringify(tags),
    },
  });
  out.file(FILE, weights, "the weights of the tagger with the CRF, in the safetensors format");
}

/** Reads what {@link saveTagger} wrote. @throws OptionError if the file is missing or damaged */
export async function readTagger(folder: string): Promise<SavedTagger> {
  const path = join(folder, FILE);
  if (!existsSync(path)) {
    throw new OptionError(`--ask: there is no ${path}; train first, without --ask, or name its folder with --out`);
  }
  try {
    const { about, weights } = await readWeights(path);
    if (about["model"] !== "BiLSTM-CRF") throw new Error(`it holds the weights of "${about["model"]}"`);
    const tagger = new Tagger(JSON.parse(about["sizes"]!) as TaggerSizes, true);
    tagger.loadStateDict(weights);
    const words = new Words(Vocabulary.fromJSON(JSON.parse(about["words"]!)));
    return { tagger, words, tags: JSON.parse(about["tags"]!) };
  } catch (error) {
    throw new OptionError(`--ask: ${path}: ${(error as Error).message}`, { cause: error });
  }
}
