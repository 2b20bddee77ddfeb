/** Serves a bundle's pages, cross-origin isolated or not, and takes what they post. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Posted } from "./report.ts";

/** Headers that give a page shared memory, and its workers with it. */
const isolation: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** How to serve a page: without headers, isolated, or isolated under the strictest policy that most kernels work with. */
export const HEADERS: Readonly<Record<"plain" | "isolated" | "strict", Readonly<Record<string, string>>>> = {
  plain: {},
  isolated: isolation,
  strict: {
    ...isolation,
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:",
  },
};

/** How a page is shown. */
export interface Place {
  readonly served: keyof typeof HEADERS;
  /** Whether its script runs in a worker. */
  readonly worker: boolean;
}

/** A running server. */
export interface PageServer {
  /** The address of a page of the bundle. */
  url(page: string, place: Place): string;
  /** Resolves to the next page's report. */
  posted(): Promise<Posted<unknown>>;
  close(): void;
}

/** What is served, by name: JavaScript, which has pages, and other files. */
export type ServedFiles = ReadonlyMap<string, string | Uint8Array>;

/** Serves files on a free port of this machine, for this machine. */
export async function servePages(files: ServedFiles): Promise<PageServer> {
  const waiting: ((posted: Posted<unknown>) => void)[] = [];
  const server: Server = createServer((request, response) => {
    answer(request, response, files, (posted) => waiting.shift()?.(posted)).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url(page, { served, worker }) {
      const name = worker ? `worker_page.html?${page}` : `${page}.html`;
      return `http://127.0.0.1:${port}/${served}/${name}`;
    },
    posted: () => new Promise((resolve) => waiting.push(resolve)),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  files: ServedFiles,
  take: (posted: Posted<unknown>) => void,
): Promise<void> {
  const [, folder, name] = new URL(request.url ?? "/", "http://localhost").pathname.split("/") as [
    string,
    string?,
    string?,
  ];
  if (request.method === "POST" && folder === "results") {
    const parts: Uint8Array[] = [];
    for await (const part of request) parts.push(part as Uint8Array);
    response.writeHead(204).end();
    take(JSON.parse(Buffer.concat(parts).toString()) as Posted<unknown>);
    return;
  }
  const headers = HEADERS[folder as keyof typeof HEADERS];
  const page = /^(\w+)\.html$/.exec(name ?? "")?.[1];
  const code = files.get(name ?? "");
  if (headers === undefined) response.writeHead(404).end();
  else if (page !== undefined && files.has(`${page}.js`)) {
    response.writeHead(200, { ...headers, "Content-Type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><title>${page}</title><script type="module" src="${page}.js"></script>`);
  } else if (code !== undefined) {
    response.writeHead(200, { ...headers, "Content-Type": "text/javascript; charset=utf-8" }).end(code);
  } else response.writeHead(404).end();
}
