/** What all models that write text share: `generate` and `stream`. */
import type { Decoded } from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";
import { checkTensor } from "@heddle/tensor/engine";
import { type GenerateOptions, type GenerationConfig, generationOptions, streamed } from "./generation.ts";
import { textInstead } from "./heads.ts";
import { HubModule } from "./hub_module.ts";

/** Token ids for `generate`: rows of any lengths, or a tensor `[batch, positions]`. */
export type Prompt = readonly (readonly number[])[] | Tensor;

/** Base of the models that write text: decoders continue a prompt, encoder–decoders write the target of a source. */
export abstract class GenerativeModel extends HubModule {
  /** Defaults of {@link generate}, with the keys of `generation_config.json`. */
  generationConfig: GenerationConfig = {};

  /** Defaults where {@link generationConfig} has none. */
  protected get modelDefaults(): GenerationConfig {
    return {};
  }

  /** Writes tokens after each row. The model is in evaluation mode. */
  protected abstract write(
    operation: string,
    rows: readonly (readonly number[])[],
    options: GenerateOptions,
  ): Promise<Decoded>;

  /**
   * Writes tokens for each prompt, one by one. Prompts may have different lengths; a row's result does not depend on the others. The model
   * is in evaluation mode meanwhile.
   *
   * @returns the new tokens of each row, without the prompt, the start and the end token, and their log-probabilities.
   * @throws RangeError for an empty prompt, one too long for the model, and options out of range.
   *
   * @example
   * ```ts
   * import { GPT2LMHeadModel } from "@heddle/models";
   * const model = new GPT2LMHeadModel({ vocab_size: 50, n_positions: 16, n_embd: 8, n_layer: 2, n_head: 2 });
   * const { tokens } = await model.generate([[1, 2, 3], [4]], { maxNewTokens: 5 });
   * tokens.map((row) => row.length); // [5, 5]
   * ```
   */
  async generate(prompt: Prompt, options: GenerateOptions = {}): Promise<Decoded> {
    const operation = `${this.constructor.name}.generate`;
    const chosen = generationOptions(operation, options, { ...this.modelDefaults, ...this.generationConfig });
    const rows = await promptRows(operation, prompt);
    const wasTraining = this.training;
    this.eval();
    try {
      return await this.write(operation, rows, chosen);
    } finally {
      this.train(wasTraining);
    }
  }

  /**
   * The tokens of {@link generate} as they come: after each step that of each row, or null where the row has ended. Leaving the loop
   * stops the generation.
   *
   * @example
   * ```ts
   * import { GPT2LMHeadModel } from "@heddle/models";
   * const model = new GPT2LMHeadModel({ vocab_size: 50, n_positions: 16, n_embd: 8, n_layer: 2, n_head: 2 });
   * const written: number[] = [];
   * for await (const [token] of model.stream([[1, 2, 3]], { maxNewTokens: 4 })) written.push(token!);
   * written.length; // 4
   * ```
   */
  stream(
    prompt: Prompt,
    options: Omit<GenerateOptions, "onTokens"> = {},
  ): AsyncGenerator<readonly (number | null)[], void, undefined> {
    return streamed((onTokens) => this.generate(prompt, { ...options, onTokens }));
  }
}

/** The ids of each row. @throws RangeError for none, or an empty row; TypeError for numbers that are no ids. */
async function promptRows(operation: string, prompt: Prompt): Promise<(readonly number[])[]> {
  let rows: readonly (readonly number[])[];
  const given: unknown = prompt;
  const text: unknown = Array.isArray(given) ? given.find((row) => typeof row === "string") : given;
  if (typeof text === "string") {
    throw new TypeError(`${operation}: expected rows of token ids, [ids], got ${textInstead(text)}`);
  }
  if (Array.isArray(prompt)) rows = prompt;
  else {
    checkTensor(operation, given, "rows of token ids");
    const { shape } = given;
    if (shape.length !== 2) {
      throw new RangeError(`${operation}: expected token ids [batch, positions], got shape [${shape.join(", ")}]`);
    }
    const [count, length] = shape as readonly [number, number];
    const ids = Array.from(await given.data("int32"), Number);
    rows = Array.from({ length: count }, (_, i) => ids.slice(i * length, (i + 1) * length));
  }
  if (rows.length === 0) throw new RangeError(`${operation}: there is no prompt; give one row of token ids or more`);
  rows.forEach((row, i) => {
    if (!Array.isArray(row) || row.length === 0) {
      throw new RangeError(
        `${operation}: row ${i} of the prompt is ${
          Array.isArray(row) ? "empty" : String(row)
        }; give an array of token ids, at least one ` +
          `(a model's start token where there is no text)`,
      );
    }
    const wrong = row.find((id) => !(Number.isInteger(id) && id >= 0));
    if (wrong !== undefined) {
      throw new TypeError(`${operation}: row ${i} of the prompt has ${wrong}, which is no token id`);
    }
  });
  return [...rows];
}
