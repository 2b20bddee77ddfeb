// Holds the arrows of the design: who may import whom. Every import counts, types and tests included, since a type that
// points up is a dependency of the published package all the same.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, posix } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { scanImports } from "./imports.ts";
import { isMain } from "./is_main.ts";

/** What each package may import of the others. A package that is missing here may not exist. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  tensor: [],
  autograd: ["tensor"],
  nn: ["tensor", "autograd"],
  optim: ["tensor", "autograd"],
  linalg: ["tensor", "autograd"],
  data: ["tensor"],
  gpu: ["tensor"],
};

/** A source file by its path from the root, with forward slashes. */
export interface Source {
  path: string;
  text: string;
}

/** What the check reads of a package.json. */
export interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/**
 * The violations in `sources`, one line each, sorted. `manifests` holds each folder's package.json (`"packages/nn"`,
 * `"apps/examples"`; `""` for the root), and an import of something it does not list is a violation too.
 */
export function checkLayers(
  sources: Source[],
  manifests: Record<string, Manifest>,
  layers: Readonly<Record<string, readonly string[]>> = LAYERS,
): string[] {
  const wrong: string[] = [];
  const edges = new Map<string, Map<string, string>>();
  for (const { path, text } of sources) {
    const unit = unitOf(path);
    const own = unit.startsWith("packages/") ? unit.slice("packages/".length) : null;
    if (own !== null && !(own in layers)) {
      wrong.push(`${path}: package "${own}" has no layer; give it one in tools/check_layers.ts`);
      continue;
    }
    for (const { specifier, line } of scanImports(text)) {
      const at = `${path}:${line}: `;
      if (specifier.startsWith(".")) {
        const target = unitOf(posix.join(posix.dirname(path), specifier));
        // The maintainers' own scripts may look into a package; nothing is built on them.
        if (target !== unit && unit !== "tools" && (isWorkspace(unit) || isWorkspace(target))) {
          wrong.push(`${at}"${specifier}" leaves ${unit}; import another package by its name`);
        }
        continue;
      }
      if (isBuiltin(specifier)) {
        if (!specifier.startsWith("node:")) wrong.push(`${at}write "node:${specifier}"`);
        continue;
      }
      const name = packageOf(specifier);
      const target = name.startsWith("@heddle/") ? name.slice("@heddle/".length) : null;
      if (target !== null && own !== null && target !== own) {
        if (!(target in layers)) {
          wrong.push(`${at}packages may not import ${name}`);
          continue;
        }
        if (!edges.has(own)) edges.set(own, new Map());
        edges.get(own)!.set(target, `${path}:${line}`);
        if (!layers[own]!.includes(target)) {
          const may = layers[own]!.map((layer) => `@heddle/${layer}`).join(", ") || "no other package";
          wrong.push(`${at}${own} may not import ${name} (it may import ${may})`);
          continue;
        }
      }
      if (target !== null && target === own) {
        wrong.push(`${at}a package imports its own files by relative paths, not as "${specifier}"`);
      } else if (!isListed(name, path, unit, manifests)) {
        wrong.push(`${at}"${name}" is not in the dependencies of ${unit === "" ? "" : unit + "/"}package.json`);
      }
    }
  }
  const cycle = findCycle(edges);
  if (cycle !== null) wrong.push(`packages import each other in a cycle: ${cycle}`);
  return wrong.sort();
}

/** The workspace a path belongs to: `packages/nn`, `apps/examples`, `conformance`, `tools`. */
function unitOf(path: string): string {
  const parts = path.split("/");
  if (parts[0] === "packages" || parts[0] === "apps") return parts.slice(0, 2).join("/");
  return parts.length > 1 ? parts[0]! : "";
}

function isWorkspace(unit: string): boolean {
  return unit.includes("/") || unit === "conformance";
}

function packageOf(specifier: string): string {
  const name = specifier.replace(/^npm:/, "");
  return name.split("/").slice(0, name.startsWith("@") ? 2 : 1).join("/");
}

function isListed(name: string, path: string, unit: string, manifests: Record<string, Manifest>): boolean {
  const own = manifests[unit] ?? manifests[""] ?? {};
  const listed = { ...own.dependencies, ...own.peerDependencies, ...own.optionalDependencies };
  if (name in listed) return true;
  // What is not published may also use what the root installs for everyone: vitest in tests, say.
  const published = unit.startsWith("packages/") && !path.endsWith(".test.ts");
  return !published && name in { ...own.devDependencies, ...manifests[""]?.devDependencies };
}

/** One cycle among the packages, told with a place for each of its imports, or null. */
function findCycle(edges: Map<string, Map<string, string>>): string | null {
  const done = new Set<string>();
  const visit = (node: string, trail: string[]): string | null => {
    const seen = trail.indexOf(node);
    if (seen >= 0) {
      const loop = [...trail.slice(seen), node];
      return loop.slice(1).map((to, i) => `${loop[i]} → ${to} (${edges.get(loop[i]!)!.get(to)})`).join(", ");
    }
    if (done.has(node)) return null;
    for (const to of edges.get(node)?.keys() ?? []) {
      const found = visit(to, [...trail, node]);
      if (found !== null) return found;
    }
    done.add(node);
    return null;
  };
  for (const node of edges.keys()) {
    const found = visit(node, []);
    if (found !== null) return found;
  }
  return null;
}

const SKIPPED = new Set(["node_modules", "dist", "runs", "fixtures"]);

/** Every TypeScript source under `folders` of `root`. */
export function readSources(root: string, folders: string[]): Source[] {
  const sources: Source[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name) && !entry.name.startsWith(".")) walk(path);
      } else if (/\.[cm]?tsx?$/.test(entry.name)) {
        sources.push({ path, text: readFileSync(join(root, path), "utf8") });
      }
    }
  };
  for (const folder of folders) if (existsSync(join(root, folder))) walk(folder);
  return sources;
}

/** The package.json of the root and of every workspace, by folder. */
export function readManifests(root: string): Record<string, Manifest> {
  const manifests: Record<string, Manifest> = {};
  const folders = ["", "conformance"];
  for (const parent of ["packages", "apps"]) {
    for (const name of readdirSync(join(root, parent))) folders.push(`${parent}/${name}`);
  }
  for (const folder of folders) {
    const file = join(root, folder, "package.json");
    if (existsSync(file)) manifests[folder] = JSON.parse(readFileSync(file, "utf8")) as Manifest;
  }
  return manifests;
}

function main(): void {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  const sources = readSources(root, ["packages", "apps", "conformance", "tools"]);
  const wrong = checkLayers(sources, readManifests(root));
  for (const line of wrong) console.error(line);
  console.log(`layers: ${sources.length} files, ${wrong.length} violations`);
  process.exit(wrong.length > 0 ? 1 : 0);
}

if (isMain(import.meta.url)) main();
