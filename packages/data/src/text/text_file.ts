import { checkArguments } from "../arguments.ts";
import { node } from "../node.ts";

/**
 * The text of bytes in UTF-8, without a byte order mark.
 *
 * @param name what errors call the bytes
 * @throws when they are not UTF-8, with the line and the bytes that are not
 *
 * @example
 * ```ts
 * import { decodeText } from "@heddle/data";
 *
 * console.log(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0xc3, 0xa9))); // é
 * ```
 */
export function decodeText(bytes: Uint8Array, name: string = "decodeText"): string {
  checkArguments("decodeText", arguments, 2, true);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`${name}: ${whereInvalid(bytes)}`, { cause });
  }
}

function whereInvalid(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return "the text is UTF-16; save it as UTF-8.";
  }
  let line = 1;
  for (let from = 0; from <= bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from);
    const part = bytes.subarray(from, end < 0 ? bytes.length : end);
    // A line feed is never a part of another character in UTF-8, so that lines can be looked at one by one.
    const at = firstInvalid(part);
    if (at >= 0) {
      const before = new TextDecoder().decode(part.subarray(0, at)).slice(-30);
      const hex = [...part.subarray(at, at + 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
      return `line ${line} is not UTF-8: after ${
        JSON.stringify(before)
      } come the bytes ${hex}. Save the text as UTF-8 ` +
        "(from Latin-1: iconv -f latin1 -t utf-8).";
    }
    if (end < 0) break;
    from = end + 1;
  }
  // Nothing is wrong with the bytes: they make more characters than a string can have.
  return `the text of ${bytes.length} bytes is too long for one string, which has at most half a billion characters. Split the file.`;
}

/** The first position where the bytes differ from their decoded and re-encoded text; -1 if there is none. */
function firstInvalid(bytes: Uint8Array): number {
  const again = new TextEncoder().encode(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  for (let i = 0; i < Math.max(bytes.length, again.length); i++) if (bytes[i] !== again[i]) return i;
  return -1;
}

/**
 * The lines of a text. They end in a line feed, with or without a carriage return before it; the last needs none.
 * Unlike in Python's `splitlines` nothing else ends a line, so that no character inside a sentence can misalign two
 * parallel files.
 */
export function linesOf(text: string): string[] {
  checkArguments("linesOf", arguments, 1, true);
  const lines = text.replace(/^\ufeff/, "").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
}

/**
 * Reads a text file in UTF-8.
 *
 * @throws when it cannot be read or is not UTF-8; the error names the file and the line
 *
 * @example
 * ```ts ignore
 * import { readText } from "@heddle/data";
 *
 * const shakespeare = await readText("data/tinyshakespeare/input.txt");
 * ```
 */
export async function readText(path: string): Promise<string> {
  checkArguments("readText", arguments, 1, true);
  return decodeText(await node.fs.readFile(path), path);
}

/** The lines of a text file in UTF-8: {@link readText} and {@link linesOf}. */
export async function readLines(path: string): Promise<string[]> {
  checkArguments("readLines", arguments, 1, true);
  return linesOf(await readText(path));
}
