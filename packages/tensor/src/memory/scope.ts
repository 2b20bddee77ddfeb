/** Scopes: what is made inside is freed at the end, unless it is kept. */
import { checkSynchronous } from "../check_synchronous.ts";
import "../runtime.ts";

/** What can be freed, as tensors are. */
export interface Freeable {
  /** Whether it was freed. */
  readonly isDisposed: boolean;
  /** Gives its memory up. */
  dispose(): void;
}

/** What a scope looks after: tensors, as the library sees them. */
export interface Scoped {
  dispose(): void;
  /** Set by {@link keep}: no scope frees it. */
  kept: boolean;
  /** What goes with it, unless it survives by itself. */
  grad?: unknown;
  /** What it goes with: as long as that lives, no scope frees it. */
  readonly owner?: unknown;
}

let innermost: Scope | null = null;

/** Whether it will be seen soon which scopes outlive the piece of synchronous code that opened them. */
let watching = false;

/** Runs when that piece of code has ended: scopes that are still open are open across an `await`. */
function noteCrossings(): void {
  watching = false;
  for (let scope = innermost; scope !== null; scope = scope.outer) scope.noteCrossing();
}

/** Freed by the end of a scope, and made in it after an `await`. */
const strays: WeakSet<object> = new WeakSet();

/** Whether a scope freed something that was made after an `await` in the scope's life, perhaps by a function that never opened it. */
export function isStray(item: object): boolean {
  return strays.has(item);
}

/** What outlived the scope that it was made in, since it belongs to something else. */
const outliving: WeakSet<object> = new WeakSet();

/** Puts what belonged to something else under the care of the innermost scope; without one, it is freed if its own scope has ended. */
export function handOver(item: Scoped): void {
  if (innermost !== null) innermost.track(item);
  else if (!item.kept && outliving.has(item)) item.dispose();
}

/** A block of memory management; ends with its `using` declaration, or with `end()`. */
export class Scope {
  /** The scope that was innermost before. */
  readonly outer: Scope | null;
  private tracked: Scoped[] | null;
  /** How much had been made in it when it was first open across an `await`; -1 if it never was. */
  private crossedAt: number;

  constructor() {
    this.outer = innermost;
    this.tracked = [];
    this.crossedAt = -1;
    innermost = this;
    if (!watching) {
      watching = true;
      queueMicrotask(noteCrossings);
    }
  }

  /** The scope is open though the code that opened it has come to an `await`. */
  noteCrossing(): void {
    if (this.crossedAt < 0 && this.tracked !== null) this.crossedAt = this.tracked.length;
  }

  /** Puts something under the scope's care. */
  track(item: Scoped): void {
    this.tracked?.push(item);
  }

  /** Steps out without freeing: what is made from now on belongs to the scope around it, what was made stays until {@link end}. */
  suspend(): void {
    if (innermost !== this) return;
    innermost = this.outer;
    while (innermost !== null && innermost.tracked === null) innermost = innermost.outer;
  }

  /** Frees everything made in the scope but `survivors`, which pass to the scope around it, as do gradients that survive their tensor. */
  end(survivors: readonly Scoped[] = []): void {
    const tracked = this.tracked;
    if (tracked === null) return;
    this.tracked = null;
    // Scopes of interleaved asynchronous functions may end out of order.
    if (innermost === this) {
      innermost = this.outer;
      while (innermost !== null && innermost.tracked === null) innermost = innermost.outer;
    }
    const saved = survivors.length > 0 ? new Set(survivors) : null;
    let outer = this.outer;
    while (outer !== null && outer.tracked === null) outer = outer.outer;
    const { crossedAt } = this;
    for (let i = 0; i < tracked.length; i++) {
      const item = tracked[i]!;
      if (item.kept) continue;
      if (item.owner && !(item.owner as Freeable).isDisposed) {
        outliving.add(item);
        continue;
      }
      if (saved !== null) {
        if (saved.has(item)) {
          outer?.track(item);
          continue;
        }
        if (item.grad && saved.has(item.grad as Scoped)) item.grad = null; // passes to the scope around
      }
      item.dispose();
      if (crossedAt >= 0 && i >= crossedAt) strays.add(item);
    }
  }

  /** The end of a `using` block. */
  [Symbol.dispose](): void {
    this.end();
  }
}

/** The scope that new tensors belong to. */
export function currentScope(): Scope | null {
  return innermost;
}

/**
 * Opens a scope. Every tensor made until its end is freed then, except parameters and what was kept with {@link keep}; gradients and
 * optimiser state live as long as the tensor they belong to.
 *
 * @example
 * ```ts
 * import { ones, scope } from "@heddle/tensor";
 * for (let step = 0; step < 3; step++) {
 *   using _ = scope();
 *   console.log(ones([2, 2]).mul(step).sum().item());
 * }
 * ```
 */
export function scope(): Scope {
  return new Scope();
}

/**
 * Runs a function in a scope of its own; the tensors it returns (bare, in arrays, plain objects, maps and sets) survive.
 *
 * @throws TypeError for what is no function; and when the function is asynchronous: its scope would end before it does; use `using s = scope()` there.
 *
 * @example
 * ```ts
 * import { ones, tidy } from "@heddle/tensor";
 * const six = tidy(() => ones([2, 3]).sum()); // the ones are freed, the sum is not
 * ```
 */
export function tidy<T>(fn: () => T): T {
  if (typeof fn !== "function") {
    throw new TypeError(
      `tidy: expected a function such as () => x.add(1), got ${fn === null ? "null" : `a value of type ${typeof fn}`}`,
    );
  }
  const inner = new Scope();
  const survivors: Scoped[] = [];
  try {
    const result = fn();
    checkSynchronous("tidy", result, "open a scope inside it with `using s = scope();`");
    collect(result, survivors);
    return result;
  } finally {
    inner.end(survivors);
  }
}

function collect(value: unknown, into: Scoped[]): void {
  if (typeof value !== "object" || value === null) return;
  if (isScoped(value)) into.push(value);
  else if (Array.isArray(value) || value instanceof Set) { for (const item of value) collect(item, into); }
  else if (value instanceof Map) {
    for (const [key, item] of value) {
      collect(key, into);
      collect(item, into);
    }
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collect(item, into);
  }
}

function isScoped(value: object): value is Scoped {
  return "dispose" in value && "kept" in value;
}

/**
 * Takes a tensor out of all scopes: it lives until `dispose()` or until nothing refers to it.
 *
 * @example
 * ```ts
 * import { keep, ones, tidy } from "@heddle/tensor";
 * let mean;
 * tidy(() => { mean = keep(ones([4]).mean()); });
 * ```
 */
export function keep<T extends Freeable>(tensor: T): T {
  (tensor as unknown as Scoped).kept = true;
  return tensor;
}
