/** Attention layers, encodings of positions, and caches for decoding. */
export { type Cache, CacheStack, DecoderLayerCache, KeyValueCache, MemoryCache } from "./key_value_cache.ts";
export {
  MultiheadAttention,
  type MultiheadAttentionForwardOptions,
  type MultiheadAttentionOptions,
} from "./multihead_attention.ts";
export { LearnedPositions, type PositionLayerOptions, type PositionOptions, SinusoidalPositions } from "./positions.ts";
export { type RotaryLayout, type RotaryOptions, RotaryPositions } from "./rotary_positions.ts";
export {
  AdditiveAttention,
  DotProductAttention,
  type DotProductAttentionOptions,
  type ScoredAttentionOptions,
} from "./scored_attention.ts";
