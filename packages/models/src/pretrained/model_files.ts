/** Where the files of a model come from: a folder, a hub with a cache, or a server without one. */
import type { Source, UrlLike } from "@heddle/store";
import { checkFileName } from "./file_names.ts";
import { HubFiles, isRepository } from "./hub_files.ts";
import type { HubOptions } from "./hub_options.ts";
import { type NodeModules, nodeModules } from "./node.ts";

/** The files of one model. */
export interface ModelFiles {
  /** What errors call the model. */
  readonly name: string;
  /** The folder that holds them, where there is one. */
  readonly folder: string | null;
  /** What `load` reads a file from; null if there is none of this name. */
  open(file: string): Promise<Source | null>;
}

/** Finds out what kind of place it is. @throws Error for what is neither an address, a folder nor the name of a repository. */
export async function openModel(place: string | UrlLike, options: HubOptions): Promise<ModelFiles> {
  const node = nodeModules();
  const text = typeof place === "string" ? place : place.href;
  if (/^https?:\/\//.test(text)) {
    return node === null ? webFiles(text, options) : await HubFiles.open(text, options, node);
  }
  const path = text.startsWith("file:") && node !== null ? node.path.normalize(new URL(text).pathname) : text;
  if (node !== null && await isFolder(path, node)) return folderFiles(path, node);
  if (isRepository(text)) {
    if (node !== null) return await HubFiles.open(text, options, node);
    throw new Error(
      `fromPretrained: the repository ${text} has no cache in a browser; give an address, such as ` +
        `https://huggingface.co/${text}/resolve/main`,
    );
  }
  throw new Error(
    `fromPretrained: ${
      JSON.stringify(text.slice(0, 200))
    } is no folder here, no address, and no name of a repository such as "org/name"`,
  );
}

async function isFolder(path: string, node: NodeModules): Promise<boolean> {
  return (await node.fs.stat(path).catch(() => null))?.isDirectory() ?? false;
}

function folderFiles(folder: string, node: NodeModules): ModelFiles {
  return {
    name: folder,
    folder,
    async open(file) {
      const path = node.path.join(folder, checkFileName(file));
      return (await node.fs.stat(path).catch(() => null))?.isFile() ? path : null;
    },
  };
}

/** Files of a folder on a server, fetched each time. */
export function webFiles(address: string, { signal, token }: HubOptions): ModelFiles {
  const base = address.replace(/\/*$/, "/");
  return {
    name: address,
    folder: null,
    async open(file) {
      const response = await fetch(new URL(checkFileName(file), base), {
        ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
        ...(signal === undefined ? {} : { signal: signal as AbortSignal }),
      });
      if (response.ok) return response;
      await response.body?.cancel();
      if (response.status === 404) return null;
      throw new Error(`fromPretrained: ${base}${file} has the status ${response.status}`);
    },
  };
}
