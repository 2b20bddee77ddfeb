/** Printing by `console.log`. */
import { inspectDeno, inspectNode } from "@heddle/tensor";

/** Makes `console.log` of Node, Bun and Deno print objects of a class as their `toString` does. */
export function printOnConsole(prototype: { toString(): string }): void {
  for (const symbol of [inspectNode, inspectDeno]) {
    Object.defineProperty(prototype, symbol, {
      value(this: { toString(): string }): string {
        return this.toString();
      },
    });
  }
}
