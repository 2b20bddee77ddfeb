/** Printing by `console.log`. */

/** Makes `console.log` of Node, Bun and Deno print objects of a class as their `toString` does. */
export function printOnConsole(prototype: { toString(): string }): void {
  for (const symbol of ["nodejs.util.inspect.custom", "Deno.customInspect"]) {
    Object.defineProperty(prototype, Symbol.for(symbol), {
      value(this: { toString(): string }): string {
        return this.toString();
      },
    });
  }
}
