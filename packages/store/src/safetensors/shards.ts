/**
 * Checkpoints in several files, as Hugging Face publishes large ones: `model-00001-of-00002.safetensors` and so on, and
 * `model.safetensors.index.json`, which names the file of each tensor.
 */
import { allOf, bytesOf, type Piece } from "../tensors/pieces.ts";
import { AtomicFile, removeFiles } from "../files/byte_target.ts";
import { type ByteSource, openSource } from "../files/byte_source.ts";
import { node } from "../files/node.ts";
import type { OpenedFile, OpenOptions } from "../formats/format.ts";
import { type Fail, failing, shortened } from "../errors.ts";
import { checkStateDict } from "../state/state.ts";
import { CHECKSUMS, MOST_HEADER_BYTES } from "./format.ts";
import { parseObject, readSafetensors, REWRITTEN } from "./read.ts";
import { checkContent, type SafetensorsContent, writeSafetensors } from "./write.ts";

/** The end of the index's name. */
const INDEX = ".index.json";

/**
 * Writes tensors to files of at most `maxShardBytes` each, as far as single tensors are not larger, and the index beside them; to one
 * file, without an index, if they fit. The files of a checkpoint that was there before are removed.
 */
export async function saveShards(
  path: string,
  state: unknown,
  metadata: Readonly<Record<string, string>>,
  maxShardBytes: number,
): Promise<void> {
  const tensors = checkStateDict("save", state, "safetensors with maxShardBytes");
  checkContent("save", { tensors, metadata });
  const shards = shardsOf({ tensors, metadata }, maxShardBytes);
  const files: AtomicFile[] = [];
  const open = (name: string): AtomicFile => {
    const file = new AtomicFile(name);
    files.push(file);
    return file;
  };
  try {
    if (shards.length === 1) {
      await writeSafetensors(open(path), shards[0]!);
    } else {
      const sums: [string, string][] = [], places: [string, string][] = [];
      for (const [i, shard] of shards.entries()) {
        const name = shardPath(path, i, shards.length), file = open(name);
        sums.push([node.path.basename(name), await writeSafetensors(file, shard)]);
        file.finish();
        for (const tensor of Object.keys(shard.tensors)) places.push([tensor, node.path.basename(name)]);
      }
      const total_size = Object.values(tensors).reduce((sum, tensor) => sum + bytesOf(tensor), 0);
      const index = {
        metadata: { total_size, [CHECKSUMS]: Object.fromEntries(sums) },
        weight_map: Object.fromEntries(places),
      };
      open(`${path}${INDEX}`).write(new TextEncoder().encode(`${JSON.stringify(index, null, 2)}\n`));
    }
    const before = filesBefore(path);
    for (const file of files) file.commit(); // the index last
    const written = new Set(files.map((file) => file.path));
    removeFiles(before.filter((name) => !written.has(name)));
  } catch (error) {
    for (const file of files) file.abort();
    throw error;
  }
}

function shardsOf({ tensors, metadata }: SafetensorsContent, most: number): SafetensorsContent[] {
  const shards: Record<string, SafetensorsContent["tensors"][string]>[] = [{}];
  let used = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const bytes = bytesOf(tensor);
    if (used > 0 && used + bytes > most) {
      shards.push({});
      used = 0;
    }
    shards.at(-1)![name] = tensor;
    used += bytes;
  }
  return shards.map((shard) => ({ tensors: shard, metadata }));
}

function shardPath(path: string, index: number, count: number): string {
  const number = (n: number): string => String(n).padStart(5, "0");
  return `${path.replace(/\.safetensors$/i, "")}-${number(index + 1)}-of-${number(count)}.safetensors`;
}

/**
 * The files that a checkpoint at this path has now, which another save leaves outdated: the file, the index first of all, and the files
 * that the index names, as far as their names are those of this path's shards.
 */
