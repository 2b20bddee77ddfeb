import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import process from "node:process";
import { dataFolder } from "@heddle/tensor";

/** What decides where downloaded data goes. */
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
 * The folder under which downloaded data sets are kept, one folder a data set. It need not exist yet.
 *
 * In this order: `HEDDLE_DATA` (unless empty or `0`); `XDG_CACHE_HOME/heddle` where that variable holds
 * an absolute path; else the platform's own place: `~/Library/Caches/heddle` on macOS,
 * `%LOCALAPPDATA%\heddle` on Windows, `~/.cache/heddle` elsewhere.
 *
 * @param place for tests; by default this process's own
 */
export function cacheDir(place: CachePlace = here()): string {
  const { own, env, platform, home } = place;
  if (own !== undefined && own !== "" && own !== "0") return own;
  // The XDG specification has relative paths ignored.
  const xdg = env["XDG_CACHE_HOME"];
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, "heddle");
  if (platform === "darwin") return join(home, "Library", "Caches", "heddle");
  if (platform === "win32") return join(env["LOCALAPPDATA"] || join(home, "AppData", "Local"), "heddle");
  return join(home, ".cache", "heddle");
}

function here(): CachePlace {
  return { own: dataFolder(), env: process.env, platform: process.platform, home: homedir() };
}
