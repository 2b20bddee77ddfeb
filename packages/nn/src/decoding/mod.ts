/** From what a model says of the next token to whole sequences. */
export type { Decoded, DecodingOptions, StepModel, StreamOptions } from "./step_model.ts";
export { greedy } from "./greedy.ts";
export { beamSearch, type BeamSearchOptions } from "./beam_search.ts";
export { sample, type SampleOptions } from "./sample.ts";
