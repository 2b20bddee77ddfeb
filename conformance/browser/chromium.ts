/** Starts a headless Chromium and ends it with all its processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const ELSEWHERE = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The Chromium or Chrome that is installed, or null. */
export function findChromium(path: string = process.env["PATH"] ?? ""): string | null {
  const candidates = path.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  for (const candidate of [...candidates, ...ELSEWHERE]) {
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch { /* not here */ }
  }
  return null;
}

/** WebGPU without a GPU: on SwiftShader, which is part of Chromium. */
export const SOFTWARE_WEBGPU: readonly string[] = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
];

/** A browser that shows one page. */
export interface Browser {
  /** Settles when the browser ends by itself. */
  readonly ended: Promise<string>;
  /** What the pages wrote to their consoles, then the end of the browser's own log. */
  output(): string;
  /** Ends it and waits until it has ended. */
  close(): Promise<void>;
}

/** Opens an address in a browser with a profile of its own. */
export function openChromium(program: string, url: string, flags: readonly string[] = []): Browser {
  const profile = mkdtempSync(join(tmpdir(), "heddle-chromium-"));
  const child: ChildProcess = spawn(program, [
    "--headless",
    "--no-sandbox", // which containers do not allow; the page is our own
    "--disable-dev-shm-usage", // /dev/shm is small in containers
    "--disable-gpu-sandbox",
    "--disable-breakpad", // whose process would outlive the browser
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--no-first-run",
    "--no-default-browser-check",
    `--user-data-dir=${profile}`,
    ...flags,
    url,
  ], { detached: true, stdio: ["ignore", "ignore", "pipe"] }); // a group of its own, to be ended as one
  const consoles: string[] = [];
  const log: string[] = [];
  if (child.stderr) {
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (/:CONSOLE[:(]/.test(line)) consoles.push(line);
      else if (log.push(line) > 40) log.shift();
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(`Chromium ended with ${code ?? signal}`));
  });
  return {
    ended,
    output: () => ["The page's console:", ...consoles, "Chromium's log:", ...log].join("\n"),
    async close() {
      try {
        process.kill(-child.pid!, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
      await ended;
      child.stderr?.destroy();
      // The last of its processes may still be writing.
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}
