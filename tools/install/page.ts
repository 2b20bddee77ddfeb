// Shows a folder of static files in headless Chromium.

import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { openChromium } from "../../conformance/browser/chromium.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** Guards against a page that hangs; it takes a second or two. */
const HANG_MS = 120_000;

/** Serves `folder`, opens its page and returns its console's output once `done` is satisfied with it. */
export async function consoleOf(chromium: string, folder: string, done: (output: string) => boolean): Promise<string> {
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const file = path === "/" ? "index.html" : path.slice(1);
    try {
      const content = readFileSync(join(folder, file));
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const browser = openChromium(chromium, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  try {
    for (const end = Date.now() + HANG_MS; !done(browser.output());) {
      const ended = await Promise.race([
        browser.ended,
        new Promise<null>((resolve) => setTimeout(() => resolve(null), 100)),
      ]);
      if (ended !== null || Date.now() > end) throw new Error(`${ended ?? "the page hangs"}\n${browser.output()}`);
    }
    return browser.output();
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}
