import { noGrad } from "@heddle/autograd";
import {
  type CacheStack,
  Embedding,
  type KeyValueCache,
  LayerNorm,
  LearnedPositions,
  Linear,
  Module,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { fromTypedArray, scope, setMatmulPrecision, type Tensor, tidy } from "@heddle/tensor";
import { type Case, type Family, type Maker, numbers, size, type Work } from "../case.ts";
import { input, trainingSteps } from "./heddle_work.ts";

const sizes = { layers: 4, width: 128, heads: 4, context: 64, vocabulary: 65 };

const step: Case = {
  family: "gpt",
  name: "GPT step",
  kind: "gpt",
  sizes: { ...sizes, batch: 16, lr: 1e-3 },
  // Of three losses, each the result of the steps before it.
  tolerance: 1e-4,
};

/** Training steps of a decoder-only transformer with 0.8 M parameters. */
export const gpt: Family = {
  name: "gpt",
  about: "a step of a GPT of 4 layers and 128 features with Adam on 16 texts of 64 of 65 characters",
  cases: [step, {
    ...step,
    name: "with products in bfloat16",
    sizes: { ...step.sizes, rounded: true },
    tolerance: 1e-2,
  }],
};

const written: Case = {
  family: "decode",
  name: "100 tokens by a GPT, with its cache",
  kind: "decode",
  sizes: { ...sizes, context: 400, prompt: 300, tokens: 100, cached: true },
  tolerance: 0,
};

/** Greedy decoding: what a cache of keys and values saves. */
export const decode: Family = {
  name: "decode",
  about:
    "100 tokens, each the likeliest, by the GPT of `gpt` after 300 others: with a cache of keys and values, and without",
  cases: [written, {
    ...written,
    name: "without",
    sizes: { ...written.sizes, cached: false },
  }],
};

class Gpt extends Module {
  readonly tokens: Embedding;
  readonly positions: LearnedPositions;
  readonly layers: TransformerEncoder;
  readonly output: Linear;

  constructor(
    layers: number,
    width: number,
    heads: number,
    context: number,
    vocabulary: number,
  ) {
    super();
    const options = {
      dimFeedforward: 4 * width,
      dropout: 0,
      activation: "gelu",
      batchFirst: true,
      normFirst: true,
    } as const;
    this.tokens = new Embedding(vocabulary, width);
    this.positions = new LearnedPositions(width, context);
    this.layers = new TransformerEncoder(
      () => new TransformerEncoderLayer(width, heads, options),
      layers,
      {
        norm: new LayerNorm(width),
      },
    );
    this.output = new Linear(width, vocabulary);
    // Numbers that every contender can make; the factors of norms stay 1.
    noGrad(() => {
      for (const [i, [name, parameter]] of this.namedParameters().entries()) {
        using _ = scope();
        if (parameter.ndim > 1) {
          parameter.copy_(
            input(100 + i, parameter.shape).mul(1 / Math.sqrt(width)),
          );
        } else if (name.endsWith("bias")) parameter.zero_();
      }
    });
  }

  /** Scores `[N, T, vocabulary]` of the characters after each of `[N, T]`. */
  forward(
    read: Tensor,
    cache: CacheStack<KeyValueCache> | null = null,
  ): Tensor {
    return tidy(() => {
      const x = this.positions.forward(this.tokens.forward(read), {
        offset: cache?.length ?? 0,
      });
      return this.output.forward(
        this.layers.forward(x, { isCausal: true, cache }),
      );
    });
  }
}

function made(of: Parameters<Maker>[0]): Gpt {
  const [layers, width, heads, context, vocabulary] = numbers(of, "layers", "width", "heads", "context", "vocabulary");
  return new Gpt(layers, width, heads, context, vocabulary);
}

/** The work with the operands of products rounded to bfloat16. */
function rounded(work: Work): Work {
  const within = <T>(compute: () => T): T => {
    setMatmulPrecision("medium");
    try {
      return compute();
    } finally {
      setMatmulPrecision("highest");
    }
  };
  return { ...work, run: () => within(work.run), outputs: () => within(work.outputs) };
}

/** Heddle's code for both. */
export const heddleGpt: Readonly<Record<string, Maker>> = {
  gpt(of) {
    const network = made(of);
    const parameters = network.parameters();
    const [batch, context, vocabulary] = [
      size(of, "batch"),
      size(of, "context"),
      size(of, "vocabulary"),
    ];
    const text = fromTypedArray(
      Int32Array.from(
        { length: batch * (context + 1) },
        (_, i) => (i * 37) % 61 % vocabulary,
      ),
      [batch, context + 1],
    );
    const [read, next] = [
      text.narrow(1, 0, context),
      text.narrow(1, 1, context).flatten(),
    ];
    const optimizer = new Adam(parameters, { lr: size(of, "lr") });
    const owned = [text, read, next, ...parameters];
    const work = trainingSteps(optimizer, () => network.forward(read).flatten(0, 1), next, owned, of.compiled === true);
    return of.rounded ? rounded(work) : work;
  },
  decode(of) {
    const network = made(of).eval();
    const [prompt, count, vocabulary] = [
      size(of, "prompt"),
      size(of, "tokens"),
      size(of, "vocabulary"),
    ];
    const given = Int32Array.from(
      { length: prompt },
      (_, i) => (i * 37) % 61 % vocabulary,
    );
    const write = (): number[] =>
      noGrad(() => {
        const cache = of.cached ? network.layers.newCache(prompt + count) : null;
        const text = [...given];
        let read = text;
        for (let i = 0; i < count; i++) {
          using _ = scope();
          const scores = network.forward(
            fromTypedArray(Int32Array.from(read), [1, read.length]),
            cache,
          );
          const token = scores.select(1, -1).argmax(1).item();
          text.push(token);
          read = cache === null ? text : [token];
        }
        cache?.dispose();
        return text.slice(prompt);
      });
    return {
      run() {
        write();
      },
      outputs: () => [Float32Array.from(write())],
      end() {
        for (const tensor of network.parameters()) tensor.dispose();
      },
    };
  },
};
