/** The text of the example: a file, or a generated play. */
import { Generator } from "@heddle/tensor";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "../runner/options.ts";
import { drawPlay } from "./synthetic_play.ts";

/** The share of a file used for training, from its start; the rest is held out. */
const LEARNED = 0.9;
const PLAY = { train: 60_000, heldOut: 6_000 };

/** Training and held-out text. */
export interface TextSets {
  train: string;
  heldOut: string;
  /** Its source, for people. */
  source: string;
  /** The entropy of the held-out text in nats per character, if its source is known; otherwise null. */
  ideal: number | null;
}

/** Reads `input.txt` in a folder (or the named file), or generates a play; at most `limit` characters of each part. */
export function loadText(data: string | null, limit: number | null): TextSets {
  if (data === null) {
    const train = drawPlay(Math.min(limit ?? Infinity, PLAY.train), new Generator(1));
    const heldOut = drawPlay(Math.min(limit ?? Infinity, PLAY.heldOut), new Generator(2));
    const source = described("A generated play", train.text, heldOut.text);
    return { train: train.text, heldOut: heldOut.text, source, ideal: heldOut.nats / heldOut.text.length };
  }
  const file = existsSync(data) && statSync(data).isDirectory() ? join(data, "input.txt") : data;
  if (!existsSync(file)) {
    throw new OptionError(
      `--data ${data}: ${file} does not exist; expected a text file, or a folder with input.txt in it`,
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
    throw new OptionError(`--data: ${file} is not UTF-8 text; convert it first, for example with iconv`);
  }
}

function described(source: string, train: string, heldOut: string): string {
  const count = (text: string): string => text.length.toLocaleString("en-US");
  return `${source}: ${count(train)} characters for training, ${count(heldOut)} held out.`;
}
