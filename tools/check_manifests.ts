// Checks what npm and JSR show of each package: the fields of its package.json, and its README, which must say how to install it and
// whose links must work there. The repository's address is in the root's package.json and nowhere else by hand.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { scanImports } from "./imports.ts";

interface Manifest {
  readonly name: string;
  readonly homepage?: string;
  readonly repository?: { readonly url?: string; readonly directory?: string };
  readonly bugs?: string;
  readonly keywords?: readonly string[];
  readonly engines?: { readonly node?: string };
  readonly sideEffects?: boolean | readonly string[];
  readonly files?: readonly string[];
  readonly publishConfig?: { readonly access?: string };
  readonly scripts?: Readonly<Record<string, string>>;
}

/** What is published besides manifest: the source maps of `dist` lead to `src`. */
const FILES = ["dist", "src", "!src/**/*.test.ts", "!src/**/testing", "README.md", "LICENSE"];

/** What is wrong with the packages' manifests and READMEs, one line each. */
export function checkManifests(root: string): string[] {
  const address = readManifest(root).homepage ?? "";
  if (!/^https:\/\/[^/]+\/.*[^/]$/.test(address)) {
    return ["package.json: homepage must be the address of the repository, without a slash at the end"];
  }
  return readdirSync(join(root, "packages")).sort().flatMap((name) => {
    const folder = `packages/${name}`;
    const readme = readFileSync(join(root, folder, "README.md"), "utf8");
    return [
      ...wrongFields(readManifest(join(root, folder)), folder, address).map((line) =>
        `${folder}/package.json: ${line}`
      ),
      ...wrongInstall(readme, `@heddle/${name}`).map((line) => `${folder}/README.md: ${line}`),
      ...wrongLinks(readme, address, (path) => existsSync(join(root, path))).map((line) =>
        `${folder}/README.md: ${line}`
      ),
    ];
  });
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** What is wrong with the fields of a manifest. */
export function wrongFields(manifest: Manifest, folder: string, address: string): string[] {
  const expected: readonly [field: string, found: unknown, wanted: unknown][] = [
    ["homepage", manifest.homepage, `${address}/tree/main/${folder}#readme`],
    ["repository.url", manifest.repository?.url, `git+${address}.git`],
    ["repository.directory", manifest.repository?.directory, folder],
    ["bugs", manifest.bugs, `${address}/issues`],
    ["publishConfig.access", manifest.publishConfig?.access, "public"],
    ["files", manifest.files, FILES],
    ["scripts.prepack", manifest.scripts?.["prepack"], "turbo run build --output-logs=errors-only"],
  ];
  const wrong = expected.filter(([, found, wanted]) => JSON.stringify(found) !== JSON.stringify(wanted))
    .map(([field, found, wanted]) => `${field} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
  if ((manifest.keywords?.length ?? 0) === 0) wrong.push("has no keywords");
  if (manifest.engines?.node === undefined) wrong.push("engines.node is missing");
  if (manifest.sideEffects === undefined) {
    wrong.push("sideEffects is missing: false, or the files of dist/ that change something when they are imported");
  }
  return wrong;
}

/** The commands that install `packages`, for Deno, Bun and npm. */
export function installCommands(packages: readonly string[]): string {
  return `deno add ${packages.map((name) => `jsr:${name}`).join(" ")}\nbun add ${packages.join(" ")}\nnpm install ${
    packages.join(" ")
  }\n`;
}

/** A README's first block of code must install the package, and what its examples import, on each runtime. */
export function wrongInstall(readme: string, name: string): string[] {
  const blocks = [...readme.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(([, language, code]) => ({ language, code }));
  const imported = blocks.filter(({ language }) => language!.startsWith("ts"))
    .flatMap(({ code }) => scanImports(code!))
    .map(({ specifier }) => /^@heddle\/\w+/.exec(specifier)?.[0])
    .filter((found) => found !== undefined && found !== name);
  const commands = installCommands([name, ...[...new Set(imported as string[])].sort()]);
  if (blocks[0]?.language === "sh" && blocks[0].code === commands) return [];
  return [`the first block of code must be "sh" and install the package with what the examples import:\n${commands}`];
}

/** Links that would lead nowhere on npm or JSR, or to files of the repository that do not exist. */
export function wrongLinks(readme: string, address: string, exists: (path: string) => boolean): string[] {
  const text = readme.replaceAll(/^```[^]*?^```$/gm, "").replaceAll(/`[^`\n]*`(?!\])/g, "");
  const links = [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)].map(([, inline, named]) =>
    inline ?? named!
  );
  return links.flatMap((link) => {
    if (link.startsWith("#")) return [];
    if (!link.startsWith("https://")) return [`${link}: a relative link; write ${address}/blob/main/…`];
    if (!link.startsWith(`${address}/`)) return [];
    const path = /^(?:blob|tree)\/main\/([^#]*)/.exec(link.slice(address.length + 1))?.[1];
    return path !== undefined && exists(path) ? [] : [`${link}: there is no such file`];
  });
}
