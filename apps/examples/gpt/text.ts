/** The text of the example: a file, or the play that it draws itself. */
import { Generator } from "@heddle/tensor";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "../runner/options.ts";
import { drawPlay } from "./play.ts";

/** Of a file: how much is learned from, from its start; the rest is held out. */
const LEARNED = 0.9;
const PLAY = { train: 60_000, heldOut: 6_000 };

/** Text to learn from, and text to be tested on. */
export interface TextSets {
  train: string;
  heldOut: string;
  /** Where it is from, for people. */
  source: string;
  /** Nats a character that the held-out text costs whoever knows how it was made; null where nobody does. */
  ideal: number | null;
}

/** Reads `input.txt` in a folder (or the file that is named), or draws a play; at most `limit` characters of each part. */
export function loadText(data: string | null, limit: number | null): TextSets {
  if (data === null) {
    const train = drawPlay(Math.min(limit ?? Infinity, PLAY.train), new Generator(1));
    const heldOut = drawPlay(Math.min(limit ?? Infinity, PLAY.heldOut), new Generator(2));
    const source = described("A play that the program draws itself", train.text, heldOut.text);
    return { train: train.text, heldOut: heldOut.text, source, ideal: heldOut.nats / heldOut.text.length };
  }
  const file = existsSync(data) && statSync(data).isDirectory() ? join(data, "input.txt") : data;
  if (!existsSync(file)) {
    throw new OptionError(
      `--data ${data}: ${file} is not there; expected a text file, or a folder with input.txt in it`,
    );
  }
  const text = decodeText(file);
  const cut = Math.floor(LEARNED * text.length);
  const train = text.slice(0, Math.min(cut, limit ?? Infinity)), heldOut = text.slice(cut, cut + (limit ?? Infinity));
  return { train, heldOut, source: described(file, train, heldOut), ideal: null };
}

function decodeText(file: string): string {
  const bytes = readFileSync(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replaceAll("\r\n", "\n");
  } catch {
    throw new OptionError(`--data: ${file} is no text in UTF-8; convert it first, such as with iconv`);
  }
}

function described(source: string, train: string, heldOut: string): string {
  const count = (text: string): string => text.length.toLocaleString("en-US");
  return `${source}: ${count(train)} characters to learn from, ${count(heldOut)} held out.`;
}
