/** Runs a model step by step, without gradients and without leaking memory. */
import { internals, type Scoped } from "@heddle/tensor/engine";
import { noGrad } from "@heddle/autograd";
import { type DataArray, defaultDevice, type Device, fromTypedArray, Scope, scope, Tensor } from "@heddle/tensor";
import { Module } from "../module.ts";
import { showSizes } from "../sizes.ts";
import { type DecodingOptions, endTokens, type StepModel } from "./step_model.ts";

/** Owns the tensors that survive the inner scopes, until they are released. */
class Holder extends Scope {
  private readonly held: Set<Scoped> = new Set();

  override track(item: Scoped): void {
    this.held.add(item);
  }

  /** Frees all tensors except some, which are handed to another owner. */
  release(needed: readonly Scoped[] = [], next: Holder | null = null): void {
    for (const item of this.held) {
      if (next !== null && needed.includes(item)) next.track(item);
      else if (!item.kept) item.dispose();
    }
    this.held.clear();
  }
}

/** Carries a model's state from step to step. */
export class Stepper<State> {
  private readonly operation: string;
  private readonly model: StepModel<State>;
  private readonly ends: readonly number[];
  private readonly device: Device | string;
  private state: State;
  private rows: number;
  /** Owns the tensors that the last step left in the state. */
  private holder: Holder | null = null;

  constructor(operation: string, model: StepModel<State>, state: State, rows: number, options: DecodingOptions) {
    this.operation = operation;
    this.model = model;
    this.ends = endTokens(options.end);
    this.device = options.device ?? tensorsOf(state)[0]?.device ?? defaultDevice();
    this.state = state;
    this.rows = rows;
  }

  /**
   * Continues with the given rows, each of which reads one token, and reads what `pick` computes from the logits.
   *
   * Everything but the state is freed after the read. Each step frees the tensors of the previous state that the new one does not have.
   */
  async advance(
    rows: readonly number[],
    tokens: readonly number[],
    pick: (logits: Tensor) => readonly Tensor[],
  ): Promise<DataArray[]> {
    const [holder, inner] = [new Holder(), scope()];
    let needed: Scoped[] = [];
    try {
      const picked = noGrad(() => pick(this.step(rows, tokens)));
      const reading = Promise.all(picked.map((tensor) => tensor.data()));
      inner.suspend();
      holder.suspend();
      const values = await reading;
      needed = tensorsOf(this.state).map(internals);
      return values;
    } finally {
      inner.end(needed);
      holder.suspend();
      this.holder?.release(needed, holder);
      this.holder = holder;
    }
  }

  /** Frees the last state. */
  [Symbol.dispose](): void {
    this.holder?.release();
    this.holder = null;
  }

  private step(rows: readonly number[], tokens: readonly number[]): Tensor {
    const { operation, model, device, ends } = this;
    const vector = (values: readonly number[]): Tensor =>
      fromTypedArray(Int32Array.from(values), [values.length], { device });
    const same = rows.length === this.rows && rows.every((row, i) => row === i);
    const before = same ? this.state : model.reorder(this.state, vector(rows));
    const { logits, state } = model.step(vector(tokens), before);
    this.state = state;
    this.rows = rows.length;
    const [n, width = 0] = logits.shape;
    if (logits.ndim !== 2 || n !== rows.length || width === 0) {
      throw new RangeError(
        `${operation}: the model's step gave logits of shape ${showSizes(logits.shape)} for ${rows.length} tokens; ` +
          `expected [${rows.length}, V]`,
      );
    }
    const end = ends.find((token) => token >= width);
    if (end !== undefined) {
      throw new RangeError(`${operation}: end is ${end}, but the model knows the tokens 0 to ${width - 1} alone`);
    }
    return logits;
  }
}

/** The tensors of a state, without those of modules that it refers to. */
function tensorsOf(state: unknown): Tensor[] {
  const found: Tensor[] = [];
  const seen = new Set<object>();
  const open: unknown[] = [state];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    if (value instanceof Module || ArrayBuffer.isView(value)) continue;
    seen.add(value);
    if (value instanceof Tensor) found.push(value);
    else if (Array.isArray(value) || value instanceof Map || value instanceof Set) open.push(...value);
    else open.push(...Object.values(value));
  }
  return found;
}

/** @throws Error that explains NaN among a model's scores. */
export function checkScore(operation: string, score: number): void {
  if (!Number.isNaN(score)) return;
  throw new Error(
    `${operation}: the model's logits contain NaN, or rule out every token; look for a learning rate too large, or a mask without exception`,
  );
}
