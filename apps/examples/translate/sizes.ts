/** The attention of the decoder: none, as in Bahdanau et al. (2015), or as in Luong et al. (2015). */
export type AttentionKind = "none" | "additive" | "dot";

/** The sizes of a {@link Translator}, except for its vocabularies. */
export interface TranslatorSizes {
  attention: AttentionKind;
  bidirectional: boolean;
  /** Size of the word embeddings. */
  embedding: number;
  /** Size of the recurrent state. */
  hidden: number;
  layers: number;
  dropout: number;
}
