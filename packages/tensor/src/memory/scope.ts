/** Scopes: tensors created inside are freed at the end, unless they are kept. */
import { checkSynchronous } from "../check_synchronous.ts";
import "../runtime.ts";

/** An object that can be freed, such as a tensor. */
export interface Freeable {
  /** Whether it was freed. */
  readonly isDisposed: boolean;
  /** Frees its memory. */
  dispose(): void;
}

/** An object that a scope frees: a tensor, with its internal members. */
export interface Scoped {
  dispose(): void;
  /** Set by {@link keep}: no scope frees this object. */
  kept: boolean;
  /** Freed together with this object, unless it survives itself. */
  grad?: unknown;
  /** While the owner is alive, no scope frees this object. */
  readonly owner?: unknown;
  /** Called when an open scope begins to hold the object. */
  shelter(): void;
  /** Called when the scope holds it no longer, but did not free it. */
  expose(): void;
}

let innermost: Scope | null = null;

/** Whether {@link noteCrossings} is scheduled. */
let watching = false;

/** Runs in a microtask after the synchronous code that opened a scope: scopes that are still open are open across an `await`. */
function noteCrossings(): void {
  watching = false;
  for (let scope = innermost; scope !== null; scope = scope.outer) scope.noteCrossing();
}

/** Objects that were created in a scope after an `await`, and freed at its end. */
const strays: WeakSet<object> = new WeakSet();

/**
 * Whether a scope freed this object although it was created after an `await` within the scope, perhaps by another asynchronous
 * function.
 */
export function isStray(item: object): boolean {
  return strays.has(item);
}

/** Objects that outlived their scope because they have an owner. */
const outliving: WeakSet<object> = new WeakSet();

/** Moves an object without an owner any more to the innermost scope. Without a scope, it is freed if its own scope has ended. */
export function handOver(item: Scoped): void {
  if (innermost !== null) innermost.track(item);
  else if (!item.kept && outliving.has(item)) item.dispose();
}

/** A scope of tensors. It ends with its `using` declaration's block, or with `end()`. */
export class Scope {
  /** The enclosing scope. */
  readonly outer: Scope | null;
  private tracked: Scoped[] | null;
  /** The number of objects in the scope when it was first open across an `await`; -1 if it never was. */
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

  /** Notes that the scope is open across an `await`. */
  noteCrossing(): void {
    if (this.crossedAt < 0 && this.tracked !== null) this.crossedAt = this.tracked.length;
  }

  /** Adds an object to the scope. */
  track(item: Scoped): void {
    if (this.tracked === null) return;
    this.tracked.push(item);
    item.shelter();
  }

  /** Leaves the scope without freeing: new objects belong to the enclosing scope, those of this scope stay until {@link end}. */
  suspend(): void {
    if (innermost !== this) return;
    if (this.tracked !== null) { for (const item of this.tracked) item.expose(); } // nobody may reach the scope any more
    innermost = this.outer;
    while (innermost !== null && innermost.tracked === null) innermost = innermost.outer;
  }

  /** Frees everything in the scope except `survivors`, which move to the enclosing scope, as do gradients that survive their tensor. */
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
      if (item.kept) {
        item.expose();
        continue;
      }
      if (item.owner && !(item.owner as Freeable).isDisposed) {
        item.expose();
        outliving.add(item);
        continue;
      }
      if (saved !== null) {
        if (saved.has(item)) {
          item.expose();
          outer?.track(item);
          continue;
        }
        if (item.grad && saved.has(item.grad as Scoped)) item.grad = null; // moves to the enclosing scope
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
 * Opens a scope. Its end frees every tensor created in it, except parameters and tensors passed to {@link keep}. Gradients and
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
 * Runs a function in a new scope. The tensors it returns (directly, or in arrays, plain objects, maps and sets) survive.
 *
 * @throws TypeError if `fn` is not a function, or is asynchronous: the scope would end before it does. Use `using s = scope()` there.
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
 * Removes a tensor from all scopes. It lives until `dispose()`, or until it is unreachable.
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
