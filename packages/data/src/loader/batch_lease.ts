import { type Scope, scope } from "@heddle/tensor";

/**
 * The memory of the batch at hand: what was made while it was put together lives until the next one is asked for.
 * Loops hand out batches before a scope in their body opens, so that somebody has to own them.
 */
export class BatchLease {
  private scopes: Scope[] = [];

  /** Runs one step of putting a batch together. */
  run<T>(fn: () => T): T {
    const inner = scope();
    try {
      return fn();
    } finally {
      inner.suspend();
      this.scopes.push(inner);
    }
  }

  /** Frees what the last batch was made of, except what was kept. */
  free(): void {
    for (const inner of this.scopes) inner.end();
    this.scopes = [];
  }
}
