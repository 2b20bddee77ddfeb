// Checks who may import whom: the layers of the packages, and that no files import each other in a circle. Type imports and
// tests count too: a type from a higher layer makes the published package depend on that layer.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, posix } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findCircles, showCircle } from "./import_circles.ts";
import { scanImports } from "./imports.ts";
import { isMain } from "./is_main.ts";

/** What each package may import of the others. Every package has an entry. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  tensor: [],
  autograd: ["tensor"],
  nn: ["tensor", "autograd"],
  optim: ["tensor", "autograd"],
  linalg: ["tensor", "autograd"],
  data: ["tensor"],
  gpu: ["tensor"],
  compile: ["tensor"],
  native: ["tensor"],
  store: ["tensor"],
  onnx: ["tensor", "autograd", "nn"],
  models: ["tensor", "autograd", "nn", "data", "store"],
  train: ["tensor", "autograd", "nn", "optim", "data", "store"],
};

/**
 * Folders whose files still import each other in circles, with the reason. An entry without a circle is a violation, so that the list
 * only gets shorter.
 */
export const KNOWN_CIRCLES: Readonly<Record<string, string>> = {};

/**
 * Files of which a type import makes no circle, though a value import does. `tensor.ts` lists the methods of Tensor: it calls the
 * functions of every family, and these need its type. So do Module's methods.
 */
export const TYPE_ONLY_TARGETS: readonly string[] = [
  "packages/tensor/src/tensor/tensor.ts",
  "packages/nn/src/module.ts",
];

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
        const file = posix.join(posix.dirname(path), specifier);
        const target = unitOf(file);
        if (isPublished(path) && file.startsWith("packages/") && !isPublished(file)) {
          wrong.push(`${at}"${specifier}" is for tests and is not published; published files may not import it`);
        }
        // Scripts in tools/ may import files of a package; nothing depends on them.
        // Tests may read what others share for tests.
        const shared = !isPublished(path) && /\/(testing|fixtures)\//.test(file);
        if (target !== unit && unit !== "tools" && !shared && (isWorkspace(unit) || isWorkspace(target))) {
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
  for (const name of Object.keys(layers)) if (!edges.has(name)) edges.set(name, new Map());
  for (const { shortest } of findCircles(edges)) {
    wrong.push(`packages import each other in a circle: ${showCircle(edges, shortest)}`);
  }
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
  // Files that are not published may also use what the root installs for everyone, such as vitest.
  return !isPublished(path) && name in { ...own.devDependencies, ...manifests[""]?.devDependencies };
}

/** Whether a file is part of a package on JSR and npm. Tests are not, nor is what they share, in folders called `testing`. */
function isPublished(path: string): boolean {
  return path.startsWith("packages/") && !path.endsWith(".test.ts") && !path.includes("/testing/");
}

/** Which exceptions {@link checkCircles} makes. */
export interface CircleExceptions {
  readonly known: Readonly<Record<string, string>>;
  readonly typeOnlyTargets: readonly string[];
}

/** The circles of imports among `sources`, one line each with the shortest way round. */
export function checkCircles(
  sources: Source[],
  { known, typeOnlyTargets }: CircleExceptions = { known: KNOWN_CIRCLES, typeOnlyTargets: TYPE_ONLY_TARGETS },
): string[] {
  const graph = new Map(sources.map(({ path }) => [path, new Map<string, string>()]));
  for (const { path, text } of sources) {
    for (const { specifier, kind, line } of scanImports(text)) {
      // A URL names a file, a worker's for example, without importing it.
      if (!specifier.startsWith(".") || kind === "url") continue;
      const target = posix.join(posix.dirname(path), specifier);
      if (kind === "type" && typeOnlyTargets.includes(target)) continue;
      const imports = graph.get(path)!;
      if (!imports.has(target)) imports.set(target, `${path}:${line}`);
    }
  }
  const wrong: string[] = [];
  const used = new Set<string>();
  for (const { nodes, shortest } of findCircles(graph)) {
    const folder = Object.keys(known).find((prefix) => nodes.every((path) => path.startsWith(`${prefix}/`)));
    if (folder !== undefined) {
      used.add(folder);
      continue;
    }
    const count = nodes.length > shortest.length ? ` (${nodes.length} files are in circles with these)` : "";
    wrong.push(
      `files import each other in a circle: ${showCircle(graph, shortest)}${count}; ` +
        `move what they share into a file of its own`,
    );
  }
  for (const folder of Object.keys(known)) {
    const checked = sources.some(({ path }) => path.startsWith(`${folder}/`));
    if (checked && !used.has(folder)) {
      wrong.push(`KNOWN_CIRCLES in tools/check_layers.ts lists ${folder}, which has no circle: remove it`);
    }
  }
  return wrong;
}

const SKIPPED = new Set(["node_modules", "dist", "runs", "fixtures"]);

/** Every TypeScript source under `folders` of `root`. */
export function readSources(root: string, folders: readonly string[]): Source[] {
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

/** All violations in the repository. The layers are not checked in bench/, which has its own dependencies; circles are. */
export function checkRepository(root: string): string[] {
  const sources = readSources(root, ["packages", "apps", "conformance", "tools"]);
  return [
    ...checkLayers(sources, readManifests(root)),
    ...checkCircles([...sources, ...readSources(root, ["bench"])]),
  ];
}

function main(): void {
  const wrong = checkRepository(join(dirname(fileURLToPath(import.meta.url)), ".."));
  for (const line of wrong) console.error(line);
  console.log(`layers: ${wrong.length} violations`);
  process.exit(wrong.length > 0 ? 1 : 0);
}

if (isMain(import.meta.url)) main();
