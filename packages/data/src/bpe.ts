/**
 * Byte-pair encoding, trained on a text and applied. It has its own entry point, since only this part needs a tokeniser
 * library.
 *
 * @module
 */
export { BytePairEncoding, type BytePairOptions, type BytePairState } from "./text/byte_pair_encoding.ts";
export type { TokenizerJson } from "./text/tokenizer_json.ts";
