/**
 * Refuses option names that a function does not know, since a misspelt option is otherwise ignored in silence.
 *
 * @throws naming the function, the unknown option, the known ones and the nearest of them
 */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const plain = (text: string) => text.toLowerCase().replaceAll("_", "");
    const near = known.find((k) => plain(k) === plain(name)) ??
      known.find((k) => plain(k).startsWith(plain(name)) || plain(name).startsWith(plain(k)));
    throw new Error(
      `${where}: unknown option "${name}"${near === undefined ? "" : `, did you mean "${near}"?`} ` +
        `(known: ${known.join(", ")})`,
    );
  }
}
