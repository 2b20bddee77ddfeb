/** The names of a model's files. */

/** @throws RangeError for a name that leads out of the model's folder. */
export function checkFileName(file: string): string {
  if (/^[\w-][\w.-]*$/.test(file)) return file;
  throw new RangeError(`fromPretrained: ${JSON.stringify(file.slice(0, 100))} is no name of a file of a model`);
}
