/** A trained network in a file: its weights, sizes and tokens. */
import { encode } from "@heddle/store";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Run } from "../runner/example.ts";
import { OptionError } from "../runner/options.ts";
import { readWeights } from "../runner/read_weights.ts";
import { Gpt, type GptSizes } from "./model.ts";
import { readTokens } from "./tokens.ts";
import { Writer } from "./generate.ts";

/** The file of the weights in the run's folder. */
export const WEIGHTS = "gpt.safetensors";

/** The bytes of a file in the safetensors format that {@link loadWriter} reads. */
export function encodeGpt({ network, tokens }: Writer): Promise<Uint8Array> {
  return encode(network, {
    format: "safetensors",
    metadata: {
      framework: "heddle",
      model: "gpt",
      sizes: JSON.stringify(network.sizes),
      tokens: JSON.stringify(tokens),
    },
  });
}

/**
 * Loads the network in a run's folder. @throws OptionError if there is none, or if the file is damaged or of another
 * program
 */
export async function loadWriter({ out, device }: Run): Promise<Writer> {
  const path = join(out.path, WEIGHTS);
  const fail = (what: string): never => {
    throw new OptionError(`--out ${out.path}: ${what}`);
  };
  if (!existsSync(path)) fail(`there is no ${WEIGHTS} in it; train first, without --ask`);
  try {
    const { about, weights } = await readWeights(path);
    if (about["model"] !== "gpt") fail(`${WEIGHTS} is not a GPT of this example`);
    const tokens = readTokens(JSON.parse(about["tokens"]!));
    const network = new Gpt(JSON.parse(about["sizes"]!) as GptSizes);
    network.loadStateDict(weights);
    network.to(device);
    return new Writer(network, tokens);
  } catch (error) {
    if (error instanceof OptionError) throw error;
    return fail(`${WEIGHTS} is damaged: ${(error as Error).message}`);
  }
}
