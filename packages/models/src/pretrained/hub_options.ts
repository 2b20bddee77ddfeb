/** Options of everything that asks a hub. */
import type { AbortSignalLike, DownloadProgress } from "@heddle/data";

/** Where models come from, and where they are kept. */
export interface HubOptions {
  /** A branch, tag or commit of the repository; "main" by default. */
  readonly revision?: string;
  /** For private repositories: sent to the hub, and not to other servers that it redirects to. */
  readonly token?: string;
  /** The hub's address; by default that of the environment variable `HEDDLE_HUB`, else `https://huggingface.co`. */
  readonly baseUrl?: string;
  /** The folder under which models are kept; by default `models` in `cacheDir()` of `@heddle/data`. */
  readonly cacheDir?: string;
  /** Whether to use only what is in the cache; false by default. Without a network the cache is used as well. */
  readonly offline?: boolean;
  /** Called while a file is fetched. */
  readonly onProgress?: (progress: DownloadProgress) => unknown;
  /** Stops downloads; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignalLike;
  /** Further attempts after a temporary failure; 3 by default. */
  readonly retries?: number;
  /** Milliseconds before the second attempt, doubled for each after it; 500 by default. */
  readonly retryDelay?: number;
  /** Milliseconds without a byte after which an attempt fails; 30,000 by default. */
  readonly timeout?: number;
}

/** The names of {@link HubOptions}. */
export const HUB_OPTIONS = [
  "baseUrl",
  "cacheDir",
  "offline",
  "onProgress",
  "retries",
  "retryDelay",
  "revision",
  "signal",
  "timeout",
  "token",
] as const;
