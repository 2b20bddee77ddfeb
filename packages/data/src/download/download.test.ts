import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { download } from "./download.ts";
import type { DownloadProgress } from "./transfer.ts";

const body = new Uint8Array(300_000).map((_, i) => (i * 2654435761) >>> 13);
const md5 = createHash("md5").update(body).digest("hex");
const sha256 = createHash("sha256").update(body).digest("hex");
const fast = { retryDelay: 1, timeout: 5_000 };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let base = "";
let handlers: Record<string, Handler> = {};
let log: { path: string; range: string | undefined }[] = [];
let folder = "";

/** Serves the whole file, or the range that is asked for. */
const good: Handler = (request, response) => {
  const match = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
  if (match === null) {
    response.writeHead(200, { "content-length": body.length });
    return response.end(body);
  }
  const from = Number(match[1]);
  if (from >= body.length) return response.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
  response.writeHead(206, {
    "content-length": body.length - from,
    "content-range": `bytes ${from}-${body.length - 1}/${body.length}`,
  });
  response.end(body.subarray(from));
};

/** Promises the whole file, sends its beginning and hangs up. */
const cut = (bytes: number): Handler => (_request, response) => {
  response.writeHead(200, { "content-length": body.length });
  response.write(body.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20));
};

const altered: Handler = (_request, response) => {
  const wrong = body.slice();
  wrong[1000]! ^= 1;
  response.writeHead(200, { "content-length": wrong.length }).end(wrong);
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? "";
    log.push({ path, range: request.headers.range });
    const handler = handlers[path];
    if (handler === undefined) response.writeHead(404).end("none");
    else handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections?.();
  return new Promise<void>((resolve) => server.close(() => resolve()));
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-download-"));
  handlers = { "/good": good };
  log = [];
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const target = (): string => join(folder, "deep", "file.bin");
const files = (): Promise<string[]> => readdir(join(folder, "deep")).catch(() => []);
async function expectWhole(): Promise<void> {
  expect(Buffer.compare(await readFile(target()), body)).toBe(0);
  expect(await files()).toEqual(["file.bin"]);
}

describe("download", () => {
  test("fetches, verifies, reports progress, and does nothing the second time", async () => {
    const seen: DownloadProgress[] = [];
    const options = { md5, sha256, size: body.length, onProgress: (p: DownloadProgress) => void seen.push(p) };
    expect(await download(`${base}/good`, target(), options)).toEqual({
      path: target(),
      bytes: body.length,
      url: `${base}/good`,
      resumedFrom: 0,
    });
    await expectWhole();
    expect(seen[0]).toEqual({ url: `${base}/good`, received: 0, total: body.length, resumedFrom: 0 });
    expect(seen.at(-1)?.received).toBe(body.length);
    expect(seen.every((p, i) => i === 0 || p.received > seen[i - 1]!.received)).toBe(true);
    expect((await download(`${base}/good`, target(), options)).url).toBeNull();
    expect(log.length).toBe(1);
  });

  test("without a checksum it still replaces nothing by half a file", async () => {
    handlers["/cut"] = cut(1000);
    await expect(download(`${base}/cut`, target(), { ...fast, retries: 1 })).rejects.toThrow(
      /could not be fetched.*\/cut: .*\(2 attempts\)/s,
    );
    expect(await files()).toEqual([]);
    await download(`${base}/good`, target());
    await expectWhole();
  });

  test("a truncated body is continued with Range by the next attempt", async () => {
    handlers["/flaky"] = (request, response) => (log.length === 1 ? cut(100_000) : good)(request, response);
    const result = await download(`${base}/flaky`, target(), { ...fast, md5 });
    await expectWhole();
    expect(log[1]?.range).toBe(`bytes=${result.resumedFrom}-`);
    expect(result.resumedFrom).toBeGreaterThan(0);
  });

  test("an interrupted download is continued by a later call, from another mirror", async () => {
    handlers["/cut"] = cut(100_000);
    await expect(download(`${base}/cut`, target(), { ...fast, sha256, retries: 0 })).rejects.toThrow(/1 attempts/);
    const [part] = await files();
    expect(part).toMatch(/^file\.bin\..*\.part$/);
    const size = (await stat(join(folder, "deep", part!))).size;
    expect(size).toBeGreaterThan(0);
    const result = await download(`${base}/good`, target(), { ...fast, sha256 });
    expect(result.resumedFrom).toBe(size);
    await expectWhole();
  });

  test("the part of a killed process is continued, that of a living one is left alone", async () => {
    handlers["/cut"] = cut(100_000);
    await expect(download(`${base}/cut`, target(), { ...fast, sha256, retries: 0 })).rejects.toThrow();
    const [released] = await files();
    const rename = async (pid: number): Promise<string> => {
      const name = released!.replace(/-0-/, `-${pid}-`);
      await writeFile(join(folder, "deep", name), body.subarray(0, 50_000));
      return name;
    };
    await rm(join(folder, "deep", released!));
    const living = await rename(process.pid);
    const killed = await rename(2 ** 22 + 1); // above the largest process number of Linux
    expect(killed).not.toBe(living);
    const result = await download(`${base}/good`, target(), { ...fast, sha256 });
    expect(result.resumedFrom).toBe(50_000);
    expect((await files()).sort()).toEqual(["file.bin", living].sort());
    // Untouched for a day, it is abandoned whoever has that process number now.
    const dayAgo = Date.now() / 1000 - 86_400;
    await utimes(join(folder, "deep", living), dayAgo, dayAgo);
    await rm(target());
    expect((await download(`${base}/good`, target(), { ...fast, sha256 })).resumedFrom).toBe(50_000);
    await expectWhole();
  });

  test("a server that ignores Range starts the file anew", async () => {
    handlers["/cut"] = cut(100_000);
    handlers["/norange"] = (_request, response) => {
      response.writeHead(200, { "content-length": body.length }).end(body);
    };
    await expect(download(`${base}/cut`, target(), { ...fast, md5, retries: 0 })).rejects.toThrow();
    const result = await download(`${base}/norange`, target(), { ...fast, md5 });
    expect(log.at(-1)?.range).toMatch(/^bytes=\d+-$/);
    expect(result.resumedFrom).toBe(0);
    await expectWhole();
  });

  test("a server that answers with another range than asked for is not believed", async () => {
    handlers["/cut"] = cut(100_000);
    handlers["/liar"] = (_request, response) => {
      response.writeHead(206, { "content-range": `bytes 5-${body.length - 1}/${body.length}` }).end(body.subarray(5));
    };
    await expect(download(`${base}/cut`, target(), { ...fast, md5, retries: 0 })).rejects.toThrow();
    const result = await download([`${base}/liar`, `${base}/good`], target(), { ...fast, md5 });
    expect(result.url).toBe(`${base}/good`);
    await expectWhole();
  });

  test("a wrong checksum is an error with both sums, and leaves nothing", async () => {
    handlers["/altered"] = altered;
    await expect(download(`${base}/altered`, target(), { ...fast, md5 })).rejects.toThrow(
      new RegExp(
        `file\\.bin could not be fetched.*/altered: .*md5 is [0-9a-f]{32}, expected ${md5}.*It was deleted`,
        "s",
      ),
    );
    expect(log.length).toBe(1);
    expect(await files()).toEqual([]);
    await expect(download(`${base}/altered`, target(), { ...fast, sha256 })).rejects.toThrow(/sha256 is/);
    expect(await files()).toEqual([]);
  });

  test("a damaged part is thrown away and the file fetched from the start, even without retries", async () => {
    handlers["/bad-half"] = (_request, response) => {
      response.writeHead(200, { "content-length": body.length });
      response.write(new Uint8Array(100_000), () => setTimeout(() => response.destroy(), 20));
    };
    const options = { ...fast, md5, retries: 0 };
    await expect(download(`${base}/bad-half`, target(), options)).rejects.toThrow();
    expect((await files()).length).toBe(1);
    const result = await download(`${base}/good`, target(), options);
    expect(result.resumedFrom).toBe(0);
    expect(log.slice(1).map((r) => r.range === undefined)).toEqual([false, true]);
    await expectWhole();
  });

  test("a part that is already whole is verified and used (416), a too long one is fetched anew", async () => {
    handlers["/cut"] = cut(100_000);
    for (const [content, resumed] of [[body, body.length], [new Uint8Array(400_000), 0]] as const) {
      await expect(download(`${base}/cut`, target(), { ...fast, md5, retries: 0 })).rejects.toThrow();
      const [part] = await files();
      await writeFile(join(folder, "deep", part!), content);
      expect((await download(`${base}/good`, target(), { ...fast, md5 })).resumedFrom).toBe(resumed);
      await expectWhole();
      await rm(target());
    }
  });

  test("404 goes to the mirror without a second attempt; 503 is tried again", async () => {
    handlers["/busy"] = (_request, response) => void response.writeHead(503).end();
    const result = await download(`${base}/none`, target(), {
      ...fast,
      md5,
      retries: 2,
      mirrors: [`${base}/busy`, `${base}/good`],
    });
    expect(result.url).toBe(`${base}/good`);
    expect(log.map((r) => r.path)).toEqual(["/none", "/busy", "/busy", "/busy", "/good"]);
    await expectWhole();
  });

  test("when all fail, the error has the reason of each", async () => {
    handlers["/altered"] = altered;
    const attempt = download([`${base}/none`, `${base}/altered`, "http://127.0.0.1:1/x"], target(), {
      ...fast,
      md5,
      retries: 0,
    });
    await expect(attempt).rejects.toThrow(
      /\/none: HTTP status 404.*\n.*\/altered: .*expected.*\n.*127\.0\.0\.1:1\/x: /,
    );
    expect(await files()).toEqual([]);
  });

  test("redirections are followed", async () => {
    handlers["/moved"] = (_request, response) => void response.writeHead(302, { location: "/good" }).end();
    await download(`${base}/moved`, target(), { ...fast, md5 });
    expect(log.map((r) => r.path)).toEqual(["/moved", "/good"]);
    await expectWhole();
  });

  test("headers go to the address's own origin alone", async () => {
    const seen: [string | undefined, string | undefined][] = [];
    const other = createServer((request, response) => {
      seen.push(["other", request.headers.authorization]);
      good(request, response);
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    try {
      handlers["/private"] = (request, response) => {
        seen.push(["own", request.headers.authorization]);
        response.writeHead(302, { location: "/again" }).end();
      };
      handlers["/again"] = (request, response) => {
        seen.push(["own again", request.headers.authorization]);
        const { port } = other.address() as AddressInfo;
        response.writeHead(307, { location: `http://127.0.0.1:${port}/storage` }).end();
      };
      await download(`${base}/private`, target(), { sha256, headers: { authorization: "Bearer secret" } });
      await expectWhole();
      expect(seen).toEqual([["own", "Bearer secret"], ["own again", "Bearer secret"], ["other", undefined]]);
    } finally {
      other.closeAllConnections?.();
      await new Promise<void>((resolve) => other.close(() => resolve()));
    }
    handlers["/file"] = (_, response) => void response.writeHead(302, { location: "file:///etc/passwd" }).end();
    await expect(download(`${base}/file`, join(folder, "no"), fast)).rejects.toThrow(/no address of http or https/);
    await expect(download("no address", join(folder, "no"), fast)).rejects.toThrow(/it is no address/);
  });

  test("Git's name of the content is compared, and suffices to resume", async () => {
    const gitBlob = createHash("sha1").update(`blob ${body.length}\0`).update(body).digest("hex");
    handlers["/flaky"] = (request, response) => (log.length === 1 ? cut(100_000) : good)(request, response);
    const { resumedFrom } = await download(`${base}/flaky`, target(), { ...fast, gitBlob });
    expect(resumedFrom).toBeGreaterThan(0);
    await expectWhole();
    handlers["/altered"] = altered;
    const elsewhere = join(folder, "altered");
    await expect(download(`${base}/altered`, elsewhere, { ...fast, gitBlob })).rejects.toThrow(
      /its gitBlob is .*expected/,
    );
  });

  test("redirections that lead in a circle end, and what comes in pieces must come whole", async () => {
    handlers["/circle"] = (_request, response) => void response.writeHead(302, { location: "/circle" }).end();
    handlers["/pieces"] = (_request, response) => {
      response.writeHead(200);
      response.write(body.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
    };
    for (const path of ["/circle", "/pieces"]) {
      await expect(download(`${base}${path}`, target(), { ...fast, retries: 0 })).rejects.toThrow(
        new RegExp(`could not be fetched.*${path}: `, "s"),
      );
    }
    expect(await files()).toEqual([]);
    await expect(download(`${base}/good`, target(), { size: -1 })).rejects.toThrow(
      "size must be a number of bytes, got -1",
    );
  });

  test("a silent server runs into the timeout", async () => {
    handlers["/silent"] = () => {};
    handlers["/stalls"] = (_request, response) => {
      response.writeHead(200, { "content-length": body.length });
      response.write(body.subarray(0, 1000));
    };
    const options = { md5, timeout: 200, retries: 0 };
    await expect(download(`${base}/silent`, target(), options)).rejects.toThrow(/no data arrived for 200 ms/);
    await expect(download(`${base}/stalls`, target(), options)).rejects.toThrow(/no data arrived for 200 ms/);
    await expect(stat(target())).rejects.toThrow();
  });

  test("more bytes than expected are not taken", async () => {
    handlers["/endless"] = (_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(body), 1);
      response.on("close", () => clearInterval(timer));
    };
    const attempt = download(`${base}/endless`, target(), { ...fast, size: body.length });
    await expect(attempt).rejects.toThrow(/sends more than the 300000 bytes/);
    await expect(download(`${base}/good`, target(), { ...fast, size: 5 })).rejects.toThrow(
      /has 300000 bytes, expected 5/,
    );
    expect(await files()).toEqual([]);
  });

  test("a damaged file at the destination is replaced by a good one, and kept when there is none", async () => {
    await download(`${base}/good`, target());
    await writeFile(target(), body.subarray(0, 7));
    await expect(download(`${base}/none`, target(), { ...fast, md5 })).rejects.toThrow(/404/);
    expect((await stat(target())).size).toBe(7);
    await download(`${base}/good`, target(), { ...fast, md5 });
    await expectWhole();
  });

  test("ten downloads of one file at once all end well", async () => {
    const all = Array.from({ length: 10 }, () => download(`${base}/good`, target(), { ...fast, md5 }));
    expect((await Promise.all(all)).every((r) => r.bytes === body.length)).toBe(true);
    await expectWhole();
  });

  test("an abort stops it with the signal's reason, and what came can be continued", async () => {
    const controller = new AbortController();
    handlers["/slow"] = (_request, response) => {
      response.writeHead(200, { "content-length": body.length });
      response.write(body.subarray(0, 50_000));
    };
    const attempt = download(`${base}/slow`, target(), {
      ...fast,
      md5,
      signal: controller.signal,
      onProgress: ({ received }) => {
        if (received === 50_000) controller.abort(new Error("the user left"));
      },
    });
    await expect(attempt).rejects.toThrow("the user left");
    expect((await download(`${base}/good`, target(), { ...fast, md5 })).resumedFrom).toBe(50_000);
    await expectWhole();
    await expect(download(`${base}/good`, target(), { signal: controller.signal })).rejects.toThrow("the user left");
  });

  test("bad arguments are named", async () => {
    await expect(download(`${base}/good`, target(), { md5: "abc" })).rejects.toThrow(/md5 must be 32 hex.*"abc"/);
    await expect(download([], target())).rejects.toThrow(/no address/);
    await expect(download(`${base}/good`, target(), { retries: -1 })).rejects.toThrow(/retries.*-1/);
    await expect(download(`${base}/good`, target(), { hash: md5 } as object)).rejects.toThrow(/unknown option "hash"/);
    expect(log).toEqual([]);
  });
});
