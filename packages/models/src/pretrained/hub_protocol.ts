/** What a hub says about a file, as Hugging Face's does: the commit, the size and a checksum in headers. */
import type { AbortSignalLike } from "@heddle/data";

/** What is known of a file before it is fetched. */
export interface FileDescription {
  /** The commit that the revision is; null for a server without commits. */
  readonly commit: string | null;
  /** Options of `download` that verify the file. */
  readonly expected: { readonly size?: number; readonly sha256?: string; readonly gitBlob?: string };
}

/** A server that cannot be reached, or fails. */
export class Unreachable extends Error {
  override readonly name: string = "Unreachable";
}

/** What a request depends on. */
export interface RequestOptions {
  readonly token?: string;
  readonly signal?: AbortSignalLike;
  readonly retries?: number;
  readonly retryDelay?: number;
  readonly timeout?: number;
}

const MOST_REDIRECTS = 10;

/**
 * Asks a server about a file; null if there is none. Redirections within the server are followed; what it says before it redirects to
 * another one, which stores the bytes, is what counts.
 *
 * @throws Unreachable when the server cannot be reached or fails, also after further attempts; Error when it refuses.
 */
export async function describeFile(address: string, options: RequestOptions): Promise<FileDescription | null> {
  const { retries = 3, retryDelay = 500, signal } = options;
  for (let attempt = 0;; attempt++) {
    try {
      return await ask(address, options);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Unreachable) || attempt >= retries) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, retryDelay * 2 ** attempt));
    signal?.throwIfAborted();
  }
}

async function ask(address: string, options: RequestOptions): Promise<FileDescription | null> {
  const { origin } = new URL(address);
  for (let at = address, count = 0; count <= MOST_REDIRECTS; count++) {
    const response = await request(at, options);
    const { status, headers } = response;
    await response.body?.cancel();
    const location = headers.get("location");
    const leads = status >= 300 && status < 400 && location !== null && URL.canParse(location, at);
    const next = leads ? new URL(location, at) : null;
    // A file that another server stores: its size and checksum come with the redirection.
    if (next !== null && next.origin === origin && headers.get("x-linked-etag") === null) {
      at = next.href;
      continue;
    }
    if (next === null && status !== 200) return refuse(address, response, options);
    return description(headers, next === null);
  }
  throw new Error(`fromPretrained: ${address} redirects more than ${MOST_REDIRECTS} times`);
}

async function request(address: string, options: RequestOptions): Promise<Response> {
  const { token, signal, timeout = 30_000 } = options;
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, timeout);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await fetch(address, {
      method: "HEAD",
      // Compressed in transit, the size would not be that of the file.
      headers: {
        "accept-encoding": "identity",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      redirect: "manual",
      signal: controller.signal,
    });
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Unreachable(
      `fromPretrained: ${address} cannot be reached: ${message}${cause instanceof Error ? ` (${cause.message})` : ""}`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Null for a file that is not there. @throws for everything else */
function refuse(address: string, { status, headers }: Response, { token }: RequestOptions): null | FileDescription {
  if (status === 404 && headers.get("x-error-code") !== "RevisionNotFound") return null;
  // Servers that do not answer such requests may still have the file.
  if (status === 405 || status === 501) return { commit: null, expected: {} };
  const reason = headers.get("x-error-message")?.slice(0, 300) ?? "";
  const text = `fromPretrained: ${address} has the status ${status}${reason === "" ? "" : `: ${reason}`}`;
  if (status >= 500 || status === 408 || status === 429) throw new Unreachable(text);
  if (status !== 401 && status !== 403) throw new Error(text);
  throw new Error(
    `${text}; ${
      token === undefined
        ? "there is none of this name, or it is private: give { token }"
        : "the token does not give access to it"
    }`,
  );
}

/** @param isFile whether the response is that of the file itself, rather than of a redirection to it */
function description(headers: Headers, isFile: boolean): FileDescription {
  const commit = headers.get("x-repo-commit");
  const etag = (headers.get("x-linked-etag") ?? (isFile ? headers.get("etag") : null) ?? "")
    .replace(/^W\//, "").replace(/^"(.*)"$/, "$1").toLowerCase();
  const length = headers.get("x-linked-size") ?? (isFile ? headers.get("content-length") : null);
  const size = length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  return {
    commit: commit !== null && /^[0-9a-f]{7,64}$/.test(commit) ? commit : null,
    expected: {
      ...(size === undefined ? {} : { size }),
      ...(/^[0-9a-f]{64}$/.test(etag) ? { sha256: etag } : {}),
      // Small files are not stored elsewhere; their tag is that of Git. Other servers' tags may have the same form.
      ...(commit !== null && /^[0-9a-f]{40}$/.test(etag) ? { gitBlob: etag } : {}),
    },
  };
}
