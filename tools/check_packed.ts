// Checks the packages as npm users get them: packs each, unpacks them side by side, lets publint read the manifests,
// imports them with Node and compiles against their declarations, which it checks too. Needs `dist/`.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The compilers that must accept the declarations: TypeScript 7 and 5.9. */
const COMPILERS = ["typescript", "typescript-5"];

/** The libraries of a project that knows nothing but the language, and of one for browsers. Neither has the types of Node. */
const LIBRARIES = { language: ["ES2022"], browser: ["ES2022", "DOM"] };

/** `using` needs a part of TypeScript's library that such a project does not list. The declarations bring it. */
const USING = `import { scope } from "@heddle/tensor";
export function scoped(): void {
  using _ = scope();
}`;

/** The problems of the packed packages, one entry each. Works in `runs/packed`, whose parents provide npm's packages. */
export function checkPacked(root: string): string[] {
  const work = join(root, "runs", "packed");
  rmSync(work, { recursive: true, force: true });
  const wrong: string[] = [];
  const run = (what: string, cwd: string, program: string, ...args: string[]): boolean => {
    const result = spawnSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    if (result.status === 0) return true;
    wrong.push(`${what}: ${`${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`.trim()}`);
    return false;
  };

  const names = readdirSync(join(root, "packages")).sort();
  for (const name of names) {
    const unpacked = join(work, "node_modules", "@heddle", name);
    mkdirSync(unpacked, { recursive: true });
    run(`publint of ${name}`, root, "node", "node_modules/publint/src/cli.js", `packages/${name}`, "--strict");
  }
  const workspaces = names.flatMap((name) => ["-w", `@heddle/${name}`]);
  if (!run("npm pack", root, "npm", "pack", "--pack-destination", work, "--loglevel=error", ...workspaces)) {
    return wrong;
  }
  for (const file of readdirSync(work).filter((file) => file.endsWith(".tgz"))) {
    const name = file.replace(/^heddle-/, "").replace(/-\d.*$/, "");
    run(`unpacking ${file}`, work, "tar", "-xzf", file, "-C", `node_modules/@heddle/${name}`, "--strip-components=1");
  }

  for (const name of names) {
    const files = readdirSync(join(work, "node_modules", "@heddle", name), { recursive: true }) as string[];
    const tests = files.filter((file) => /\.test\.|(^|[\\/])testing[\\/]/.test(file));
    if (tests.length > 0) {
      wrong.push(`${name}: publishes what is for tests (${tests[0]}); exclude "**/testing/**" in tsconfig.build.json`);
    }
    const { publish } = JSON.parse(readFileSync(join(root, "packages", name, "deno.json"), "utf8")) as {
      publish: { exclude: string[] };
    };
    const shares = (readdirSync(join(root, "packages", name, "src"), { recursive: true }) as string[]).some((file) =>
      /(^|[\\/])testing$/.test(file)
    );
    if (shares && !publish.exclude.includes("**/testing/**")) {
      wrong.push(`${name}: exclude "**/testing/**" in publish of its deno.json, so that JSR gets nothing for tests`);
    }
  }

  const entries = names.flatMap((name) => entryPoints(join(root, "packages", name)).map((path) => `${name}${path}`));
  const imports = entries.map((entry, i) => `import * as entry${i} from "@heddle/${entry}";`).join("\n");
  const uses = `export const names = [${entries.map((_, i) => `Object.keys(entry${i})`).join(", ")}];`;
  writeFileSync(join(work, "package.json"), `{ "type": "module" }`);
  writeFileSync(join(work, "use.mjs"), `${imports}\n${uses}\n`);
  writeFileSync(join(work, "use.ts"), `${imports}\n${uses}\n${USING}\n`);
  run("importing the packed packages with Node", work, "node", "use.mjs");
  for (const [libraries, lib] of Object.entries(LIBRARIES)) {
    const config = `tsconfig.${libraries}.json`;
    const compilerOptions = { module: "NodeNext", target: "ES2022", lib, strict: true, noEmit: true, types: [] };
    writeFileSync(
      join(work, config),
      JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck: false }, files: ["use.ts"] }),
    );
    for (const compiler of COMPILERS) {
      const tsc = join(root, "node_modules", compiler, "bin/tsc");
      run(
        `compiling against the packed packages with ${compiler}, ${lib.join(" and ")}`,
        work,
        "node",
        tsc,
        "-p",
        config,
      );
    }
  }
  return wrong;
}

/** What follows the package's name in an import: "" for its main entry point, "/bpe" for one of its own. */
function entryPoints(folder: string): string[] {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { exports: object };
  return Object.keys(exports).map((path) => path.slice(1));
}
