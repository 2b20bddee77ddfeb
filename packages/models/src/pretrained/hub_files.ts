/** The files of a repository on a hub such as Hugging Face, or of a folder on a server, kept in the user's cache. */
import { cacheDir, download, type DownloadOptions } from "@heddle/data";
import { putFile } from "@heddle/store";
import { hubAddress } from "@heddle/tensor/engine";
import { checkFileName } from "./file_names.ts";
import { describeFile, type FileDescription, Unreachable } from "./hub_protocol.ts";
import type { HubOptions } from "./hub_options.ts";
import type { NodeModules } from "./node.ts";

const PART = /^[A-Za-z0-9][\w.-]*$/;

/** Whether a text names a repository: "org/name", or "name" alone. */
export function isRepository(text: string): boolean {
  const parts = text.split("/");
  return parts.length <= 2 && parts.every((part) => PART.test(part) && !part.includes(".."));
}

/** The repository or folder that files are fetched from. */
interface Remote {
  readonly name: string;
  /** The address of a file at a revision. */
  readonly addressOf: (revision: string, file: string) => string;
  /** Whether addresses have revisions. */
  readonly isRepository: boolean;
  /** Where it lies in the cache. */
  readonly place: readonly string[];
}

function remoteOf(place: string, base: string): Remote {
  const hub = base.replace(/\/+$/, "");
  const inHub = place.startsWith(`${hub}/`) ? place.slice(hub.length + 1).replace(/\/+$/, "") : place;
  if (isRepository(inHub)) {
    const { host } = new URL(hub);
    return {
      name: inHub,
      addressOf: (revision, file) => `${hub}/${inHub}/resolve/${encodeURIComponent(revision)}/${file}`,
      isRepository: true,
      place: [fileName(host), inHub.replace("/", "--")],
    };
  }
  const address = place.replace(/\/+$/, "");
  const { host, pathname } = new URL(address);
  return {
    name: address,
    addressOf: (_, file) => `${address}/${file}`,
    isRepository: false,
    place: [fileName(host), fileName(pathname.slice(1) || "root")],
  };
}

function fileName(text: string): string {
  return encodeURIComponent(text).replace(/[%*.~!'()]/g, (sign) => sign === "." ? "." : "_").replace(/^\.+/, "_");
}

/** The files of a repository at one commit. Each is fetched when it is first asked for, and checked then. */
export class HubFiles {
  readonly name: string;
  readonly folder: string;
  private readonly remote: Remote;
  private readonly revision: string;
  private readonly options: HubOptions;
  private readonly node: NodeModules;
  /** Whether the folder is that of a commit, so that files in it are those of the server. */
  private readonly isCommit: boolean;
  private readonly offline: boolean;

  private constructor(
    remote: Remote,
    folder: string,
    revision: string,
    options: HubOptions,
    node: NodeModules,
    state: { isCommit: boolean; offline: boolean },
  ) {
    this.name = remote.name;
    this.remote = remote;
    this.folder = folder;
    this.revision = revision;
    this.options = options;
    this.node = node;
    this.isCommit = state.isCommit;
    this.offline = state.offline;
  }

  /**
   * Asks the hub which commit a revision is; without a network, or `offline`, it is the commit of the last time.
   *
   * @throws Error when there is neither network nor cache, and when the hub refuses.
   */
  static async open(place: string, options: HubOptions, node: NodeModules): Promise<HubFiles> {
    const { revision = "main", offline = false } = options;
    if (!/^\w[\w./-]*$/.test(revision) || revision.includes("..")) {
      throw new RangeError(
        `fromPretrained: ${JSON.stringify(revision)} is no revision; give a branch, a tag or a commit`,
      );
    }
    const base = options.baseUrl ?? hubAddress() ?? "https://huggingface.co";
    if (!URL.canParse(base)) throw new TypeError(`fromPretrained: the hub's address ${JSON.stringify(base)} is none`);
    const remote = remoteOf(place, base);
    const root = node.path.join(options.cacheDir ?? node.path.join(cacheDir(), "models"), ...remote.place);
    const reference = node.path.join(root, "refs", fileName(revision));
    const at = (commit: string | null, offline: boolean): HubFiles =>
      new HubFiles(
        remote,
        node.path.join(root, "snapshots", commit ?? fileName(revision)),
        commit ?? revision,
        options,
        node,
        { isCommit: commit !== null, offline },
      );
    const known = async (): Promise<HubFiles | null> => {
      const commit = await node.fs.readFile(reference, "utf8").catch(() => null);
      if (commit !== null) return at(/^[0-9a-f]{7,64}$/.test(commit) ? commit : null, true);
      const files = at(/^[0-9a-f]{40}$/.test(revision) ? revision : null, true);
      return await node.fs.stat(files.folder).then(() => files, () => null);
    };
    if (offline) {
      const files = await known();
      if (files !== null) return files;
      throw new Error(
        `fromPretrained: ${remote.name} at ${revision} is not in the cache, ${root}; fetch it once without { offline: true }`,
      );
    }
    let found: FileDescription | null;
    try {
      found = await describeFile(remote.addressOf(revision, "config.json"), options);
    } catch (error) {
      const files = error instanceof Unreachable ? await known() : null;
      if (files !== null) return files;
      throw error;
    }
    if (found === null) {
      throw new Error(
        `fromPretrained: there is no ${
          remote.addressOf(revision, "config.json")
        }; is ${remote.name} the name of a model` +
          `${
            remote.isRepository ? `, and ${revision} one of its revisions` : ""
          }? (A folder of that name is not here either.)`,
      );
    }
    if (remote.isRepository && found.commit !== null) {
      await node.fs.mkdir(node.path.dirname(reference), { recursive: true });
      putFile(reference, found.commit);
    }
    return at(remote.isRepository ? found.commit : null, false);
  }

  /** The path of a file, which is fetched unless it is there; null if the repository has none of this name. */
  async open(file: string): Promise<string | null> {
    const path = this.node.path.join(this.folder, checkFileName(file));
    const isThere = (await this.node.fs.stat(path).catch(() => null))?.isFile() ?? false;
    if (isThere && (this.isCommit || this.offline)) return path;
    if (this.offline) return null;
    const address = this.remote.addressOf(this.revision, file);
    const found = await describeFile(address, this.options);
    if (found === null) return null;
    await download(address, path, { ...found.expected, ...this.downloadOptions() });
    return path;
  }

  private downloadOptions(): DownloadOptions {
    const { token, onProgress, signal, retries, retryDelay, timeout } = this.options;
    return {
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(signal === undefined ? {} : { signal }),
      ...(retries === undefined ? {} : { retries }),
      ...(retryDelay === undefined ? {} : { retryDelay }),
      ...(timeout === undefined ? {} : { timeout }),
    };
  }
}
