import { dataFolder, environmentVariable, isGranted } from "@heddle/tensor/engine";
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
  /** The user's home folder, which is only read where the location depends on it. */
  readonly home: string;
}

/**
 * The folder under which downloaded data sets are kept, one folder per data set. It need not exist yet.
 *
 * In this order: `HEDDLE_DATA` (unless empty or `0`); `XDG_CACHE_HOME/heddle` where that variable holds an absolute
 * path; else the platform's cache: `~/Library/Caches/heddle` on macOS, `%LOCALAPPDATA%\heddle` on Windows,
 * `~/.cache/heddle` elsewhere.
 *
 * @throws Error on Deno, where no permission lets the home folder be known
 *
 * @param place for tests; by default that of this process
 */
export function cacheDir(place: CachePlace = here()): string {
  checkArguments("cacheDir", arguments, 1, true);
  const { own, env, platform } = place;
  if (own !== undefined && own !== "" && own !== "0") return own;
  // The XDG specification says to ignore relative paths.
  const xdg = env["XDG_CACHE_HOME"];
  if (xdg !== undefined && node.path.isAbsolute(xdg)) return node.path.join(xdg, "heddle");
  if (platform === "darwin") return node.path.join(place.home, "Library", "Caches", "heddle");
  if (platform === "win32") {
    return node.path.join(env["LOCALAPPDATA"] || node.path.join(place.home, "AppData", "Local"), "heddle");
  }
  return node.path.join(place.home, ".cache", "heddle");
}

function here(): CachePlace {
  const env = Object.fromEntries(["XDG_CACHE_HOME", "LOCALAPPDATA"].map((name) => [name, environmentVariable(name)]));
  return {
    own: dataFolder(),
    env,
    platform: node.process.platform,
    get home() {
      return homeFolder();
    },
  };
}

/** The user's home folder. Never asks for a permission. */
function homeFolder(): string {
  const home = environmentVariable(node.process.platform === "win32" ? "USERPROFILE" : "HOME");
  if (home) return home;
  if (isGranted({ name: "sys", kind: "homedir" })) return node.os.homedir();
  throw new Error(
    "cacheDir: the home folder is not known; allow Deno to read it with --allow-env=HOME (on Windows USERPROFILE), or name the folder of " +
      "the data, with the option root or in HEDDLE_DATA with --allow-env=HEDDLE_DATA",
  );
}
