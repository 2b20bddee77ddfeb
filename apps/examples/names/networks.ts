/** Character networks: one classifies the language of a surname, one generates surnames of a language. */
import { Dropout, Embedding, GRU, Linear, LSTM, Module, RNN, type StepModel } from "@heddle/nn";
import { cat, type Tensor } from "@heddle/tensor";

/**
 * The recurrent units: Elman's, gated ones (Cho et al. 2014), or long short-term memory (Hochreiter and Schmidhuber
 * 1997).
 */
export type Units = "RNN" | "GRU" | "LSTM";

/** The options of a network. */
export interface NameSizes {
  units: Units;
  /** The classifier reads from both ends. */
  bidirectional: boolean;
  /** Number of letters, including special tokens. */
  letters: number;
  languages: number;
  /** Size of the letter embeddings. */
  embedding: number;
  hidden: number;
  layers: number;
  dropout: number;
}

/** The state of the units: one tensor, or two for LSTM. */
type UnitState = Tensor | readonly [Tensor, Tensor];

function recurrent(
  input: number,
  { units, hidden, layers, dropout }: NameSizes,
  bidirectional: boolean,
): RNN | GRU | LSTM {
  const options = { numLayers: layers, batchFirst: true, bidirectional, dropout: layers > 1 ? dropout : 0 };
  switch (units) {
    case "RNN":
      return new RNN(input, hidden, options);
    case "GRU":
      return new GRU(input, hidden, options);
    case "LSTM":
      return new LSTM(input, hidden, options);
  }
}

/**
 * Reads a name letter by letter, and classifies its language from the last state, or from the states at both ends if it
 * is bidirectional.
 */
export class NameClassifier extends Module {
  readonly embedding: Embedding;
  readonly units: RNN | GRU | LSTM;
  readonly dropout: Dropout;
  readonly output: Linear;
  private readonly directions: number;

  constructor(sizes: NameSizes) {
    super();
    this.embedding = new Embedding(sizes.letters, sizes.embedding, { paddingIdx: 0 });
    this.units = recurrent(sizes.embedding, sizes, sizes.bidirectional);
    this.dropout = new Dropout(sizes.dropout);
    this.directions = sizes.bidirectional ? 2 : 1;
    this.output = new Linear(this.directions * sizes.hidden, sizes.languages);
  }

  /** Maps letters `[B, T]` and the lengths of the rows to the logits of the languages, `[B, languages]`. */
  forward(letters: Tensor, lengths: readonly number[]): Tensor {
    const [, state] = this.units.forward(this.dropout.forward(this.embedding.forward(letters)), null, { lengths });
    const last = Array.isArray(state) ? (state as readonly [Tensor, Tensor])[0] : state as Tensor;
    // The states of the last layer come last, one per direction.
    const ends = Array.from(
      { length: this.directions },
      (_, i) => last.select(0, last.shape[0]! - this.directions + i),
    );
    return this.output.forward(this.dropout.forward(cat(ends, 1)));
  }
}

/** The state of the generator. Rows are names. */
export interface GeneratorMemory {
  /** int32 `[B]` */
  languages: Tensor;
  /** null before the first letter */
  state: UnitState | null;
}

/** Generates names letter by letter; it reads the language at each letter. */
export class NameWriter extends Module implements StepModel<GeneratorMemory> {
  readonly embedding: Embedding;
  readonly languages: Embedding;
  readonly units: RNN | GRU | LSTM;
  readonly dropout: Dropout;
  readonly output: Linear;

  constructor(sizes: NameSizes) {
    super();
    this.embedding = new Embedding(sizes.letters, sizes.embedding, { paddingIdx: 0 });
    this.languages = new Embedding(sizes.languages, sizes.embedding);
    this.units = recurrent(2 * sizes.embedding, sizes, false);
    this.dropout = new Dropout(sizes.dropout);
    this.output = new Linear(sizes.hidden, sizes.letters);
  }

  /**
   * Maps letters `[B, T]` to the logits of the letter after each, `[B, T, letters]`, and the state to continue from.
   */
  read(letters: Tensor, { languages, state }: GeneratorMemory): [scores: Tensor, memory: GeneratorMemory] {
    const [rows, columns] = letters.shape as [number, number];
    const language = this.languages.forward(languages).unsqueeze(1).expand(rows, columns, -1);
    const input = this.dropout.forward(cat([this.embedding.forward(letters), language], 2));
    const { units } = this;
    const [outputs, next] = units instanceof LSTM
      ? units.forward(input, state as readonly [Tensor, Tensor] | null)
      : units.forward(input, state as Tensor | null);
    return [this.output.forward(this.dropout.forward(outputs)), { languages, state: next }];
  }

  forward(letters: Tensor, languages: Tensor): Tensor {
    return this.read(letters, { languages, state: null })[0];
  }

  step(letters: Tensor, memory: GeneratorMemory): { logits: Tensor; state: GeneratorMemory } {
    const [scores, state] = this.read(letters.unsqueeze(1), memory);
    return { logits: scores.squeeze(1), state };
  }

  reorder({ languages, state }: GeneratorMemory, rows: Tensor): GeneratorMemory {
    const chosen = (of: Tensor): Tensor => of.indexSelect(1, rows);
    return {
      languages: languages.indexSelect(0, rows),
      state: state === null ? null : isPair(state) ? [chosen(state[0]), chosen(state[1])] : chosen(state),
    };
  }
}

function isPair(state: UnitState): state is readonly [Tensor, Tensor] {
  return Array.isArray(state);
}
