/**
 * Reclaims the memory of unreachable tensors. The garbage collector does not know how large tensors are, and finalizers run only
 * between turns of the event loop. So when much memory was allocated since the last collection, the next turn triggers one.
 */
import { memoryBudget } from "../env.ts";
import { collectGarbage, nextTurn } from "../runtime.ts";
import { currentScope } from "./scope.ts";

/** The state that is watched: live bytes and storages, and the operation that holds most. */
export interface Watched {
  readonly bytes: () => number;
  readonly storages: () => number;
  readonly worst: () => string;
}

/** Growth that triggers a collection: a sixteenth of the address space of the device `cpu`. A collection takes 13 to 60 ms. */
const growthBytes = 2 ** 28;
/** The number of new storages that triggers a collection: the objects of so many small tensors take about 50 MB. */
const growthStorages = 100_000;
/** Below this size the budget is not checked, so that the environment is not read while little memory is in use. */
const leastBudget = growthBytes;
/** Growth between two checks, while memory grows without a turn of the event loop. */
const stepBytes = 2 ** 26;

/** Call {@link Reclaimer.grown} above either of these. */
export interface Limits {
  bytes: number;
  storages: number;
}

/** Watches the growth of live memory, triggers collections, and warns once. */
export class Reclaimer {
  readonly limits: Limits = { bytes: growthBytes, storages: growthStorages };
  private readonly watched: Watched;
  /** Live bytes after the last collection. */
  private base = 0;
  private collecting: Promise<void> | null = null;
  /** Growth that causes the warning. Read from the environment when first needed; zero after the warning. */
  private budget: number | null = null;

  constructor(watched: Watched) {
    this.watched = watched;
  }

  /** The pending collection, or null. */
  get pending(): Promise<void> | null {
    return this.collecting;
  }

  /** To be called when live memory is above the limits. */
  grown(): void {
    this.collecting ??= this.collect();
    const bytes = this.watched.bytes();
    const growth = bytes - this.base;
    const due = growth > leastBudget && this.isOverBudget(growth);
    // A scope will free this memory. The next allocation may be outside.
    if (due && currentScope() !== null) return;
    this.limits.bytes = Math.max(bytes, this.limits.bytes) + stepBytes;
    this.limits.storages = Infinity;
    if (due) this.warn(bytes);
  }

  private isOverBudget(growth: number): boolean {
    this.budget ??= memoryBudget();
    return this.budget > 0 && growth > this.budget;
  }

  private warn(bytes: number): void {
    this.budget = 0;
    console.warn(
      `heddle: ${mebibytes(bytes)} MiB of tensors are alive and no scope is open; ${this.watched.worst()}. Put ` +
        `\`using _ = scope();\` at the top of your loop's body, or tidy(() => …) around it: without a scope, memory comes back ` +
        `only while the loop awaits, as in \`await loss.data()\`. HEDDLE_MEMORY_BUDGET (MiB, 0 for never) moves this limit.`,
    );
  }

  /** Waits for finalizers of what the engine has already collected, and triggers a collection if they free little. */
  private async collect(): Promise<void> {
    const { watched, base } = this;
    const enough = watched.storages() - growthStorages / 2;
    const isMuch = (): boolean => watched.bytes() > base + growthBytes / 2 || watched.storages() > enough;
    await nextTurn();
    if (isMuch()) {
      collectGarbage();
      // Finalizers do not always run in the first turn.
      for (let turns = 0; turns < 4 && isMuch(); turns++) await nextTurn();
    }
    this.base = this.watched.bytes();
    this.limits.bytes = this.base + growthBytes;
    this.limits.storages = this.watched.storages() + growthStorages;
    this.collecting = null;
  }
}

export const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
