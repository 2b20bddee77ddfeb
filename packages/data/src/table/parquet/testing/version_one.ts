/** Parquet files with pages of the first version, put together by hand: the writer at hand writes the second only. */
import { ByteWriter } from "hyparquet-writer";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import { serializeTCompactProtocol } from "hyparquet-writer/src/thrift.js";

/** A page as it is in the file: its header's numbers and its bytes. */
export interface RawPage {
  readonly values: number;
  /** 0 for PLAIN, 8 for RLE_DICTIONARY; a dictionary has none. */
  readonly encoding?: number;
  readonly bytes: readonly number[];
  /** The size that the header claims, by default the true one. */
  readonly claimed?: number;
}

/** A file with columns of INT32, all of the same pages. */
export function versionOne(
  pages: readonly RawPage[],
  rows: number,
  optional: boolean,
  names: readonly string[] = ["x"],
): Uint8Array {
  const writer = new ByteWriter();
  writer.appendBytes(new TextEncoder().encode("PAR1"));
  const starts: number[] = [];
  for (const { values, encoding, bytes, claimed = bytes.length } of pages) {
    starts.push(writer.offset);
    serializeTCompactProtocol(writer, {
      field_1: encoding === undefined ? 2 : 0,
      field_2: claimed,
      field_3: bytes.length,
      ...(encoding === undefined
        ? { field_7: { field_1: values, field_2: 0 } }
        : { field_5: { field_1: values, field_2: encoding, field_3: 3, field_4: 3 } }),
    });
    writer.appendBytes(Uint8Array.from(bytes));
  }
  const dictionary = pages[0]!.encoding === undefined;
  const start = writer.offset;
  writeMetadata(
    writer,
    {
      version: 1,
      schema: [
        { name: "root", num_children: names.length },
        ...names.map((name) => ({
          name,
          type: "INT32" as const,
          repetition_type: optional ? "OPTIONAL" as const : "REQUIRED" as const,
        })),
      ],
      num_rows: BigInt(rows),
      row_groups: [{
        columns: names.map((name) => ({
          file_offset: 4n,
          meta_data: {
            type: "INT32",
            encodings: ["PLAIN"],
            path_in_schema: [name],
            codec: "UNCOMPRESSED",
            num_values: BigInt(rows),
            total_uncompressed_size: BigInt(start - 4),
            total_compressed_size: BigInt(start - 4),
            data_page_offset: BigInt(starts[dictionary ? 1 : 0]!),
            dictionary_page_offset: dictionary ? 4n : undefined,
          },
        })),
        total_byte_size: BigInt(start - 4),
        num_rows: BigInt(rows),
      }],
      metadata_length: 0,
    } as Parameters<typeof writeMetadata>[1],
  );
  writer.appendBytes(new TextEncoder().encode("PAR1"));
  return new Uint8Array(writer.getBuffer());
}
