import { spawn } from "node:child_process";
import process from "node:process";

/**
 * Runs a command and returns what it wrote.
 *
 * @throws Error with its output when it fails
 */
export async function run(
  cwd: string,
  [program, ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawn(program!, args, {
    cwd,
    env: { ...inherited(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => output.push(text));
  }
  const end = await new Promise<unknown>((resolve) => {
    child.on("error", resolve);
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  if (end === 0) return output.join("");
  throw new Error(`${[program, ...args].join(" ")} in ${cwd} failed (${end}):\n${output.join("")}`);
}

/** The environment without what npm and vitest add for their own programs: a user's terminal has none of it. */
function inherited(): Record<string, string | undefined> {
  const theirs = /^(npm_|INIT_CWD$|VITEST|NODE_ENV$|NODE_OPTIONS$|DEV$|PROD$|MODE$|SSR$|BASE_URL$|HEDDLE_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !theirs.test(name)));
}
