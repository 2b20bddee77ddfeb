/** Scopes: what is made inside is freed at the end, unless it is kept. */
import "./runtime.ts";
import { noteScope } from "./storage.ts";

/** What a scope looks after. */
export interface Disposable {
  dispose(): void;
  /** Set by {@link keep}: no scope frees it. */
  kept: boolean;
}

let innermost: Scope | null = null;

/** A block of memory management; ends with its `using` declaration, or with `end()`. */
export class Scope {
  private readonly outer: Scope | null;
  private tracked: Disposable[] | null;

  constructor() {
    noteScope();
    this.outer = innermost;
    this.tracked = [];
    innermost = this;
  }

  /** Puts something under the scope's care. */
  track(item: Disposable): void {
    this.tracked?.push(item);
  }

  /** Steps out without freeing: what is made from now on belongs to the scope around it, what was made stays until {@link end}. */
  suspend(): void {
    if (innermost !== this) return;
    innermost = this.outer;
    while (innermost !== null && innermost.tracked === null) innermost = innermost.outer;
  }

  /** Frees everything made in the scope but `survivors`, which pass to the scope around it. */
  end(survivors: readonly Disposable[] = []): void {
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
    for (const item of tracked) {
      if (item.kept) continue;
      if (saved?.has(item)) outer?.track(item);
      else item.dispose();
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
 * Opens a scope. Every tensor made until its end is freed then, except parameters, gradients, optimiser state and what was
 * kept with {@link keep}.
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
 * Runs a function in a scope of its own; the tensors it returns (bare, in arrays or in plain objects) survive.
 *
 * @throws TypeError when the function is asynchronous: its scope would end before it does; use `using s = scope()` there.
 *
 * @example
 * ```ts
 * import { ones, tidy } from "@heddle/tensor";
 * const six = tidy(() => ones([2, 3]).sum()); // the ones are freed, the sum is not
 * ```
 */
export function tidy<T>(fn: () => T): T {
  const inner = new Scope();
  const survivors: Disposable[] = [];
  try {
    const result = fn();
    if (result instanceof Promise) {
      throw new TypeError("tidy: the function is asynchronous; open a scope inside it with `using s = scope();`");
    }
    collect(result, survivors);
    return result;
  } finally {
    inner.end(survivors);
  }
}

function collect(value: unknown, into: Disposable[]): void {
  if (typeof value !== "object" || value === null) return;
  if (isDisposable(value)) into.push(value);
  else if (Array.isArray(value)) { for (const item of value) collect(item, into); }
  else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collect(item, into);
  }
}

function isDisposable(value: object): value is Disposable {
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
export function keep<T extends Disposable>(tensor: T): T {
  tensor.kept = true;
  return tensor;
}
