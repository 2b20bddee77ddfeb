import { type Scope, scope } from "@heddle/tensor";

/**
 * Owns the memory of the current batch: tensors created for it live until the next batch is requested. A loader yields
 * a batch before the scope in the loop's body opens, so the scope cannot own it.
 */
export class BatchLease {
  private scopes: Scope[] = [];

  /** Runs one step of assembling a batch. */
  run<T>(fn: () => T): T {
    const inner = scope();
    try {
      return fn();
    } finally {
      inner.suspend();
      this.scopes.push(inner);
    }
  }

  /** Frees the tensors of the last batch, except those that were kept. */
  free(): void {
    for (const inner of this.scopes) inner.end();
    this.scopes = [];
  }
}
