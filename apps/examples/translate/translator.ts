import { Module, type StepModel } from "@heddle/nn";
import { stack, type Tensor } from "@heddle/tensor";
import { BahdanauDecoder, type Decoder, type DecoderState, LuongDecoder, PlainDecoder } from "./decoder.ts";
import { Encoder } from "./encoder.ts";
import type { TranslatorSizes } from "./sizes.ts";

/** A recurrent encoder and decoder: reads a sentence, then generates its translation. */
export class Translator extends Module implements StepModel<DecoderState> {
  readonly sizes: TranslatorSizes;
  readonly encoder: Encoder;
  readonly decoder: Decoder;

  /** `words`: the sizes of both vocabularies, whose token 0 is the padding. */
  constructor(words: { source: number; target: number }, sizes: TranslatorSizes) {
    super();
    this.sizes = sizes;
    this.encoder = new Encoder(words.source, sizes);
    const { width } = this.encoder;
    this.decoder = sizes.attention === "none"
      ? new PlainDecoder(words.target, sizes)
      : sizes.attention === "dot"
      ? new LuongDecoder(words.target, sizes, width)
      : new BahdanauDecoder(words.target, sizes, width);
  }

  /** Maps sentences `[B, S]` and their lengths to the decoder's state before the first word. */
  encode(sentences: Tensor, lengths: readonly number[]): DecoderState {
    const { outputs, state } = this.encoder.forward(sentences, lengths);
    return this.decoder.begin(state, outputs, sentences.ne(0));
  }

  /**
   * The scores `[B, T, words]` of the word after each of `previous` `[B, T]`, which begin with the start token. With
   * `ownWords` it reads its own most likely words in place of all but the first, as it does during decoding.
   */
  forward(sentences: Tensor, lengths: readonly number[], previous: Tensor, ownWords = false): Tensor {
    const start = this.encode(sentences, lengths);
    if (!ownWords) return this.decoder.forward(previous, start).logits;
    let state = start;
    let words = previous.select(1, 0);
    const scores: Tensor[] = [];
    for (let t = 0; t < previous.shape[1]!; t++) {
      const step = this.step(words, state);
      scores.push(step.logits);
      words = step.logits.detach().argmax(1);
      state = step.state;
    }
    return stack(scores, 1);
  }

  step(tokens: Tensor, state: DecoderState): { logits: Tensor; state: DecoderState } {
    const { logits, state: next } = this.decoder.forward(tokens.unsqueeze(1), state);
    return { logits: logits.squeeze(1), state: next };
  }

  reorder({ hidden, memory, mask, projected }: DecoderState, rows: Tensor): DecoderState {
    return {
      hidden: hidden.indexSelect(1, rows),
      memory: memory.indexSelect(0, rows),
      mask: mask.indexSelect(0, rows),
      projected: projected?.indexSelect(0, rows) ?? null,
    };
  }

  /**
   * The attention weights for words `[B, T]`, the first of them the start token: `[B, T, S]`, or null without
   * attention.
   */
  looks(sentences: Tensor, lengths: readonly number[], previous: Tensor): Tensor | null {
    return this.decoder.forward(previous, this.encode(sentences, lengths)).weights;
  }
}
