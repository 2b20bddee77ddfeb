/** The classifier in files: its weights, and the preparation of the table that it was trained with. */
import { Preparation, type PreparationState } from "@heddle/data/table";
import type { Sequential } from "@heddle/nn";
import { encode, load } from "@heddle/store";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "../runner/options.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { type Kind, networkOf } from "./networks.ts";

/** What `model.json` says. */
interface ModelFile {
  kind: Kind;
  hidden: number;
  features: string[];
  classes: string[];
  preparation: PreparationState;
}

/** A classifier that was read. */
export interface SavedModel extends Omit<ModelFile, "preparation"> {
  network: Sequential;
  preparation: Preparation;
}

const ABOUT = "model.json", WEIGHTS = "model.safetensors";

/** Writes a classifier. */
export async function saveModel(out: OutFolder, { network, preparation, ...about }: SavedModel): Promise<void> {
  const file: ModelFile = { ...about, preparation: preparation.state() };
  out.file(ABOUT, `${JSON.stringify(file, null, 2)}\n`, "the columns, the classes and the preparation of the table");
  const weights = await encode(network, { format: "safetensors", metadata: { model: about.kind } });
  out.file(WEIGHTS, weights, "the weights, in the safetensors format");
}

/** Reads a classifier. @throws OptionError if there is none, or it is damaged */
export async function readModel(folder: string): Promise<SavedModel> {
  const path = join(folder, ABOUT);
  if (!existsSync(path)) {
    throw new OptionError(`--ask: there is no ${path}; train first, or name the folder with --out`);
  }
  try {
    const { preparation, ...about } = JSON.parse(readFileSync(path, "utf8")) as ModelFile;
    const network = networkOf(about.kind, about.features.length, about.classes.length, about.hidden);
    network.loadStateDict(await load(join(folder, WEIGHTS)));
    return { ...about, network, preparation: Preparation.from(preparation) };
  } catch (error) {
    throw new OptionError(`--ask: ${(error as Error).message}`, { cause: error });
  }
}
