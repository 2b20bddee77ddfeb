import { transformBlock, ZIGZAG } from "./block.ts";
import type { Component, Frame } from "./frame.ts";
import { BitReader, type HuffmanTable } from "./huffman.ts";

/** A component in a scan, with the tables of its first coefficients and of the others. */
interface ScanPart {
  readonly component: Component;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
  /** The first coefficient of the block before. */
  previous: number;
}

/** The tables as they stand when a scan begins. */
export interface Tables {
  readonly quantisation: (Uint16Array | undefined)[];
  readonly dc: (HuffmanTable | undefined)[];
  readonly ac: (HuffmanTable | undefined)[];
  /** Units between restart markers; 0 for none. */
  restartInterval: number;
}

/** Of a progressive scan: the coefficients from `first` to `last` get the bits down to `low`; those from `high` on are known. */
interface Band {
  readonly first: number;
  readonly last: number;
  readonly high: number;
  readonly low: number;
}

/** Reads a block from the bits: its number among the component's. */
type ReadBlock = (part: ScanPart, block: number) => void;

/**
 * Reads a scan: bits of some or all coefficients of some or all components.
 *
 * @param header the scan's own header
 * @param at where its data begins
 * @returns where it ends
 * @throws when the data ends early or makes no sense, or a scan does not follow from those before
 */
export function readScan(bytes: Uint8Array, at: number, header: Uint8Array, frame: Frame, tables: Tables): number {
  const { parts, band } = readHeader(header, frame, tables);
  const reader = new BitReader(bytes, at);
  const run = { left: 0 };
  const read: ReadBlock = !frame.progressive
    ? sequentialBlock(reader)
    : band.first === 0
    ? firstCoefficient(reader, band)
    : band.high === 0
    ? otherCoefficients(reader, band, run)
    : refinedCoefficients(reader, band, run);
  const units = unitsOf(parts, frame);
  const interval = tables.restartInterval || units.count;
  for (let unit = 0, restarts = 0; unit < units.count;) {
    const end = Math.min(units.count, unit + interval);
    for (; unit < end; unit++) units.visit(unit, read);
    if (unit === units.count) break;
    reader.restart(restarts++ & 7);
    run.left = 0;
    for (const part of parts) part.previous = 0;
  }
  return reader.end;
}

function readHeader(header: Uint8Array, frame: Frame, tables: Tables): { parts: ScanPart[]; band: Band } {
  const count = header[0]!;
  if (header.length < 6 || header.length !== 4 + 2 * count) {
    throw new Error("a scan's header has another length than it says");
  }
  const [first, last, levels] = header.subarray(1 + 2 * count) as unknown as [number, number, number];
  const band = frame.progressive
    ? { first, last, high: levels >> 4, low: levels & 15 }
    : { first: 0, last: 63, high: 0, low: 0 };
  const impossible = frame.progressive
    ? first > last || last > 63 || (first === 0) !== (last === 0) || band.low > 13 || (first > 0 && count > 1)
    // Baseline encoders write 0, 63 and 0; others have been seen and mean the same.
    : false;
  if (impossible) throw new Error(`a scan of coefficients ${first} to ${last} is impossible`);
  const needsDc = !frame.progressive || (first === 0 && band.high === 0), needsAc = !frame.progressive || first > 0;
  const parts = Array.from({ length: count }, (_, i): ScanPart => {
    const [id, numbers] = header.subarray(1 + 2 * i) as unknown as [number, number];
    const component = frame.components.find((one) => one.id === id);
    if (component === undefined) throw new Error(`a scan has component ${id}, which its header does not know`);
    const [dc, ac] = [tables.dc[numbers >> 4], tables.ac[numbers & 15]];
    if ((needsDc && dc === undefined) || (needsAc && ac === undefined)) throw new Error("a Huffman table is missing");
    component.table ??= tables.quantisation[component.tableNumber]?.slice() ?? null;
    if (component.table === null) throw new Error("a quantisation table is missing");
    advance(component, band);
    return { component, dc, ac, previous: 0 };
  });
  if (new Set(parts.map(({ component }) => component)).size !== count) throw new Error("a scan has a component twice");
  if (count > 1 && parts.reduce((sum, { component: { h, v } }) => sum + h * v, 0) > 10) {
    throw new Error("a scan has more than 10 blocks in a unit");
  }
  return { parts, band };
}

/** Every scan adds new bits, in order. */
function advance({ known, id }: Component, { first, last, high, low }: Band): void {
  for (let k = first; k <= last; k++) {
    const fits = known[k]! < 0 ? high === 0 : high === known[k]! && low === high - 1;
    if (!fits || (first > 0 && known[0]! < 0)) {
      throw new Error(`a scan of component ${id} does not follow from those before`);
    }
    known[k] = low;
  }
}

