import { dataFolder } from "@heddle/tensor/engine";
import { checkArguments } from "./arguments.ts";
import { node } from "./node.ts";

/** What the cache's location depends on. */
export interface CachePlace {
  /** The folder that `HEDDLE_DATA` names. */
  readonly own: string | undefined;
  /** The system's environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The platform as `process.platform` names it. */
  readonly platform: string;
  /** The user's home folder. */
  readonly home: string;
}

/**
 * The folder under which downloaded data sets are kept, one folder per data set. It need not exist yet.
 *
 * In this order: `HEDDLE_DATA` (unless empty or `0`); `XDG_CACHE_HOME/heddle` where that variable holds an absolute
 * path; else the platform's cache: `~/Library/Caches/heddle` on macOS, `%LOCALAPPDATA%\heddle` on Windows,
 * `~/.cache/heddle` elsewhere.
 *
 * @param place for tests; by default that of this process
 */
export function cacheDir(place: CachePlace = here()): string {
  checkArguments("cacheDir", arguments, 1, true);
  const { own, env, platform, home } = place;
  if (own !== undefined && own !== "" && own !== "0") return own;
  // The XDG specification says to ignore relative paths.
  const xdg = env["XDG_CACHE_HOME"];
  if (xdg !== undefined && node.path.isAbsolute(xdg)) return node.path.join(xdg, "heddle");
  if (platform === "darwin") return node.path.join(home, "Library", "Caches", "heddle");
  if (platform === "win32") {
    return node.path.join(env["LOCALAPPDATA"] || node.path.join(home, "AppData", "Local"), "heddle");
  }
  return node.path.join(home, ".cache", "heddle");
}

function here(): CachePlace {
  return { own: dataFolder(), env: node.process.env, platform: node.process.platform, home: node.os.homedir() };
}
