/** Functions and modules of generated code. */
import type { ValueType } from "./operations.ts";
import type { Code, Local } from "./tree.ts";

/** Builds a function. */
export class FunctionBuilder {
  readonly index: number;
  readonly params: readonly Local[];
  readonly results: readonly ValueType[];
  /** The bytes of a vector in this function: 16, or more in code for a native target. */
  readonly vectorBytes: number;
  /** The bytes of the target's vectors: 16 for WebAssembly, more for native code, also where this function's are narrower. */
  readonly targetBytes: number;
  /** The types of the local variables behind the parameters. */
  readonly locals: ValueType[] = [];
  readonly body: Code[] = [];

  constructor(
    index: number,
    params: readonly ValueType[],
    results: readonly ValueType[],
    vectorBytes: number = 16,
    targetBytes: number = vectorBytes,
  ) {
    this.index = index;
    this.params = params.map((type, i) => ({ index: i, type }));
    this.results = results;
    this.vectorBytes = vectorBytes;
    this.targetBytes = targetBytes;
  }

  /** A new local variable, initially zero. */
  local(type: ValueType): Local {
    this.locals.push(type);
    return { index: this.params.length + this.locals.length - 1, type };
  }

  /** Appends statements. The last may be the result. */
  emit(...code: Code[]): void {
    this.body.push(...code);
  }
}

/** A function that a module imports from `env`, by name. */
export interface ImportedFunction {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A finished module of generated code. */
export interface CodeModule {
  /** Imported functions have the first indices. */
  readonly imports: readonly ImportedFunction[];
  readonly functions: readonly FunctionBuilder[];
  readonly exports: readonly { readonly name: string; readonly index: number }[];
}

/** Builds a module. */
export class ModuleBuilder implements CodeModule {
  readonly imports: ImportedFunction[] = [];
  readonly functions: FunctionBuilder[] = [];
  readonly exports: { readonly name: string; readonly index: number }[] = [];
  private readonly targetBytes: number | undefined;

  /** @param targetBytes the bytes of the target's vectors, if functions depend on more than their own */
  constructor(targetBytes?: number) {
    this.targetBytes = targetBytes;
  }

  /** A function imported as `env.name`. Imports come before functions. */
  importFunction(
    name: string,
    params: readonly ValueType[],
    results: readonly ValueType[],
  ): { readonly index: number } {
    if (this.functions.length > 0) {
      throw new Error(`code: import "${name}" must come before the module's functions`);
    }
    const known = this.imports.findIndex((item) => item.name === name);
    if (known >= 0) return { index: known };
    this.imports.push({ name, params, results });
    return { index: this.imports.length - 1 };
  }

  /** A new function. It is exported if it has a name. */
  func(
    params: readonly ValueType[],
    results: readonly ValueType[],
    exportName?: string,
    vectorBytes: number = 16,
  ): FunctionBuilder {
    const index = this.imports.length + this.functions.length;
    const built = new FunctionBuilder(index, params, results, vectorBytes, this.targetBytes);
    this.functions.push(built);
    if (exportName !== undefined) this.exports.push({ name: exportName, index: built.index });
    return built;
  }
}
