/**
 * A small WebAssembly assembler. Code is written as nested expressions, as in the folded text format: `op("i32.add", get(i),
 * i32(4))`. A statement is an expression that leaves nothing on the stack.
 */
import { laneOpcodes, memoryLaneOpcodes, memoryOpcodes, opcodes } from "./opcodes.ts";

/** The bytes of code, nested as written. */
export type Code = readonly (number | Code)[];

/** The types of values. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

const typeBytes: { readonly [T in ValueType]: number } = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const empty = 0x40;

/** An unsigned LEB128 number. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** A signed LEB128 number. */
function signed(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

function opcode(code: number): number[] {
  return code < 0x100 ? [code] : [code >>> 16, ...unsigned(code & 0xffff)];
}

/** An instruction whose operands are on the stack. */
export function op(name: keyof typeof opcodes, ...operands: Code[]): Code {
  return [...operands, ...opcode(opcodes[name])];
}

/** A constant. */
export function i32(value: number): Code {
  return [0x41, ...signed(BigInt(value | 0))];
}

/** A constant. */
export function i64(value: bigint): Code {
  return [0x42, ...signed(BigInt.asIntN(64, value))];
}

const scratch = new DataView(new ArrayBuffer(16));

function scratchBytes(count: number): number[] {
  return Array.from({ length: count }, (_, i) => scratch.getUint8(i));
}

/** A constant. */
export function f32(value: number): Code {
  scratch.setFloat32(0, value, true);
  return [0x43, ...scratchBytes(4)];
}

/** A constant. */
export function f64(value: number): Code {
  scratch.setFloat64(0, value, true);
  return [0x44, ...scratchBytes(8)];
}

/** A vector constant of four equal 32-bit integers. */
export function i32x4(value: number): Code {
  for (let i = 0; i < 4; i++) scratch.setInt32(4 * i, value | 0, true);
  return [0xfd, 0x0c, ...scratchBytes(16)];
}

/** A vector constant of four equal floats. */
export function f32x4(value: number): Code {
  for (let i = 0; i < 4; i++) scratch.setFloat32(4 * i, value, true);
  return [0xfd, 0x0c, ...scratchBytes(16)];
}

/** A vector constant of two equal doubles. */
export function f64x2(value: number): Code {
  for (let i = 0; i < 2; i++) scratch.setFloat64(8 * i, value, true);
  return [0xfd, 0x0c, ...scratchBytes(16)];
}

/** A vector constant of two equal 64-bit integers. */
export function i64x2(value: bigint): Code {
  for (let i = 0; i < 2; i++) scratch.setBigInt64(8 * i, value, true);
  return [0xfd, 0x0c, ...scratchBytes(16)];
}

/** Selects bytes of two vectors by index (0 to 31). */
export function shuffle(lanes: readonly number[], a: Code, b: Code): Code {
  return [a, b, 0xfd, 0x0d, ...lanes];
}

/** A load, or a store with the value as the last operand. The offset is in bytes. */
export function memory(name: keyof typeof memoryOpcodes, offset: number, ...operands: Code[]): Code {
  const [code] = memoryOpcodes[name];
  // Alignment is a hint that engines ignore. 0 makes no promise.
  return [...operands, ...opcode(code), 0, ...unsigned(offset)];
}

/** A load into, or a store from, one lane of a vector. */
export function memoryLane(
  name: keyof typeof memoryLaneOpcodes,
  offset: number,
  lane: number,
  ...operands: Code[]
): Code {
  const [code] = memoryLaneOpcodes[name];
  return [...operands, ...opcode(code), 0, ...unsigned(offset), lane];
}

/** Reads or replaces a lane. */
export function lane(name: keyof typeof laneOpcodes, index: number, ...operands: Code[]): Code {
  return [...operands, ...opcode(laneOpcodes[name]), index];
}

/** A tuple of `Count` locals. */
export type Locals<Count extends number, Those extends Local[] = []> = Those["length"] extends Count ? Those
  : Locals<Count, [...Those, Local]>;

/** A local variable. */
export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** The value of a local. */
export function get(local: Local): Code {
  return [0x20, ...unsigned(local.index)];
}

/** Sets a local. */
export function set(local: Local, value: Code): Code {
  return [value, 0x21, ...unsigned(local.index)];
}

/** Sets a local and leaves the value on the stack. */
export function tee(local: Local, value: Code): Code {
  return [value, 0x22, ...unsigned(local.index)];
}

/** Calls a function by index. */
export function call(callee: { readonly index: number }, ...operands: Code[]): Code {
  return [...operands, 0x10, ...unsigned(callee.index)];
}

/** A block. `branch(depth)` leaves it. */
export function block(...body: Code[]): Code {
  return [0x02, empty, ...body, 0x0b];
}

/** A loop. `branch(depth)` repeats it. */
export function loop(...body: Code[]): Code {
  return [0x03, empty, ...body, 0x0b];
}

/** Leaves (or repeats) the block at a nesting depth. */
export function branch(depth: number): Code {
  return [0x0c, ...unsigned(depth)];
}

/** {@link branch} when the condition holds. */
export function branchIf(depth: number, condition: Code): Code {
  return [condition, 0x0d, ...unsigned(depth)];
}

/** Statements that run if a condition is true. */
export function when(condition: Code, then: Code, otherwise: Code | null = null): Code {
  return [condition, 0x04, empty, then, ...(otherwise === null ? [] : [0x05, otherwise]), 0x0b];
}

/** One of two values, by a condition. Only the chosen one is computed. */
export function choose(type: ValueType, condition: Code, then: Code, otherwise: Code): Code {
  return [condition, 0x04, typeBytes[type], then, 0x05, otherwise, 0x0b];
}

/** `while (condition) body`. */
export function whileLoop(condition: Code, ...body: Code[]): Code {
  return block(loop(branchIf(1, op("i32.eqz", condition)), ...body, branch(0)));
}

/** Builds a function. */
export class FunctionBuilder {
  readonly index: number;
  readonly params: readonly Local[];
  readonly results: readonly ValueType[];
  private readonly locals: ValueType[];
  private readonly body: Code[];

  constructor(index: number, params: readonly ValueType[], results: readonly ValueType[]) {
    this.index = index;
    this.params = params.map((type, i) => ({ index: i, type }));
    this.results = results;
    this.locals = [];
    this.body = [];
  }

  /** A new local variable, initially zero. */
  local(type: ValueType): Local {
    this.locals.push(type);
    return { index: this.params.length + this.locals.length - 1, type };
  }

  /** Appends statements. The last may leave the results on the stack. */
  emit(...code: Code[]): void {
    this.body.push(...code);
  }

  /** The body in the binary format, with its size first. */
  encode(): number[] {
    const bytes: number[] = [];
    bytes.push(...unsigned(this.locals.length));
    for (const type of this.locals) bytes.push(1, typeBytes[type]);
    flatten(this.body, bytes);
    bytes.push(0x0b);
    return [...unsigned(bytes.length), ...bytes];
  }
}

function flatten(code: Code, into: number[]): void {
  for (const item of code) {
    if (typeof item === "number") into.push(item);
    else flatten(item, into);
  }
}

/** The memory that a module imports as `env.memory`. */
export interface MemoryImport {
  readonly initial: number;
  readonly maximum: number;
  readonly shared: boolean;
}

/** Builds a module. */
export class ModuleBuilder {
  private readonly memory: MemoryImport;
  private readonly imports: { name: string; params: readonly ValueType[]; results: readonly ValueType[] }[] = [];
  private readonly functions: FunctionBuilder[] = [];
  private readonly exports: { name: string; index: number }[] = [];

  constructor(memory: MemoryImport) {
    this.memory = memory;
  }

  /** A function imported as `env.name`. Imports come before functions. */
  importFunction(
    name: string,
    params: readonly ValueType[],
    results: readonly ValueType[],
  ): { readonly index: number } {
    if (this.functions.length > 0) {
      throw new Error(`assembler: import "${name}" must come before the module's functions`);
    }
    const known = this.imports.findIndex((item) => item.name === name);
    if (known >= 0) return { index: known };
    this.imports.push({ name, params, results });
    return { index: this.imports.length - 1 };
  }

  /** A new function. It is exported if it has a name. */
  func(params: readonly ValueType[], results: readonly ValueType[], exportName?: string): FunctionBuilder {
    const built = new FunctionBuilder(this.imports.length + this.functions.length, params, results);
    this.functions.push(built);
    if (exportName !== undefined) this.exports.push({ name: exportName, index: built.index });
    return built;
  }

  /** The binary module. */
  build(): Uint8Array<ArrayBuffer> {
    const types = [
      ...this.imports,
      ...this.functions.map(({ params, results }) => ({ params: params.map((p) => p.type), results })),
    ];
    const text = (value: string): number[] => {
      const bytes = new TextEncoder().encode(value);
      return [...unsigned(bytes.length), ...bytes];
    };
    const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
    const section = (id: number, body: readonly number[]): number[] => [id, ...unsigned(body.length), ...body];
    const { initial, maximum, shared } = this.memory;
    const limits = [shared ? 3 : 1, ...unsigned(initial), ...unsigned(maximum)];
    const valueTypes = (list: readonly ValueType[]): number[] => vector(list.map((type) => [typeBytes[type]]));
    const bytes = [
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, vector(types.map(({ params, results }) => [0x60, ...valueTypes(params), ...valueTypes(results)]))),
      ...section(
        2,
        vector([
          [...text("env"), ...text("memory"), 0x02, ...limits],
          ...this.imports.map(({ name }, i) => [...text("env"), ...text(name), 0x00, ...unsigned(i)]),
        ]),
      ),
      ...section(3, vector(this.functions.map((_, i) => unsigned(this.imports.length + i)))),
      ...section(7, vector(this.exports.map(({ name, index }) => [...text(name), 0x00, ...unsigned(index)]))),
    ];
    const code = this.functions.map((built) => built.encode());
    const size = unsigned(code.length).length + code.reduce((n, body) => n + body.length, 0);
    const result: number[] = bytes;
    result.push(10, ...unsigned(size), ...unsigned(code.length));
    for (const body of code) for (const byte of body) result.push(byte);
    return Uint8Array.from(result);
  }
}
