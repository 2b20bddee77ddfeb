/** Surplus arguments. Types already report them; these checks are for callers without types. */

/**
 * Refuses arguments beyond those that a layer or function takes, which JavaScript would ignore.
 *
 * @param given the caller's `arguments`.
 * @throws TypeError naming the operation and the first argument too many.
 */
export function checkSurplus(operation: string, given: ArrayLike<unknown>, most: number): void {
  if (given.length <= most) return;
  const value = given[most];
  const shown = isOptions(value) ? `the options { ${Object.keys(value).join(", ")} }` : describe(value);
  const count = most === 0 ? "no arguments" : most === 1 ? "one argument" : `at most ${most} arguments`;
  const hint = isOptions(value) && "inplace" in value ? "; the result is always a new tensor" : "";
  throw new TypeError(`${operation}: takes ${count}, got ${given.length}; it has no use for ${shown}${hint}`);
}

/**
 * Refuses options given to a function that has none. Other arguments pass, so that functions can be given to `map` and `forEach`,
 * which call them with an index too.
 *
 * @param given the caller's `arguments`.
 * @throws TypeError naming the operation and the options.
 */
export function checkNoOptions(operation: string, given: ArrayLike<unknown>, most: number): void {
  if (given.length > most && isOptions(given[most])) checkSurplus(operation, given, most);
}

function isOptions(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null) return `an object of class ${value.constructor?.name ?? "null"}`;
  return typeof value === "function" ? "a function" : JSON.stringify(value) ?? String(value);
}
