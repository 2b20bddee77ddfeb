/** The networks' initial weights, the same in every contender. */
import { uniform } from "../inputs.ts";

/** Weight and bias of each layer in turn; [outputs, inputs] and [outputs], convolutions' [outputs, inputs, height, width]. */
const SHAPES = {
  mlp: [[512, 784], [512], [512, 512], [512], [10, 512], [10]],
  convnet: [[32, 1, 5, 5], [32], [64, 32, 5, 5], [64], [200, 256], [200], [
    10,
    200,
  ], [10]],
} as const;

/** Those of a network, in that order. */
export function networkWeights(
  model: keyof typeof SHAPES,
): { values: Float32Array<ArrayBuffer>; shape: readonly number[] }[] {
  return SHAPES[model].map((shape: readonly number[], i) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const bound = Math.sqrt(3 / (shape.length > 1 ? count / shape[0]! : count));
    return {
      values: uniform(100 + i, count).map((value) => value * bound),
      shape,
    };
  });
}
