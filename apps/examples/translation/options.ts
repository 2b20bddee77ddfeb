/** The options that all translators share. */
import { type CheckpointOptions, checkpointOptions, choice, integer, number, type Option } from "../runner/options.ts";
import { type AskOptions, askOptions } from "../runner/prompt.ts";
import type { Direction } from "./pairs.ts";

/** The direction of translation, beam search, `--ask` and checkpoints. */
export interface TranslationOptions extends CheckpointOptions, AskOptions {
  direction: Option<Direction>;
  beam: Option<number>;
  lengthPenalty: Option<number>;
}

/** {@link TranslationOptions} with their defaults. */
export function translationOptions(): TranslationOptions {
  return {
    direction: choice(["fr-en", "en-fr"], { help: "direction of translation", default: "fr-en" }),
    beam: integer({ help: "beams of beam search", default: 5, min: 2 }),
    lengthPenalty: number({
      help: "length penalty of beam search; 0 for none, larger values favour longer translations",
      default: 1,
      min: 0,
    }),
    ...askOptions("a sentence to translate"),
    ...checkpointOptions(),
  };
}
