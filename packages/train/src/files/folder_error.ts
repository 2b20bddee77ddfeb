/** Errors of folders and files, in words that say what to do. */
import { node } from "../node.ts";

/** A folder or file of a run cannot be used: it is in use by another run, or cannot be written to. */
export class FolderError extends Error {
  override name = "FolderError";
}

/** Explanations of system error codes. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied (EACCES); use another folder",
  EPERM: "operation not permitted (EPERM); use another folder",
  EROFS: "the disk is read-only (EROFS); use another folder",
  ENOSPC: "the disk is full (ENOSPC); free some space, or use a folder on another disk",
  EDQUOT: "your disk quota is exhausted (EDQUOT); free some space, or use a folder on another disk",
  ENOTDIR: "a part of its path is a file (ENOTDIR); use another folder",
  EEXIST: "a part of its path is a file (EEXIST); use another folder",
  EISDIR: "it is a folder (EISDIR); move it, or use another folder",
};

/** The error of a path that could not be written, from the system's; other errors stay as they are. */
export function writingError(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || error instanceof FolderError) return error;
  return new FolderError(`${path} cannot be written: ${REASONS[code] ?? message}`, { cause: error });
}

/** Does what writes to a path. @throws FolderError for errors of the system. */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw writingError(path, error);
  }
}

/** The path of a folder or file from a path or a file URL. */
export function pathFrom(place: string | { readonly href: string }): string {
  const text = typeof place === "string" ? place : place.href;
  return text.startsWith("file:") ? node.url.fileURLToPath(text) : text;
}
