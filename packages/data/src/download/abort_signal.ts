/**
 * The parts of an `AbortSignal` that a download uses. Every `AbortSignal` fits; naming that type would make the declarations depend on
 * the DOM's types or Node's.
 */
export interface AbortSignalLike {
  /** Why it was aborted. */
  readonly reason: unknown;
  /** Throws the reason once it was aborted. */
  throwIfAborted(): void;
  /** Calls a function when it is aborted. */
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  /** Removes a listener. */
  removeEventListener(type: "abort", listener: () => void): void;
}
