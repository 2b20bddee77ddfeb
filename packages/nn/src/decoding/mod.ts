/** Decoding: sequences from a model's scores of the next token. */
export type { Decoded, DecodingOptions, StepModel, StreamOptions } from "./step_model.ts";
export { greedy } from "./greedy.ts";
export { beamSearch, type BeamSearchOptions } from "./beam_search.ts";
export { sample, type SampleOptions } from "./sample.ts";
