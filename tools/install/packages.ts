// Packs the packages as `npm publish` would.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.ts";

/** A package as npm users get it. */
export interface Packed {
  readonly manifest: {
    readonly name: string;
    readonly version: string;
    readonly exports: Readonly<Record<string, unknown>>;
  };
  /** The path of its tarball. */
  readonly tarball: string;
}

/** Packs every package of the repository at `root` into `folder`. Each package's `prepack` builds it first. */
export async function packAll(root: string, folder: string): Promise<Packed[]> {
  const names = readdirSync(join(root, "packages")).sort();
  await run(root, [
    "npm",
    "pack",
    "--loglevel=error",
    "--pack-destination",
    folder,
    ...names.flatMap((name) => ["-w", `@heddle/${name}`]),
  ]);
  return names.map((name) => {
    const manifest = JSON.parse(
      readFileSync(join(root, "packages", name, "package.json"), "utf8"),
    ) as Packed["manifest"];
    return { manifest, tarball: join(folder, `heddle-${name}-${manifest.version}.tgz`) };
  });
}

/** What a program can import, such as `@heddle/data` and `@heddle/data/bpe`. */
export function entryPoints(packed: readonly Packed[]): string[] {
  return packed.flatMap(({ manifest }) => Object.keys(manifest.exports).map((path) => manifest.name + path.slice(1)));
}
