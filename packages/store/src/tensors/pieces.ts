/** Reads tensors from their places in sources: sorted, in large pieces, the next one while the last one is copied. */
import { crc32 } from "@heddle/tensor/engine";
import { type Device, type DType, empty, fromTypedArray, itemSize, type Tensor } from "@heddle/tensor";
import type { ByteSource } from "../files/byte_source.ts";
import { type Fail, shortened } from "../errors.ts";
import type { Elements } from "./elements.ts";

/** A tensor's place in a source. The range is within the source, and its length fits the shape. */
export interface Piece {
  readonly name: string;
  readonly source: ByteSource;
  readonly from: number;
  readonly bytes: number;
  readonly elements: Elements;
  readonly shape: readonly number[];
  /** The checksum of the bytes, where the format has one and it is compared. */
  readonly crc: number | null;
  /** The checksum of the bytes before, where both have one; 0 by default. */
  readonly crcBefore?: number;
  readonly fail: Fail;
}

/** A piece as a tensor of its name. */
export function allOf(piece: Piece): { name: string; piece: Piece; geometry: null } {
  return { name: piece.name, piece, geometry: null };
}

/** Bytes that are read at once. They stay in the processor's cache while they are copied. */
const CHUNK = 1 << 20;
/** Bytes between two tensors that are read and dropped, rather than in another call. */
const GAP = 1 << 16;

/** The tensors of the pieces, in their order. On an error none stays. */
export async function readPieces(pieces: readonly Piece[], device: Device | string): Promise<Tensor[]> {
  const readings = pieces.map((piece) => new Reading(piece, device));
  try {
    const sources = new Map<ByteSource, Reading[]>();
    for (const reading of readings) {
      const group = sources.get(reading.piece.source);
      if (group === undefined) sources.set(reading.piece.source, [reading]);
      else group.push(reading);
    }
    for (const [source, group] of sources) {
      await readRanges(
        source,
        group.sort((a, b) => a.from - b.from || a.to - b.to),
      );
    }
    return readings.map((reading) => reading.finish());
  } catch (error) {
    for (const reading of readings) reading.abort();
    throw error;
  }
}

/** A piece that is being read, and the tensor that it becomes. */
class Reading {
  readonly piece: Piece;
  readonly from: number;
  readonly to: number;
  private readonly device: Device | string;
  private tensor: Tensor | null = null;
  /** The bytes, if they are converted as a whole. */
  private whole: Uint8Array<ArrayBuffer> | null = null;
  private at = 0;
  private sum: number;

  constructor(piece: Piece, device: Device | string) {
    this.piece = piece;
    this.from = piece.from;
    this.to = piece.from + piece.bytes;
    this.device = device;
    this.sum = piece.crcBefore ?? 0;
  }

  /** Takes the next bytes. */
  put(bytes: Uint8Array<ArrayBuffer>): void {
    const { name, elements: { dtype, convert }, crc, fail } = this.piece;
    if (convert !== null) (this.whole ??= new Uint8Array(this.piece.bytes)).set(bytes, this.at);
    else {
      if (dtype === "bool" && bytes.some((byte) => byte > 1)) {
        fail(`${shortened(name)} is bool and has bytes that are neither 0 nor 1`);
      }
      (this.tensor ??= this.make()).storage.write(this.at, bytes);
    }
    this.at += bytes.length;
    // After copying, which brings the bytes into the processor's cache faster: together they take two thirds of the time.
    if (crc !== null) this.sum = crc32(bytes, this.sum);
  }

  finish(): Tensor {
    const { name, crc, fail } = this.piece;
    if (crc !== null && this.sum !== crc) fail(`the checksum of ${shortened(name)} does not match its bytes`);
    return this.tensor ??= this.make();
  }

  abort(): void {
    this.tensor?.dispose();
  }

  private make(): Tensor {
    const { name, elements: { dtype, convert }, fail } = this.piece;
    const shape = [...this.piece.shape], options = { dtype, device: this.device };
    if (convert === null) return empty(shape, options);
    let values: ReturnType<typeof convert>;
    try {
      values = convert(this.whole ?? new Uint8Array(0), name);
    } catch (error) {
      return fail((error as Error).message);
    }
    return fromTypedArray(values, shape, options);
  }
}

/** Reads sorted ranges. Ranges may overlap, but each is read from its start to its end. */
async function readRanges(source: ByteSource, ranges: readonly Reading[]): Promise<void> {
  const chunks = chunksOf(ranges);
  const spaces = [new Uint8Array(0), new Uint8Array(0)];
  const read = (number: number): Promise<Uint8Array<ArrayBuffer>> | null => {
    const chunk = chunks[number];
    if (chunk === undefined) return null;
    if (source.path !== null && spaces[number % 2]!.length === 0) spaces[number % 2] = new Uint8Array(CHUNK);
    const reading = source.read(chunk.from, chunk.to - chunk.from, spaces[number % 2]!);
    reading.catch(() => {}); // It is awaited later, unless copying fails before.
    return reading;
  };
  let next = read(0), first = 0;
  for (let number = 0; next !== null; number++) {
    const bytes = await next, { from, to } = chunks[number]!;
    next = read(number + 1);
    try {
      while (first < ranges.length && ranges[first]!.to <= from) first++;
      for (let i = first; i < ranges.length && ranges[i]!.from < to; i++) {
        const start = Math.max(ranges[i]!.from, from), end = Math.min(ranges[i]!.to, to);
        if (start < end) ranges[i]!.put(bytes.subarray(start - from, end - from));
      }
    } catch (error) {
      await next?.catch(() => {}); // so that nothing reads any more when the source is closed
      throw error;
    }
  }
}

/** What is read at once: together the ranges, without large gaps. */
function chunksOf(ranges: readonly Reading[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const { from, to } of ranges) {
    if (from === to) continue;
    const last = runs.at(-1);
    if (last !== undefined && from - last.to <= GAP) last.to = Math.max(last.to, to);
    else runs.push({ from, to });
  }
  const chunks: { from: number; to: number }[] = [];
  for (const run of runs) {
    for (let from = run.from; from < run.to; from += CHUNK) chunks.push({ from, to: Math.min(from + CHUNK, run.to) });
  }
  return chunks;
}

/** Bytes that are taken from a tensor at once. */
const TAKEN = 1 << 23;

/**
 * The bytes of a tensor as files have them: row-major, little-endian, float16 and bfloat16 as bits. It waits for devices whose memory
 * cannot be read at once.
 */
export async function* tensorBytes(tensor: Tensor): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const detached = tensor.detach(), packed = detached.contiguous();
  try {
    const { device: { backend }, storage, storageOffset, numel, dtype } = packed;
    const start = storageOffset * itemSize(dtype), bytes = numel * itemSize(dtype);
    for (let at = 0; at < bytes; at += TAKEN) {
      const length = Math.min(TAKEN, bytes - at);
      yield backend.readsSynchronously
        ? backend.read(storage.buffer, start + at, length)
        : await backend.readAsync(storage.buffer, start + at, length);
    }
  } finally {
    packed.dispose();
    detached.dispose();
  }
}

/** The number of bytes that {@link tensorBytes} yields. */
export function bytesOf(tensor: { readonly numel: number; readonly dtype: DType }): number {
  return tensor.numel * itemSize(tensor.dtype);
}
