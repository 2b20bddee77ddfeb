/**
 * Thrift's compact protocol, as far as Parquet uses it: read with bounds, before a library reads it that has none. Specification:
 * github.com/apache/thrift, doc/specs/thrift-compact-protocol.md.
 */

/** A value: whole numbers of 64 bits are rounded to numbers. */
export type ThriftValue = boolean | number | Uint8Array | ThriftStruct | readonly ThriftValue[];
/** The fields of a struct by number. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

const MOST_DEPTH = 24;

/** Reads structs from bytes. */
export class ThriftReader {
  private readonly bytes: Uint8Array;
  /** The position of the next byte. */
  at: number;

  constructor(bytes: Uint8Array, at: number = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** A struct. @throws RangeError when it is damaged */
  struct(depth: number = 0): ThriftStruct {
    if (depth > MOST_DEPTH) throw new RangeError("structs lie more deeply in one another than any writer puts them");
    const fields = new Map<number, ThriftValue>();
    for (let id = 0;;) {
      const byte = this.byte();
      if ((byte & 15) === 0) return fields;
      id = byte >> 4 > 0 ? id + (byte >> 4) : Number(this.zigZag());
      fields.set(id, this.value(byte & 15, depth));
    }
  }

  /** An unsigned number of at most `most` bytes. */
  varint(most: number): bigint {
    let value = 0n;
    for (let i = 0; i < most; i++) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << BigInt(7 * i);
      if (byte < 128) return value;
    }
    throw new RangeError(`a number has more than ${most} bytes`);
  }

  private zigZag(): bigint {
    const value = this.varint(10);
    return (value >> 1n) ^ -(value & 1n);
  }

  private value(type: number, depth: number): ThriftValue {
    switch (type) {
      case 1:
      case 2:
        return type === 1;
      case 3:
        return this.byte();
      case 4:
      case 5:
      case 6:
        return Number(this.zigZag());
      case 7:
        this.skip(8);
        return NaN;
      case 8: {
        const length = this.length();
        this.skip(length);
        return this.bytes.subarray(this.at - length, this.at);
      }
      case 9: {
        const head = this.byte();
        const size = head >> 4 === 15 ? this.length() : head >> 4;
        // Each element takes a byte at least.
        this.need(size);
        return Array.from(
          { length: size },
          () => (head & 15) <= 2 ? this.byte() === 1 : this.value(head & 15, depth + 1),
        );
      }
      case 12:
        return this.struct(depth + 1);
    }
    throw new RangeError(`there is no type ${type} in Parquet`);
  }

  private length(): number {
    const value = this.varint(5);
    if (value > 0x7fffffffn) throw new RangeError(`a length of ${value}`);
    return Number(value);
  }

  private byte(): number {
    this.need(1);
    return this.bytes[this.at++]!;
  }

  private skip(count: number): void {
    this.need(count);
    this.at += count;
  }

  private need(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    throw new RangeError(
      `${count} bytes are expected at byte ${this.at}, where ${this.bytes.length - this.at} are left`,
    );
  }
}
