/** Generates text token by token. */
import { noGrad } from "@heddle/autograd";
import { type CacheStack, type KeyValueCache, sample, type StepModel } from "@heddle/nn";
import { scope, stack, type Tensor, tensor } from "@heddle/tensor";
import type { Gpt } from "./model.ts";
import type { Tokens } from "./tokens.ts";

/** How tokens are sampled; see `sample` of `@heddle/nn`. */
export interface SamplingOptions {
  temperature: number;
  topK: number | null;
  topP: number | null;
}

/** The state of {@link GptSteps}: the cached keys and values, and the tokens that were read, a tensor `[n]` each. */
export interface GptState {
  caches: CacheStack<KeyValueCache>;
  read: readonly Tensor[];
}

/**
 * A GPT that reads one token at a time. When its context is full, it drops the older half and reads the newer half
 * again, so that the cost per token stays about constant.
 */
export class GptSteps implements StepModel<GptState> {
  private readonly network: Gpt;

  constructor(network: Gpt) {
    this.network = network;
  }

  /** The state of `rows` texts that all begin with these tokens. */
  begin(tokens: readonly number[], rows = 1): GptState {
    const caches = this.network.newCaches();
    // One position stays free for the next token.
    const seen = tokens.slice(-(this.network.sizes.context - 1));
    const read = seen.map((token) => tensor(Array<number>(rows).fill(token), { dtype: "int32" }));
    if (read.length > 0) this.network.forward(stack(read, 1), caches);
    return { caches, read };
  }

  step(tokens: Tensor, { caches, read }: GptState): { logits: Tensor; state: GptState } {
    const { context } = this.network.sizes;
    let seen = [...read, tokens], fresh = [tokens];
    if (seen.length > context) {
      seen = fresh = seen.slice(-Math.ceil(context / 2));
      // Disposed caches are empty and can be filled again.
      caches.dispose();
    }
    const logits = this.network.forward(stack(fresh, 1), caches).select(1, -1);
    return { logits, state: { caches, read: seen } };
  }

  reorder({ caches, read }: GptState, rows: Tensor): GptState {
    return { caches: caches.reorder(rows), read: read.map((tokens) => tokens.indexSelect(0, rows)) };
  }
}

/** A network and its tokens. */
export class Writer {
  readonly network: Gpt;
  readonly tokens: Tokens;

  constructor(network: Gpt, tokens: Tokens) {
    this.network = network;
    this.tokens = tokens;
  }

  /** Returns `prompt` and `length` more tokens; calls `onText` with the text so far whenever it has grown. */
  async write(
    prompt: string,
    length: number,
    style: SamplingOptions,
    onText: (text: string) => void = () => {},
  ): Promise<string> {
    using _ = scope();
    const { network, tokens } = this;
    const ids = tokens.encode(prompt === "" ? "\n" : prompt);
    const steps = new GptSteps(network);
    const wasTraining = network.training;
    network.eval();
    const state = noGrad(() => steps.begin(ids.slice(0, -1)));
    const written: number[] = [];
    await sample(steps, state, {
      start: ids.at(-1)!,
      maxLength: length,
      temperature: style.temperature,
      ...(style.topK === null ? {} : { topK: style.topK }),
      ...(style.topP === null ? {} : { topP: style.topP }),
      onTokens: ([token]) => {
        written.push(token!);
        onText(prompt + tokens.decode(written));
      },
    });
    state.caches.dispose();
    network.train(wasTraining);
    return prompt + tokens.decode(written);
  }
}
