/** Copies of options. */

/** Copies a caller's options and the arrays among them, so that later writes by the caller do not change the layer. */
export function ownOptions<O extends object>(options: O): O {
  const entries = Object.entries(options).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]);
  return Object.fromEntries(entries) as O;
}
