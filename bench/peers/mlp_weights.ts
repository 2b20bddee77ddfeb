/** The perceptron's first weights, as every contender makes them. */
import { uniform } from "../inputs.ts";

const SHAPES = [[512, 784], [512], [512, 512], [512], [10, 512], [10]] as const;

/** Weight and bias of each layer in turn, [outputs, inputs] and [outputs]. */
export function mlpWeights(): { values: Float32Array<ArrayBuffer>; shape: readonly number[] }[] {
  return SHAPES.map((shape, i) => {
    const bound = Math.sqrt(3 / (shape.length > 1 ? shape[1]! : shape[0]));
    const values = uniform(100 + i, shape.reduce((a: number, b) => a * b, 1)).map((value) => value * bound);
    return { values, shape };
  });
}
