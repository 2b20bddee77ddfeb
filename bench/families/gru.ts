import { noGrad } from "@heddle/autograd";
import { Embedding, GRU, Linear, Module } from "@heddle/nn";
import { Adam, SGD } from "@heddle/optim";
import { fromTypedArray, scope, type Tensor, tidy } from "@heddle/tensor";
import { type Case, type Family, type Maker, numbers, size } from "../case.ts";
import { input, trainingSteps } from "./heddle_work.ts";

function step(optimizer: "adam" | "sgd", lr: number): Case {
  return {
    family: "gru",
    name: `GRU encoder–decoder step with ${optimizer === "adam" ? "Adam" : "SGD"}`,
    kind: "gru",
    sizes: {
      optimizer,
      lr,
      batch: 32,
      steps: 10,
      hidden: 256,
      vocabulary: 3000,
    },
    // Of three losses, each the result of the steps before it.
    tolerance: 1e-4,
  };
}

/** Training steps of a translator: an encoder and a decoder, each an embedding and a GRU, and scores over the vocabulary. */
export const gru: Family = {
  name: "gru",
  about:
    "a step of a GRU encoder–decoder of 256 units with vocabularies of 3,000 on batches of 32 sentences of 10 words",
  cases: [step("sgd", 0.5), step("adam", 1e-3)],
};

class Translator extends Module {
  readonly source: Embedding;
  readonly encoder: GRU;
  readonly target: Embedding;
  readonly decoder: GRU;
  readonly output: Linear;

  constructor(vocabulary: number, hidden: number) {
    super();
    this.source = new Embedding(vocabulary, hidden);
    this.encoder = new GRU(hidden, hidden);
    this.target = new Embedding(vocabulary, hidden);
    this.decoder = new GRU(hidden, hidden);
    this.output = new Linear(hidden, vocabulary);
  }

  /** Scores of the words that follow: `[T, N]` words read, `[T, N]` words written give `[T · N, vocabulary]`. */
  forward(read: Tensor, written: Tensor): Tensor {
    return tidy(() => {
      const [, state] = this.encoder.forward(this.source.forward(read));
      const [hidden] = this.decoder.forward(
        this.target.forward(written),
        state,
      );
      return this.output.forward(hidden.flatten(0, 1));
    });
  }
}

/** Heddle's code for it. */
export const heddleGru: Readonly<Record<string, Maker>> = {
  gru(sizes) {
    const [batch, steps, hidden, vocabulary] = numbers(sizes, "batch", "steps", "hidden", "vocabulary");
    const network = new Translator(vocabulary, hidden);
    const parameters = network.parameters();
    noGrad(() => {
      for (const [i, parameter] of parameters.entries()) {
        using _ = scope();
        parameter.copy_(
          input(100 + i, parameter.shape).mul(1 / Math.sqrt(hidden)),
        );
      }
    });
    const words = (factor: number, count: number): Tensor =>
      fromTypedArray(
        Int32Array.from({ length: count * batch }, (_, i) => (i * factor) % vocabulary),
        [count, batch],
      );
    const [read, written] = [words(37, steps), words(101, steps + 1)];
    const [before, after] = [
      written.narrow(0, 0, steps),
      written.narrow(0, 1, steps).flatten(),
    ];
    const lr = size(sizes, "lr");
    const optimizer = sizes.optimizer === "adam" ? new Adam(parameters, { lr }) : new SGD(parameters, { lr });
    return trainingSteps(optimizer, () => network.forward(read, before), after, [
      read,
      written,
      before,
      after,
      ...parameters,
    ]);
  },
};
