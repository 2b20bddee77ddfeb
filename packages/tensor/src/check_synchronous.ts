/** Callbacks that must not be asynchronous. */

/**
 * Refuses what an asynchronous function returned where a result is needed at once. The promise's own failure is seen to, so that it
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
