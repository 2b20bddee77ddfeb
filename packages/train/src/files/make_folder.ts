import { node } from "../node.ts";

/**
 * Makes a folder and its parents. (Node's `recursive` never returns if a parent exists but accepts no folder, such as
 * /proc.)
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let folder = path; !node.fs.existsSync(folder); folder = node.path.dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    try {
      node.fs.mkdirSync(folder);
    } catch (error) {
      // Another run may have made it in the meantime.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
