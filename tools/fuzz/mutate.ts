/** Damage to files, drawn from a seed. */

/** A number from 0 to below `n`. */
export type Draw = (n: number) => number;

/** Numbers that depend on the parts alone (xmur3 and mulberry32). */
export function drawFrom(...parts: readonly (string | number)[]): Draw {
  let state = 1779033703;
  for (const letter of parts.join(" ")) {
    state = Math.imul(state ^ letter.charCodeAt(0), 3432918353) << 13 | state >>> 19;
  }
  return (n) => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t = t + Math.imul(t ^ t >>> 7, t | 61) ^ t;
    return Math.floor((t ^ t >>> 14) >>> 0) % n;
  };
}

// Values for damaged sizes and offsets: nothing, the ends of 7, 8, 15, 16, 31 and 32 bits.
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const WORDS = [
  "0",
  "-1",
  "1e309",
  "300000000",
  "9007199254740993",
  "null",
  "[]",
  "{}",
  '""',
  "true",
  '"__proto__"',
  "\u0000",
  "\ud800",
];

/** A file that was damaged. */
export interface Mutant {
  readonly bytes: Uint8Array;
  /** Whether only bits or bytes changed in place, which a checksum notices. */
  readonly inPlace: boolean;
}

/** One to three damages to a file: bits, bytes, numbers, ends, pieces left out, put twice, taken from another file. */
export function mutate(file: Uint8Array, others: readonly Uint8Array[], draw: Draw): Mutant {
  let bytes = Uint8Array.from(file), inPlace = true;
  for (let left = 1 + draw(3); left > 0; left--) {
    const at = draw(bytes.length + 1),
      to = Math.min(bytes.length, at + 1 + draw(draw(4) === 0 ? bytes.length + 1 : 16));
    switch (draw(9)) {
      case 0:
      case 1:
        if (at < bytes.length) bytes[at]! ^= 1 << draw(8);
        break;
      case 2:
        if (at < bytes.length) bytes[at] = draw(256);
        break;
      case 3: {
        const size = [1, 2, 4, 8][draw(4)]!, value = EXTREMES[draw(EXTREMES.length)]!, little = draw(2) === 0;
        for (let i = 0; i < size && at + i < bytes.length; i++) {
          const place = little ? i : size - 1 - i;
          bytes[at + i] = place < 4 ? value >>> (8 * place) : 0;
        }
        break;
      }
      case 4:
        bytes = bytes.slice(0, at);
        inPlace = false;
        break;
      case 5:
        bytes = joined(bytes.subarray(0, at), bytes.subarray(to));
        inPlace = false;
        break;
      case 6:
        bytes = joined(bytes.subarray(0, to), bytes.subarray(at));
        inPlace = false;
        break;
      case 7: {
        const other = others[draw(others.length)]!, from = draw(other.length);
        bytes = joined(bytes.subarray(0, at), other.subarray(from, from + 1 + draw(64)), bytes.subarray(to));
        inPlace = false;
        break;
      }
      case 8:
        bytes = joined(bytes.subarray(0, at), new TextEncoder().encode(WORDS[draw(WORDS.length)]!), bytes.subarray(to));
        inPlace = false;
    }
  }
  return { bytes, inPlace };
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
