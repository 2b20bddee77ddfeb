/**
 * Refuses arguments beyond those that a function has, which JavaScript ignores: options where none are taken, or a width after a `size`.
 *
 * @param given the function's `arguments`
 * @param callback whether the function may be a callback, as in `paths.map(readText)`: the second argument is then the index of the first
 * @throws TypeError with the first surplus argument
 */
export function checkArguments(
  where: string,
  given: ArrayLike<unknown>,
  most: number,
  callback: boolean = false,
): void {
  if (given.length <= most || (callback && typeof given[1] === "number")) return;
  const surplus = given[most];
  const shown = typeof surplus === "object" && surplus !== null
    ? `${Array.isArray(surplus) ? "an array" : `an object {${Object.keys(surplus).slice(0, 5).join(", ")}}`}`
    : typeof surplus === "string"
    ? JSON.stringify(surplus.slice(0, 40))
    : String(surplus);
  throw new TypeError(
    `${where}: takes at most ${most} argument${
      most === 1 ? "" : "s"
    }, got ${given.length}; the first too many is ${shown}`,
  );
}
