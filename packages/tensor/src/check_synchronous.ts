/** Rejects asynchronous functions where a callback must be synchronous. */

/**
 * Throws if a callback returned a promise where a result is needed immediately. A rejection of that promise is handled, so that it
 * does not end the process.
 *
 * @param advice what to do instead.
 */
export function checkSynchronous(operation: string, result: unknown, advice: string): void {
  if (typeof result !== "object" || result === null || typeof (result as PromiseLike<unknown>).then !== "function") {
    return;
  }
  (result as PromiseLike<unknown>).then(undefined, () => {});
  throw new TypeError(`${operation}: the function is asynchronous; ${advice}`);
}
