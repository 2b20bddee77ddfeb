/** The error for data that no `toJSON` returned. It describes the data in a few words, however large it is. */
export function notSaved(where: string, version: number, state: unknown): Error {
  return new Error(`${where}: expected what toJSON() returned (version ${version}), got ${inWords(state)}.`);
}

/** A value that was read from JSON in a few words. */
export function inWords(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== "object" || value === null) {
    return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : String(value);
  }
  const fields = Object.entries(value);
  const shown = fields.slice(0, 5).map(([name, field]) =>
    `${name.slice(0, 40)}${name === "version" && typeof field !== "object" ? ` ${field}` : ""}`
  );
  return fields.length === 0
    ? "an empty object"
    : `an object with ${shown.join(", ")}${fields.length > 5 ? ", …" : ""}`;
}
