/** Recognises objects that come from another copy of the same package. */

const brand: symbol = Symbol.for("heddle.class");

/** Marks a class, so that other copies of the package recognise its objects. */
export function markClass(made: { readonly prototype: object; readonly name: string }, from: string): void {
  Object.defineProperty(made.prototype, brand, { value: `${made.name} of ${from}` });
}

/**
 * An error message for a value whose class comes from another copy of its package, else null. Call it only after `instanceof` has failed.
 *
 * @param kind the name of the class.
 */
export function otherCopy(value: unknown, kind: string): string | null {
  if (typeof value !== "object" || value === null) return null;
  let mark: unknown;
  for (let made = Object.getPrototypeOf(value); made !== null; made = Object.getPrototypeOf(made)) {
    mark = Object.getOwnPropertyDescriptor(made, brand)?.value;
    if (typeof mark === "string" && mark.startsWith(`${kind} of `)) break;
    mark = undefined;
  }
  if (typeof mark !== "string") return null;
  const from = mark.slice(kind.length + 4);
  return `this ${kind} was made by another copy of ${from}: the program loads that package twice, perhaps in two versions. ` +
    `\`npm ls ${from}\` (Deno: \`deno info\`) shows who brings them; give all the same version, or run \`npm dedupe\``;
}
