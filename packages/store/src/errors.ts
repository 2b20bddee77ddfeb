/** Words of errors. */

/** A name from a file in quotes, cut so that the error stays readable. */
export function shortened(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

/** Throws the error of a damaged file. */
export type Fail = (what: string) => never;

/** An error that names the file, what is wrong and the format. */
export function failing(operation: string, file: string, format: string): Fail {
  return (what) => {
    throw new RangeError(`${operation}: ${what}; ${file} is damaged or not in the ${format} format`);
  };
}

/** The system's error in other words. Its code stays. */
export function reworded(error: unknown, message: string): Error {
  return Object.assign(new Error(message, { cause: error }), { code: (error as NodeJS.ErrnoException).code });
}

/** The dotted path of a field of what is at a path; the root's is empty. */
export function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** What a value is, for errors. */
export function described(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object") return `an object of class ${value.constructor?.name ?? "null"}`;
  if (typeof value === "string") return shortened(value);
  return typeof value === "function" || typeof value === "bigint" ? `a ${typeof value}` : String(value);
}