/** The units of a scan. With one component they are its own blocks, else those of all that lie over each other. */
function unitsOf(
  parts: readonly ScanPart[],
  frame: Frame,
): { count: number; visit(unit: number, read: ReadBlock): void } {
  const [only, ...others] = parts as [ScanPart, ...ScanPart[]];
  if (others.length === 0) {
    const { width, height, blocksAcross } = only.component;
    const across = Math.ceil(width / 8);
    return {
      count: across * Math.ceil(height / 8),
      visit: (unit, read) => read(only, Math.floor(unit / across) * blocksAcross + unit % across),
    };
  }
  return {
    count: frame.unitsAcross * frame.unitsDown,
    visit(unit, read) {
      const row = Math.floor(unit / frame.unitsAcross), column = unit % frame.unitsAcross;
      for (const part of parts) {
        const { h, v, blocksAcross } = part.component;
        for (let y = 0; y < v; y++) {
          for (let x = 0; x < h; x++) read(part, (row * v + y) * blocksAcross + column * h + x);
        }
      }
    },
  };
}

function checkOverrun(reader: BitReader): void {
  if (reader.overrun) throw new Error("its data ends early");
}

/** The first coefficient of a block: the one of the block before and a difference, without their lowest bits. */
function nextFirst(reader: BitReader, part: ScanPart, low: number): number {
  const length = reader.symbol(part.dc!);
  if (length > 15) throw new Error("a coefficient has more than 15 bits");
  part.previous += reader.readSigned(length);
  const value = part.previous * 2 ** low;
  if (value < -32768 || value > 32767) throw new Error("a coefficient is out of range");
  return value;
}

/** All of a block's coefficients, and then its samples. */
function sequentialBlock(reader: BitReader): ReadBlock {
  const coefficients = new Int16Array(64);
  return (part, block) => {
    const { component, ac } = part;
    coefficients.fill(0);
    coefficients[0] = nextFirst(reader, part, 0);
    for (let k = 1; k < 64; k++) {
      const symbol = reader.symbol(ac!), length = symbol & 15;
      if (length === 0 && symbol !== 0xf0) break;
      k += symbol >> 4;
      if (k > 63) throw new Error("a block has more than 64 coefficients");
      coefficients[ZIGZAG[k]!] = reader.readSigned(length);
    }
    checkOverrun(reader);
    putBlock(component, block, coefficients, 0);
  };
}

/** Transforms a block into its component's samples. */
export function putBlock(component: Component, block: number, coefficients: Int16Array, from: number): void {
  const { blocksAcross } = component;
  const stride = 8 * blocksAcross;
  const to = Math.floor(block / blocksAcross) * 8 * stride + block % blocksAcross * 8;
  transformBlock(coefficients, from, component.table!, component.samples!, to, stride);
}

/** The first coefficient of a block, or one more bit of it. */
function firstCoefficient(reader: BitReader, { high, low }: Band): ReadBlock {
  return (part, block) => {
    const { coefficients } = part.component;
    if (high === 0) coefficients![64 * block] = nextFirst(reader, part, low);
    else coefficients![64 * block]! |= reader.read(1) << low;
    checkOverrun(reader);
  };
}

/** Other coefficients for the first time. A run says for how many blocks there are none. */
function otherCoefficients(reader: BitReader, { first, last, low }: Band, run: { left: number }): ReadBlock {
  return ({ component, ac }, block) => {
    if (run.left > 0) {
      run.left--;
      return;
    }
    component.busy![block] = 1;
    for (let k = first; k <= last; k++) {
      const symbol = reader.symbol(ac!), length = symbol & 15, zeros = symbol >> 4;
      if (length === 0 && zeros < 15) {
        run.left = (1 << zeros) - 1 + reader.read(zeros);
        break;
      }
      k += zeros;
      if (k > last) throw new Error("a block has more coefficients than its scan");
      component.coefficients![64 * block + ZIGZAG[k]!] = reader.readSigned(length) << low;
    }
    checkOverrun(reader);
  };
}

/** One more bit of the other coefficients (T.81, figure G.7): a correction of each that is not zero, and new ones between. */
function refinedCoefficients(reader: BitReader, { first, last, low }: Band, run: { left: number }): ReadBlock {
  const bit = 1 << low;
  return ({ component, ac }, block) => {
    const { coefficients, busy } = component;
    const from = 64 * block;
    const correct = (place: number): void => {
      const value = coefficients![place]!;
      if (reader.read(1) === 1 && (value & bit) === 0) coefficients![place] = value + (value < 0 ? -bit : bit);
    };
    let k = first;
    if (run.left === 0) {
      busy![block] = 1;
      for (; k <= last; k++) {
        const symbol = reader.symbol(ac!), length = symbol & 15;
        let zeros = symbol >> 4, value = 0;
        if (length === 1) value = reader.read(1) === 1 ? bit : -bit;
        else if (length > 1) throw new Error("a correction has more than one bit");
        else if (zeros < 15) {
          run.left = (1 << zeros) + reader.read(zeros);
          break;
        }
        for (; k <= last; k++) {
          const place = from + ZIGZAG[k]!;
          if (coefficients![place] !== 0) correct(place);
          else if (zeros-- === 0) {
            coefficients![place] = value;
            break;
          }
        }
        if (k > last) throw new Error("a block has more coefficients than its scan");
      }
    }
    if (run.left > 0) {
      run.left--;
      if (busy![block] === 0) return;
      for (; k <= last; k++) if (coefficients![from + ZIGZAG[k]!] !== 0) correct(from + ZIGZAG[k]!);
    }
    checkOverrun(reader);
  };
}
