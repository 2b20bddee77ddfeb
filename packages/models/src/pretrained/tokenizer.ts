/** Tokenizers in Hugging Face's format. */
import type { ModelFiles } from "./model_files.ts";
import { readJson } from "./json_file.ts";

/** What of `Tokenizer` of `@huggingface/tokenizers` is used; it has more. */
export interface HubTokenizer {
  /** The token ids of a text, or of a pair, with special tokens around them unless they are left out. */
  encode(text: string, options?: {
    text_pair?: string | null;
    add_special_tokens?: boolean;
    return_token_type_ids?: boolean | null;
  }): { ids: number[]; tokens: string[]; attention_mask: number[]; token_type_ids?: number[] };
  /** The text of token ids. */
  decode(
    ids: number[],
    options?: { skip_special_tokens?: boolean; clean_up_tokenization_spaces?: boolean | null },
  ): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}

/** The tokenizer of a model; null if it has no `tokenizer.json`. @throws Error for one that the library does not know. */
export async function readTokenizer(files: ModelFiles): Promise<HubTokenizer | null> {
  const json = await readJson(files, "tokenizer.json");
  if (json === null) return null;
  const config = await readJson(files, "tokenizer_config.json") ?? {};
  const { Tokenizer } = await import("@huggingface/tokenizers");
  try {
    return new Tokenizer(json, config) as HubTokenizer;
  } catch (error) {
    throw new Error(`fromPretrained: ${files.name}: tokenizer.json: ${(error as Error).message}`, { cause: error });
  }
}
