/** The one file that knows in which runtime it is. */

interface ProcessLike {
  readonly env?: Record<string, string | undefined>;
}

/** An environment variable, or undefined where there is none or the runtime does not let us read it. */
export function environmentVariable(name: string): string | undefined {
  try {
    return (globalThis as { process?: ProcessLike }).process?.env?.[name];
  } catch {
    return undefined; // Deno without --allow-env
  }
}

/** What `console.log` looks up to print an object: Node and Bun share a registered symbol, Deno has its own. */
export const inspectNode: symbol = Symbol.for("nodejs.util.inspect.custom");
/** See {@link inspectNode}. */
export const inspectDeno: symbol = Symbol.for("Deno.customInspect");

// Browsers without explicit resource management still get scopes through `end()` and through compiled `using`.
if (Symbol.dispose === undefined) Object.defineProperty(Symbol, "dispose", { value: Symbol.for("Symbol.dispose") });
