/**
 * Byte-pair encoding, trained on a text and applied. It has an entry point of its own, as it alone needs a library of tokenisers.
 *
 * @module
 */
export { BytePairEncoding, type BytePairOptions, type BytePairState } from "./text/byte_pair_encoding.ts";
export type { TokenizerJson } from "./text/tokenizer_json.ts";