export function filesBefore(path: string): string[] {
  if (!/\.safetensors$/i.test(path)) return [];
  const index = `${path}${INDEX}`, stem = node.path.basename(path).replace(/\.safetensors$/i, "");
  let named: unknown[] = [];
  try {
    const { weight_map } = JSON.parse(node.fs.readFileSync(index, "utf8")) as { weight_map: object };
    named = Object.values(weight_map);
  } catch {
    // There is no index, or one that load refuses.
  }
  const shards = [...new Set(named)].filter((name): name is string =>
    typeof name === "string" && name.replace(/-\d{5,}-of-\d{5,}\.safetensors$/, "") === stem
  );
  return [index, path, ...shards.map((name) => shardBeside(path, name))];
}

/** The index of the path's shards, if there is one. */
export function indexOf(path: string): string | null {
  const index = `${path}${INDEX}`;
  return /\.safetensors$/i.test(path) && node.fs.existsSync(index) ? index : null;
}

/** The path of a shard in the folder of the checkpoint, written as the paths that are saved to are. */
function shardBeside(path: string, name: string): string {
  return `${path.slice(0, path.length - node.path.basename(path).length)}${name}`;
}

/** Whether a source is an index rather than a file of tensors. */
export async function isIndex(source: ByteSource): Promise<boolean> {
  const start = await source.read(0, Math.min(source.size, 9));
  // A file of tensors has the length of its header here, of which the last bytes are zeros.
  return start[0] === 0x7b && !(start[8] === 0x7b && start[7] === 0);
}

/** Opens the index and the files that it names. */
export async function openShards(source: ByteSource, { operation, verify }: OpenOptions): Promise<OpenedFile> {
  const fail = failing(operation, source.name, "safetensors (index)");
  if (source.size > MOST_HEADER_BYTES) fail(`an index of ${source.size} bytes`);
  const index = parseObject(await source.read(0, source.size), "index", fail);
  const { metadata, weight_map: places } = index as { metadata?: Record<string, unknown>; weight_map?: unknown };
  if (
    typeof places !== "object" || places === null || !Object.values(places).every((name) => typeof name === "string")
  ) {
    return fail('there is no record of strings "weight_map"');
  }
  if (Object.hasOwn(places, "__proto__")) fail('the index has the name "__proto__"');
  if (source.path === null) {
    throw new TypeError(
      `${operation}: ${source.name} names other files, which only a path leads to; load each of them, and merge the tensors: ` +
        "{ ...await load(first), ...await load(second) }",
    );
  }
  const folder = node.path.dirname(source.path);
  const sums = metadata?.[CHECKSUMS] as Record<string, unknown> | undefined;
  const shards = new Map<string, Map<string, Piece>>();
  const sources: ByteSource[] = [], pieces: Piece[] = [];
  let about: Readonly<Record<string, string>> = {};
  try {
    for (const [tensor, name] of Object.entries(places as Record<string, string>)) {
      let shard = shards.get(name);
      if (shard === undefined) {
        checkFileName(name, fail);
        const opened = await openSource(node.path.join(folder, name), operation);
        sources.push(opened);
        const header = await readSafetensors(opened, operation, verify);
        const sum = typeof sums === "object" && sums !== null && Object.hasOwn(sums, name) ? sums[name] : undefined;
        if (verify && sum !== undefined && sum !== header.checksum) {
          fail(`${shortened(name)} is of another checkpoint than the index (${REWRITTEN})`);
        }
        shard = new Map(header.pieces.map((piece) => [piece.name, piece]));
        shards.set(name, shard);
        about = { ...about, ...header.metadata };
      }
      pieces.push(shard.get(tensor) ?? fail(`${shortened(name)} does not have the tensor ${shortened(tensor)}`));
    }
  } catch (error) {
    for (const each of sources) await each.close();
    throw error;
  }
  const { [CHECKSUMS]: _, ...words } = about;
  return { metadata: words, tensors: pieces.map(allOf), sources };
}

/** Files lie beside the index: a name that leads elsewhere is refused. */
function checkFileName(name: string, fail: Fail): void {
  // deno-lint-ignore no-control-regex
  if (name === "" || name === "." || name === ".." || /[/\\:\0]/.test(name)) {
    fail(`${shortened(name)} is no name of a file beside it`);
  }
}
