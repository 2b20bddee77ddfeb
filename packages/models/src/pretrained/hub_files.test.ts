/** Downloads from a local server that behaves like Hugging Face's, and from one that does not. */
import { manualSeed, tensor } from "@heddle/tensor";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fromPretrained, GPT2LMHeadModel, type PretrainedOptions, savePretrained } from "../mod.ts";
import { isRepository } from "./hub_files.ts";
import { webFiles } from "./model_files.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
interface Seen {
  method: string;
  path: string;
  range: string | undefined;
  token: string | undefined;
}

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const model = (() => {
  manualSeed(5);
  return new GPT2LMHeadModel({ vocab_size: 300, n_positions: 24, n_embd: 32, n_layer: 2, n_head: 2 }).eval();
})();

/** The hub, and the storage that it redirects to for large files. */
let hub: Server, storage: Server;
let base = "", storageBase = "", cache = "";
let log: Seen[] = [], stored: Seen[] = [];
/** Paths with a behaviour of their own. */
let special: Record<string, Handler> = {};
let commit: string | null = COMMIT;
const files = new Map<string, Uint8Array>();

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const gitBlob = (bytes: Uint8Array): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

function send(
  bytes: Uint8Array,
  request: IncomingMessage,
  response: ServerResponse,
  headers: Record<string, string>,
): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  if (from > 0) headers["content-range"] = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(from > 0 ? 206 : 200, { ...headers, "content-length": String(bytes.length - from) });
  response.end(request.method === "HEAD" ? undefined : bytes.subarray(from));
}

/** Promises the whole of a file, sends its beginning and hangs up. */
const cut = (bytes: Uint8Array, count: number): Handler => (_, response) => {
  response.writeHead(200, { "content-length": String(bytes.length) });
  response.write(bytes.subarray(0, count), () => setTimeout(() => response.destroy(), 20));
};

const serve: Handler = (request, response) => {
  const [, name] = /^\/org\/tiny\/resolve\/[^/]+\/(.*)$/.exec(request.url ?? "") ?? [];
  const bytes = files.get(name ?? "");
  if (bytes === undefined) return void response.writeHead(404, { "x-error-code": "EntryNotFound" }).end();
  const headers: Record<string, string> = commit === null ? {} : { "x-repo-commit": commit };
  if (name!.endsWith(".safetensors")) {
    return void response.writeHead(302, {
      ...headers,
      location: `${storageBase}/${name}?signed`,
      "x-linked-etag": `"${sha256(bytes)}"`,
      "x-linked-size": String(bytes.length),
    }).end();
  }
  send(bytes, request, response, { ...headers, etag: `"${gitBlob(bytes)}"` });
};

