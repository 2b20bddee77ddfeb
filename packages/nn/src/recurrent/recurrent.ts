/** What recurrent cells and layers share. */
import type { Generator } from "@heddle/tensor";
import { uniform_ } from "../init/mod.ts";
import { Module } from "../module.ts";
import { checkSize } from "../sizes.ts";
import { snakeCase } from "../state_dict.ts";
import type { RecurrentRule } from "./rule.ts";

/** Base class of the recurrent cells and layers. */
export abstract class Recurrent extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** The equations of a step. */
  protected abstract get rule(): RecurrentRule;

  constructor(inputSize: number, hiddenSize: number) {
    super();
    this.inputSize = checkSize(this.constructor.name, "inputSize", inputSize);
    this.hiddenSize = checkSize(this.constructor.name, "hiddenSize", hiddenSize);
  }

  /** Draws new initial values, uniform within ±1/√hiddenSize. */
  resetParameters(generator?: Generator): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const [, parameter] of this.ownParameters()) uniform_(parameter, -bound, bound, { generator });
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }
}
