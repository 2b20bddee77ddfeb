/** How a decoder looks at the source sentence: not at all, as Bahdanau et al. (2015) do, or as Luong et al. (2015) do. */
export type AttentionKind = "none" | "additive" | "dot";

/** The sizes of a {@link Translator}, all but those of its vocabularies. */
export interface TranslatorSizes {
  attention: AttentionKind;
  bidirectional: boolean;
  /** Numbers of a word. */
  embedding: number;
  /** Numbers of a state. */
  hidden: number;
  layers: number;
  dropout: number;
}
