// An npm registry on this machine, for this machine, that has packed packages and nothing else.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import type { Packed } from "./packages.ts";

/** A running registry. */
export interface Registry {
  /** For `.npmrc`: a project takes `@heddle/*` from here, and everything else from where npm would. */
  readonly npmrc: string;
  close(): void;
}

/** Serves `packed` on a free port. */
export async function serveRegistry(packed: readonly Packed[]): Promise<Registry> {
  const tarballs = new Map(packed.map(({ tarball }) => [`/${basename(tarball)}`, readFileSync(tarball)]));
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    // What an earlier run cached under the same port must never be used.
    const headers = { "cache-control": "no-store" };
    const tarball = tarballs.get(path);
    if (tarball !== undefined) {
      response.writeHead(200, { ...headers, "content-type": "application/octet-stream" }).end(tarball);
      return;
    }
    const found = packed.find(({ manifest }) => path === `/${manifest.name}`);
    if (found === undefined) {
      response.writeHead(404, headers).end("{}");
      return;
    }
    const { manifest: { name, version }, manifest } = found;
    const file = `/${basename(found.tarball)}`;
    const dist = {
      tarball: `http://${request.headers.host}${file}`,
      integrity: `sha512-${createHash("sha512").update(tarballs.get(file)!).digest("base64")}`,
      shasum: createHash("sha1").update(tarballs.get(file)!).digest("hex"),
    };
    const versions = { [version]: { ...manifest, dist } };
    response.writeHead(200, { ...headers, "content-type": "application/json" });
    response.end(JSON.stringify({ name, "dist-tags": { latest: version }, versions }));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    npmrc: `@heddle:registry=http://127.0.0.1:${port}/\n`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
