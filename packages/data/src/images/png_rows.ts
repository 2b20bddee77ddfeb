import type { PngChunks, PngHeader } from "./png_chunks.ts";
import type { Pixels } from "./pixels.ts";

/** One of the smaller pictures that an interlaced one consists of: its first column and row, and the steps to the next. */
interface Pass {
  readonly left: number;
  readonly top: number;
  readonly across: number;
  readonly down: number;
}

const WHOLE: readonly Pass[] = [{ left: 0, top: 0, across: 1, down: 1 }];
const ADAM7: readonly Pass[] = [
  { left: 0, top: 0, across: 8, down: 8 },
  { left: 4, top: 0, across: 8, down: 8 },
  { left: 0, top: 4, across: 4, down: 8 },
  { left: 2, top: 0, across: 4, down: 4 },
  { left: 0, top: 2, across: 2, down: 4 },
  { left: 1, top: 0, across: 2, down: 2 },
  { left: 0, top: 1, across: 1, down: 2 },
];

/** A pass with its size and the bytes of a row, without that of its filter. */
interface SizedPass extends Pass {
  readonly columns: number;
  readonly rows: number;
  readonly bytes: number;
}

/** The passes that have pixels. */
function passesOf({ width, height, depth, samples, interlaced }: PngHeader): SizedPass[] {
  return (interlaced ? ADAM7 : WHOLE).map((pass) => {
    const columns = Math.max(0, Math.ceil((width - pass.left) / pass.across));
    const rows = Math.max(0, Math.ceil((height - pass.top) / pass.down));
    return { ...pass, columns, rows, bytes: Math.ceil(columns * samples * depth / 8) };
  }).filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/** Bytes of all rows of a picture, each with a byte for its filter. */
export function contentBytes(header: PngHeader): number {
  return passesOf(header).reduce((sum, { rows, bytes }) => sum + rows * (1 + bytes), 0);
}

/**
 * Converts a PNG file's rows to pixels as they are decompressed, so that only the picture and two rows are in memory.
 * 16 bits per channel become 8, fewer than 8 are scaled to 0 to 255, and palette indices become colours.
 */
export class PngRows {
  /** The picture, complete when all rows were read. */
  readonly pixels: Pixels;
  private readonly header: PngHeader;
  private readonly palette: Uint8Array;
  private readonly opacity: Uint8Array;
  private readonly passes: readonly SizedPass[];
  /** Bytes between a sample and that of the pixel before it. */
  private readonly step: number;
  private pass = 0;
  private y = 0;
  /** The current row and the one above it, each after its filter byte. */
  private row: Uint8Array;
  private above: Uint8Array;
  private filled = 0;

  constructor({ header, palette, opacity }: Pick<PngChunks, "header" | "palette" | "opacity">) {
    const { width, height, depth, samples, indexed } = header;
    this.header = header;
    this.palette = palette;
    this.opacity = opacity;
    this.passes = passesOf(header);
    this.step = Math.max(1, samples * depth / 8);
    const channels = !indexed ? samples : opacity.length > 0 ? 4 : 3;
    this.pixels = { width, height, channels, planes: new Uint8Array(channels * width * height) };
    [this.row, this.above] = [0, 1].map(() => new Uint8Array(1 + this.passes[0]!.bytes)) as [Uint8Array, Uint8Array];
  }

  /** Whether all rows were read. */
  get complete(): boolean {
    return this.pass === this.passes.length;
  }

  /**
   * Reads the next bytes; those beyond the last row are ignored.
   *
   * @throws for an unknown filter, and a number that the palette does not have
   */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.complete;) {
      const piece = bytes.subarray(at, at + this.row.length - this.filled);
      this.row.set(piece, this.filled);
      this.filled += piece.length;
      at += piece.length;
      if (this.filled === this.row.length) this.finishRow();
    }
  }

  private finishRow(): void {
    const pass = this.passes[this.pass]!;
    unfilter(this.row, this.above, this.step);
    this.emit(pass);
    this.filled = 0;
    [this.row, this.above] = [this.above, this.row];
    if (++this.y < pass.rows) return;
    this.y = 0;
    const next = this.passes[++this.pass];
    if (next !== undefined) [this.row, this.above] = [new Uint8Array(1 + next.bytes), new Uint8Array(1 + next.bytes)];
  }

  /** Writes the row's pixels to their places. */
  private emit({ left, top, across, down, columns }: SizedPass): void {
    const { row, header: { width, height, depth, samples, indexed } } = this;
    const { planes } = this.pixels;
    const area = width * height;
    const place = (top + this.y * down) * width + left;
    if (depth >= 8 && !indexed) {
      // Of 16 bits the first 8.
      const bytes = depth / 8, stride = samples * bytes;
      for (let c = 0; c < samples; c++) {
        let to = c * area + place, from = 1 + c * bytes;
        for (let x = 0; x < columns; x++, to += across, from += stride) planes[to] = row[from]!;
      }
      return;
    }
    const most = 2 ** depth - 1;
    for (let x = 0, to = place; x < columns; x++, to += across) {
      const bit = x * depth;
      const value = row[1 + (bit >> 3)]! >> (8 - depth - (bit & 7)) & most;
      if (!indexed) {
        planes[to] = value * (255 / most);
        continue;
      }
      if (3 * value >= this.palette.length) {
        throw new Error(`a pixel has colour ${value} of a palette of ${this.palette.length / 3}`);
      }
      for (let c = 0; c < 3; c++) planes[c * area + to] = this.palette[3 * value + c]!;
      if (this.opacity.length > 0) planes[3 * area + to] = this.opacity[value] ?? 255;
    }
  }
}

/** Undoes a row's filter (ISO/IEC 15948, clause 9) in place; the first byte names it. */
function unfilter(row: Uint8Array, above: Uint8Array, step: number): void {
  const { length } = row;
  switch (row[0]) {
    case 0:
      return;
    case 1:
      for (let i = 1 + step; i < length; i++) row[i] = row[i]! + row[i - step]!;
      return;
    case 2:
      for (let i = 1; i < length; i++) row[i] = row[i]! + above[i]!;
      return;
    case 3:
      for (let i = 1; i < length; i++) {
        const left = i > step ? row[i - step]! : 0;
        row[i] = row[i]! + ((left + above[i]!) >> 1);
      }
      return;
    case 4:
      for (let i = 1; i < length; i++) {
        const left = i > step ? row[i - step]! : 0;
        const aboveLeft = i > step ? above[i - step]! : 0;
        row[i] = row[i]! + paeth(left, above[i]!, aboveLeft);
      }
      return;
    default:
      throw new Error(`a row has the unknown filter ${row[0]}`);
  }
}

/** The one of left, above and above left that is nearest to left + above − above left. */
function paeth(left: number, above: number, aboveLeft: number): number {
  const a = Math.abs(above - aboveLeft), b = Math.abs(left - aboveLeft), c = Math.abs(left + above - 2 * aboveLeft);
  return a <= b && a <= c ? left : b <= c ? above : aboveLeft;
}
