/** Writes zip archives of files that are stored as they are. */
import type { ByteTarget } from "../files/byte_target.ts";

/** A file to write: its bytes come in pieces. */
export interface ArchivedFile {
  readonly name: string;
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Writes the files in their order. The same files give the same bytes. */
export async function writeArchive(target: ByteTarget, files: Iterable<ArchivedFile>): Promise<void> {
  const { ZipWriter } = await import("@zip.js/zip.js");
  const writable = new WritableStream<Uint8Array>({ write: (bytes) => target.write(bytes) });
  const writer = new ZipWriter(writable, {
    level: 0,
    useWebWorkers: false,
    extendedTimestamp: false,
    lastModDate: new Date(1980, 0, 1),
  });
  for (const { name, content } of files) await writer.add(name, streamOf(content));
  await writer.close();
}

function streamOf(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const parts = Symbol.asyncIterator in content ? content[Symbol.asyncIterator]() : content[Symbol.iterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await parts.return?.();
    },
  }, { highWaterMark: 0 });
}
