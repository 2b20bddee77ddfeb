import type { Draw } from "./mutate.ts";

/** A reader and its properties. */
export interface Reader {
  readonly name: string;
  readonly files: readonly Uint8Array[];
  /** Reads a file; returns the result as text, to compare it with other results. */
  read(bytes: Uint8Array): string | Promise<string>;
  /** The start of its error messages. */
  readonly says: RegExp;
  /** Whether checksums cover the whole file, so that any change is an error or has no effect. */
  readonly checked?: boolean;
  /** Corrects the checksums of a damaged file, so that the code after them is reached. */
  repair?(bytes: Uint8Array, draw: Draw): Uint8Array;
}