async function listen(seen: () => Seen[], answer: Handler): Promise<[Server, string]> {
  const server = createServer((request, response) => {
    const { method = "", url: path = "", headers } = request;
    seen().push({ method, path, range: headers.range, token: headers.authorization });
    (special[path] ?? answer)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return [server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
}

beforeAll(async () => {
  [hub, base] = await listen(() => log, (request, response) => serve(request, response));
  [storage, storageBase] = await listen(() => stored, (request, response) => {
    send(files.get(/^\/(.*)\?signed$/.exec(request.url ?? "")?.[1] ?? "")!, request, response, {});
  });
  const folder = await mkdtemp(join(tmpdir(), "heddle-hub-"));
  model.generationConfig = { max_new_tokens: 3 };
  await savePretrained(model, folder);
  for (const name of await readdir(folder)) files.set(name, await readFile(join(folder, name)));
  await rm(folder, { recursive: true });
});
afterAll(async () => {
  for (const server of [hub, storage]) {
    server.closeAllConnections?.();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "heddle-hub-cache-"));
  [log, stored, special, commit] = [[], [], {}, COMMIT];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

const weights = (): Uint8Array => files.get("model.safetensors")!;
const options = (): PretrainedOptions<GPT2LMHeadModel> => ({
  architecture: GPT2LMHeadModel,
  baseUrl: base,
  cacheDir: cache,
  retryDelay: 1,
  retries: 1,
  timeout: 5_000,
});
const load = (more: PretrainedOptions<GPT2LMHeadModel> = {}) => fromPretrained("org/tiny", { ...options(), ...more });

function expectEqual(found: GPT2LMHeadModel): void {
  const ids = tensor([[1, 2, 3]], { dtype: "int32" });
  expect(found.forward(ids).equal(model.forward(ids))).toBe(true);
}

describe("a repository", () => {
  test("is fetched once, at the commit of the revision; then one request suffices for each missing or known file", async () => {
    const { model: found, folder, generationConfig } = await load();
    expectEqual(found);
    expect(generationConfig).toEqual({ max_new_tokens: 3 });
    expect(folder!.startsWith(cache)).toBe(true);
    expect((await readdir(folder!)).sort()).toEqual(["config.json", "generation_config.json", "model.safetensors"]);
    // The commit is what is asked for after the first request.
    expect(log[0]!.path).toBe("/org/tiny/resolve/main/config.json");
    expect(log.slice(1).every(({ path }) => path.startsWith(`/org/tiny/resolve/${COMMIT}/`))).toBe(true);
    expect(stored.map(({ method }) => method)).toEqual(["GET"]);

    log = [];
    expectEqual((await load()).model);
    expect(log.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "HEAD /org/tiny/resolve/main/config.json",
      `HEAD /org/tiny/resolve/${COMMIT}/tokenizer.json`,
    ]);
    expect(stored.length).toBe(1);
  });

  test("a new commit is another folder, and the old one stays", async () => {
    const { folder } = await load();
    commit = "f".repeat(40);
    const { folder: next } = await load();
    expect(next).not.toBe(folder);
    expect(await readdir(folder!)).toEqual(await readdir(next!));
    const { folder: old } = await load({ revision: COMMIT, offline: true });
    expect(old).toBe(folder);
  });

  test("offline uses the cache, and so does a hub that is out of order", async () => {
    await expect(load({ offline: true })).rejects.toThrow(/org\/tiny at main is not in the cache.*fetch it once/);
    await load();
    log = [];
    expectEqual((await load({ offline: true })).model);
    expect(log).toEqual([]);
    special["/org/tiny/resolve/main/config.json"] = (_, response) => void response.writeHead(503).end();
    expectEqual((await load()).model);
    expectEqual((await load({ baseUrl: base })).model);
    // Another hub is another cache.
    await expect(load({ baseUrl: "http://127.0.0.1:1", retries: 0 })).rejects.toThrow(/cannot be reached/);
  });

  test("the environment names the hub and the cache", async () => {
    vi.stubEnv("HEDDLE_HUB", base);
    vi.stubEnv("HEDDLE_DATA", cache);
    const { folder } = await fromPretrained("org/tiny");
    expect(folder!.startsWith(join(cache, "models"))).toBe(true);
  });

  test("a full address is a repository too", async () => {
    expectEqual((await fromPretrained(`${base}/org/tiny`, options())).model);
    expectEqual((await fromPretrained(new URL(`${base}/org/tiny/`), options())).model);
  });
});

describe("a server that fails", () => {
  const path = "/model.safetensors?signed";

  test("in the middle of a file: the next attempt, or the next call, continues there", async () => {
    special[path] = cut(weights(), 20_000);
    await expect(load({ retries: 0 })).rejects.toThrow(/model.safetensors could not be fetched/);
    delete special[path];
    stored = [];
    expectEqual((await load()).model);
    expect(stored.map(({ range }) => range)).toEqual(["bytes=20000-"]);
  });

  test("by other bytes, or fewer or more than it said: refused, and nothing is left", async () => {
    const wrong = Uint8Array.from(weights());
    wrong[wrong.length - 5]! ^= 1;
    for (
      const [handler, message] of [
        [(request, response) => send(wrong, request, response, {}), /its sha256 is/],
        [
          (request, response) => send(weights().subarray(0, 1000), request, response, {}),
          /the server has 1000 bytes, expected/,
        ],
        [(_, response) => void response.writeHead(200).end(Buffer.concat([weights(), weights()])), /sends more than/],
      ] as [Handler, RegExp][]
    ) {
      special[path] = handler;
      await expect(load()).rejects.toThrow(message);
      const [place] = await readdir(join(cache, new URL(base).host.replace(":", "_3A"), "org--tiny", "snapshots"));
      const left = await readdir(join(cache, new URL(base).host.replace(":", "_3A"), "org--tiny", "snapshots", place!));
      expect(left.filter((name) => name === "model.safetensors")).toEqual([]);
    }
    delete special[path];
    expectEqual((await load()).model);
  });

  test("small files are compared too", async () => {
    const config = files.get("config.json")!;
    special[`/org/tiny/resolve/${COMMIT}/config.json`] = (request, response) =>
      request.method === "HEAD"
        ? serve(request, response)
        : send(Buffer.from(config.toString().replace('"n_head": 2', '"n_head": 4')), request, response, {});
    await expect(load()).rejects.toThrow(/its gitBlob is/);
  });

  test("by refusing: the reason, and what helps", async () => {
    const at = "/org/tiny/resolve/main/config.json";
    special[at] = (_, response) => void response.writeHead(401, { "x-error-message": "Access is restricted" }).end();
    await expect(load()).rejects.toThrow(
      /status 401: Access is restricted; there is none of this name, or it is private: give \{ token \}/,
    );
    await expect(load({ token: "t" })).rejects.toThrow(/the token does not give access/);
    special[at] = (_, response) => void response.writeHead(404).end();
    await expect(load()).rejects.toThrow(/is org\/tiny the name of a model, and main one of its revisions/);
    special[at] = (_, response) => void response.writeHead(302, { location: at }).end();
    await expect(load()).rejects.toThrow(/redirects more than 10 times/);
    special[at] = (request) => void request.socket.destroy();
    await expect(load()).rejects.toThrow(/cannot be reached/);
  });

  test("by a commit that is none: it is no path", async () => {
    commit = "../../../../escape";
    const { folder } = await load();
    expect(folder!.startsWith(join(cache, ""))).toBe(true);
    expect(folder!.endsWith(join("snapshots", "main"))).toBe(true);
    expectEqual((await load({ offline: true })).model);
  });
});

test("a token goes to the hub alone, also where that redirects within itself", async () => {
  special["/org/tiny/resolve/main/config.json"] = (_, response) =>
    void response.writeHead(307, { location: "/org/tiny/resolve/renamed/config.json" }).end();
  await load({ token: "secret" });
  expect(log.every(({ token }) => token === "Bearer secret")).toBe(true);
  expect(stored.map(({ token }) => token)).toEqual([undefined]);
});

test("several at once do not disturb each other", async () => {
  const found = await Promise.all(Array.from({ length: 4 }, () => load()));
  for (const { model } of found) expectEqual(model);
  expect((await readdir(found[0]!.folder!)).sort()).toEqual([
    "config.json",
    "generation_config.json",
    "model.safetensors",
  ]);
});

test("a folder on a plain server, without commits and checksums", async () => {
  const plain: Handler = (request, response) => {
    const bytes = files.get((request.url ?? "").split("/").at(-1)!);
    if (bytes === undefined) response.writeHead(404).end();
    else if (request.method === "HEAD") response.writeHead(405).end();
    else response.writeHead(200).end(bytes);
  };
  for (const name of [...files.keys(), "tokenizer.json"]) special[`/shelf/models/mine/${name}`] = plain;
  const address = `${base}/shelf/models/mine/`;
  expectEqual((await fromPretrained(address, options())).model);
  expectEqual((await fromPretrained(address, { ...options(), offline: true })).model);
});

test("without a disk, files are fetched each time", async () => {
  for (const name of files.keys()) {
    special[`/web/${name}`] = (_, response) => void response.writeHead(200).end(files.get(name));
  }
  const there = webFiles(`${base}/web`, {});
  expect(await (await there.open("config.json") as Response).json()).toMatchObject({ n_embd: 32 });
  expect(await there.open("tokenizer.json")).toBe(null);
  await expect(there.open("../secret")).rejects.toThrow(/is no name of a file/);
});

test("names of repositories, and revisions", async () => {
  for (const name of ["gpt2", "org/name", "a.b/c-d_e"]) expect(isRepository(name), name).toBe(true);
  for (const name of ["", "..", "../x", "a/b/c", "a/..", "a/.b", "/a", "a b", "a\\b"]) {
    expect(isRepository(name), name).toBe(false);
  }
  for (const revision of ["../main", "a/../b", "", "-x"]) {
    await expect(load({ revision })).rejects.toThrow(/is no revision/);
  }
  await expect(load({ baseUrl: "hub" })).rejects.toThrow(/address "hub" is none/);
});

test("a stopped download rejects with the reason", async () => {
  const controller = new AbortController();
  special["/org/tiny/resolve/main/config.json"] = () => controller.abort(new Error("enough"));
  await expect(load({ signal: controller.signal })).rejects.toThrow("enough");
});
