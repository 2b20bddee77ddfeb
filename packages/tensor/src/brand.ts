/** Tells objects of another copy of a package from what is no such object at all. */

const brand: symbol = Symbol.for("heddle.class");

/** Marks a class, so that other copies of the package recognise its objects. */
export function markClass(made: { readonly prototype: object; readonly name: string }, from: string): void {
  Object.defineProperty(made.prototype, brand, { value: `${made.name} of ${from}` });
}

/**
 * What to say of a value that looks right but is of another copy of its package, else null. To be asked only after `instanceof` has
 * said no.
 *
 * @param kind name of the class.
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
