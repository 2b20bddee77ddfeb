/**
 * Memory of tensors that nobody refers to any more. Collectors do not see how large tensors are, and what they find is freed between two
 * turns of the event loop only. So when much memory has been taken since the last collection, the next turn brings a collection.
 */
import { memoryBudget } from "../env.ts";
import { collectGarbage, nextTurn } from "../runtime.ts";
import { currentScope } from "./scope.ts";

/** What is watched: live bytes and storages, and the operation that holds most. */
export interface Watched {
  readonly bytes: () => number;
  readonly storages: () => number;
  readonly worst: () => string;
}

/** Growth that brings a collection: a sixteenth of the address space of the device `cpu`, for 13 to 60 ms. */
const growthBytes = 2 ** 28;
/** Many small tensors burden the collector with their handles: about 50 MB of them. */
const growthStorages = 100_000;
/** Smaller budgets are not looked at, so that reading the environment costs nothing while memory is small. */
const leastBudget = growthBytes;
/** How often is looked, while growth goes on without a turn. */
const stepBytes = 2 ** 26;

/** Above either of these, {@link Reclaimer.grown} is to be called. */
export interface Limits {
  bytes: number;
  storages: number;
}

/** Watches how much live memory grows, collects when it has grown by much, and warns once. */
export class Reclaimer {
  readonly limits: Limits = { bytes: growthBytes, storages: growthStorages };
  private readonly watched: Watched;
  /** Live bytes after the last collection. */
  private base = 0;
  private collecting: Promise<void> | null = null;
  /** Growth that is warned of; found out once it can matter, zero after the warning. */
  private budget: number | null = null;

  constructor(watched: Watched) {
    this.watched = watched;
  }

  /** A collection that is due, to be waited for; null when there is none. */
  get pending(): Promise<void> | null {
    return this.collecting;
  }

  /** Live memory is above the limits. */
  grown(): void {
    this.collecting ??= this.collect();
    const bytes = this.watched.bytes();
    const growth = bytes - this.base;
    const due = growth > leastBudget && this.isOverBudget(growth);
    // Inside a scope the memory is in good hands; the next allocation may be outside.
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

  /** Takes what the engine has collected by itself, and has it collect where that is little. */
  private async collect(): Promise<void> {
    const { watched, base } = this;
    const enough = watched.storages() - growthStorages / 2;
    const isMuch = (): boolean => watched.bytes() > base + growthBytes / 2 || watched.storages() > enough;
    await nextTurn();
    if (isMuch()) {
      collectGarbage();
      // Finalizers are not always the first to have their turn.
      for (let turns = 0; turns < 4 && isMuch(); turns++) await nextTurn();
    }
    this.base = this.watched.bytes();
    this.limits.bytes = this.base + growthBytes;
    this.limits.storages = this.watched.storages() + growthStorages;
    this.collecting = null;
  }
}

export const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
