/**
 * Writes protocol buffers, as far as TensorBoard's messages need it: five types of fields. A library would bring descriptors and a reader of
 * ten times this size.
 */

const LENGTH = 2;
const utf8 = new TextEncoder();

/** Bytes put together. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(rest % 128 + 128);
  bytes.push(rest);
  return bytes;
}

const key = (field: number, type: number): number[] => varint(field * 8 + type);

/** A message of its fields, in the order of their numbers. */
export const message = (...fields: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => joined(fields);

/** A whole number from 0; 0 is the default, which is left out. */
export function whole(field: number, value: number): Uint8Array {
  return value === 0 ? new Uint8Array() : Uint8Array.from([...key(field, 0), ...varint(value)]);
}

/** A float64. */
export function double(field: number, value: number): Uint8Array {
  return joined([Uint8Array.from(key(field, 1)), doubleBytes([value])]);
}

/** A float32. */
export function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return joined([Uint8Array.from(key(field, 5)), bytes]);
}

/** Bytes, or a message. */
export function bytes(field: number, value: Uint8Array): Uint8Array {
  return joined([Uint8Array.from([...key(field, LENGTH), ...varint(value.length)]), value]);
}

/** Text; "" is the default, which is left out. */
export function text(field: number, value: string): Uint8Array {
  return value === "" ? new Uint8Array() : bytes(field, utf8.encode(value));
}

/** A list of float64. */
export function doubles(field: number, values: readonly number[]): Uint8Array {
  return bytes(field, doubleBytes(values));
}

function doubleBytes(values: readonly number[]): Uint8Array {
  const found = new Uint8Array(8 * values.length);
  const view = new DataView(found.buffer);
  values.forEach((value, i) => view.setFloat64(8 * i, value, true));
  return found;
}
