import { FolderError, writing } from "./folder_error.ts";
import { lockFolder } from "./folder_lock.ts";
import { makeFolder } from "./make_folder.ts";
import { node } from "../node.ts";

/**
 * Makes a folder, if it does not exist, and locks it for this run; the returned function unlocks it.
 *
 * @throws FolderError if it cannot be written to, or is in use by another run.
 */
export function openFolder(path: string): () => void {
  return writing(path, () => {
    if (node.fs.existsSync(path) && !node.fs.statSync(path).isDirectory()) {
      throw new FolderError(`${path} is a file; expected a folder`);
    }
    makeFolder(path);
    return lockFolder(path);
  });
}
