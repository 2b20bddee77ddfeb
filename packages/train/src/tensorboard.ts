/**
 * Event files for TensorBoard.
 *
 * @module
 */
export { type DataFormat, TensorBoard, type TensorBoardOptions } from "./tensorboard/tensorboard.ts";
export type { Hyperparameter } from "./tensorboard/events.ts";
