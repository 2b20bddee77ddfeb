/** Options that a layer keeps. */

/** A caller's options copied, with the arrays among them: what the caller writes to them later changes no layer. */
export function ownOptions<O extends object>(options: O): O {
  const entries = Object.entries(options).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]);
  return Object.fromEntries(entries) as O;
}
