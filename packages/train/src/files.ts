/**
 * The folders and files of a run.
 *
 * @module
 */
export { FolderError, writing } from "./files/folder_error.ts";
export { makeFolder } from "./files/make_folder.ts";
export { openFolder } from "./files/open_folder.ts";
