/** TensorBoard's messages (event.proto, summary.proto and the plugins' own), by their field numbers. */
import type { Histogram } from "./histogram.ts";
import { bytes, double, doubles, float, message, text, whole } from "./protobuf.ts";

const utf8 = new TextEncoder();

/** The first event of a file. */
export function versionEvent(wallTime: number): Uint8Array {
  return message(double(1, wallTime), text(3, "brain.Event:2"));
}

/** Tells readers to drop what earlier files of the folder have of this step and later ones. */
export function purgeEvent(wallTime: number, step: number): Uint8Array {
  const START = 1;
  return message(double(1, wallTime), whole(2, step), bytes(7, whole(1, START)));
}

/** An event of summary values. */
export function summaryEvent(wallTime: number, step: number, values: readonly Uint8Array[]): Uint8Array {
  return message(double(1, wallTime), whole(2, step), bytes(5, message(...values.map((value) => bytes(1, value)))));
}

/** A number under a tag. */
export function scalarValue(tag: string, value: number): Uint8Array {
  return message(text(1, tag), float(2, value));
}

/** An image under a tag. */
export function imageValue(tag: string, height: number, width: number, channels: number, png: Uint8Array): Uint8Array {
  return message(text(1, tag), bytes(4, message(whole(1, height), whole(2, width), whole(3, channels), bytes(4, png))));
}

/** A histogram under a tag. */
export function histogramValue(
  tag: string,
  { min, max, count, sum, sumSquares, limits, counts }: Histogram,
): Uint8Array {
  const numbers = [min, max, count, sum, sumSquares].map((value, i) =>
    Object.is(value, 0) ? new Uint8Array() : double(i + 1, value)
  );
  return message(text(1, tag), bytes(5, message(...numbers, doubles(6, limits), doubles(7, counts))));
}

function pluginData(name: string, content: Uint8Array): Uint8Array {
  return bytes(1, content.length === 0 ? text(1, name) : message(text(1, name), bytes(2, content)));
}

/** Text under a tag, which TensorBoard shows as Markdown. */
export function textValue(tag: string, value: string): Uint8Array {
  const DT_STRING = 7;
  const oneElement = bytes(2, whole(1, 1));
  const content = message(whole(1, DT_STRING), bytes(2, oneElement), bytes(8, utf8.encode(value)));
  return message(text(1, `${tag}/text_summary`), bytes(8, content), bytes(9, pluginData("text", new Uint8Array())));
}

/** The value of a hyperparameter. */
export type Hyperparameter = number | string | boolean;

/** The three values that make a run one of TensorBoard's table of hyperparameters. */
export function hparamValues(
  hparams: Readonly<Record<string, Hyperparameter>>,
  metrics: readonly string[],
): Uint8Array[] {
  const TYPES = { string: 1, boolean: 2, number: 3 };
  const SUCCESS = 1;
  const typed = (value: Hyperparameter): "string" | "boolean" | "number" => typeof value as "string";
  const infos = Object.entries(hparams).map(([name, value]) =>
    bytes(4, message(text(1, name), whole(4, TYPES[typed(value)])))
  );
  const figures = metrics.map((tag) => bytes(5, bytes(1, text(2, tag))));
  const given = Object.entries(hparams).map(([name, value]) => {
    const content = typeof value === "number"
      ? double(2, value)
      : typeof value === "string"
      ? bytes(3, utf8.encode(value))
      : Uint8Array.of(4 << 3, Number(value));
    return bytes(1, message(text(1, name), bytes(2, content)));
  });
  const parts: readonly (readonly [string, Uint8Array])[] = [
    ["experiment", bytes(2, message(...infos, ...figures))],
    ["session_start_info", bytes(3, message(...given))],
    ["session_end_info", bytes(4, whole(1, SUCCESS))],
  ];
  return parts.map(([name, content]) =>
    message(text(1, `_hparams_/${name}`), bytes(9, pluginData("hparams", content)))
  );
}
