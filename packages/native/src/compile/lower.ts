/** Turns a tree of code into linear code with virtual registers. */
import type { Code, FunctionBuilder, Local, Node, ValueType } from "@heddle/tensor/code";
import { conditions } from "../x86/assembler.ts";
import type { VectorInstructionName } from "../x86/instructions.ts";
import type { ConstantPool } from "./constant_pool.ts";
import { doubleBits, isList, singleBits, unwrap } from "./code_tree.ts";
import { flag, kinds, LinearCode, rowOf, rows, types } from "./linear_code.ts";
import type { Target } from "./target.ts";
import { Unsupported } from "./target.ts";

/** Stands for a register where the memory operand that was set last is meant. */
export const inMemory = -2;

/** What lowering a function needs of its module. */
export interface ModuleContext {
  readonly target: Target;
  readonly pool: ConstantPool;
  readonly checked: boolean;
  /** A function by its index. Throws {@link Unsupported} for imported ones. */
  callee(index: number): FunctionBuilder;
  /** The label of a function. */
  entry(index: number): number;
  newLabel(): number;
}

/** The beginnings of loops lie at multiples of so many bytes, as the processor fetches code in blocks. */
const loopAlignment = 32;

/** The offsets of arguments or parameters in the area for them, and its size. */
export function argumentOffsets(
  list: readonly ValueType[],
  vectorBytes: number,
): { offsets: readonly number[]; bytes: number } {
  let bytes = 0;
  const offsets = list.map((type) => {
    const size = type === "vector" ? vectorBytes : 8;
    bytes = Math.ceil(bytes / size) * size;
    bytes += size;
    return bytes - size;
  });
  return { offsets, bytes };
}

/** A rule computes an operation: it returns the register with the value, `target` if that is possible. */
export type Rule = (l: Lowering, args: readonly Code[], target: number) => number;

/** The rules for the kinds of operations. */
export interface Rules {
  readonly operations: { readonly [name: string]: Rule };
  lane(l: Lowering, node: Extract<Node, { kind: "lane" }>, target: number): number;
  memory(l: Lowering, node: Extract<Node, { kind: "memory" }>, target: number): number;
  memoryLane(l: Lowering, node: Extract<Node, { kind: "memoryLane" }>, target: number): number;
  wide(l: Lowering, node: Extract<Node, { kind: "wide" }>, target: number): number;
  shuffle(l: Lowering, node: Extract<Node, { kind: "shuffle" }>, target: number): number;
  /** Sets flags by a condition, and returns the condition code under which it holds. */
  condition(l: Lowering, code: Code): number;
  /** Sets the memory operand, and returns true, if the code is a load or a constant that the instruction can read from memory. */
  fold(l: Lowering, code: Code, row: number): boolean;
}

/** Lowers one function. */
export class Lowering {
  readonly code: LinearCode = new LinearCode();
  readonly context: ModuleContext;
  readonly built: FunctionBuilder;
  readonly rules: Rules;
  /** Whether instructions have EVEX prefixes: AVX-512. */
  readonly evex: boolean;
  /** The bytes of a vector. */
  readonly bytes: number;
  /** The vectors' length in prefixes: 0, 1 or 2. */
  readonly length: number;
  /** The bytes of the area for the arguments of calls. */
  outgoing = 0;
  /** The memory operand for the next instruction. */
  index = -1;
  disp = 0;
  memoryFlags = 0;
  /** Values that later instructions use. Those that are locals are copied when the local changes before. */
  private readonly held: number[] = [];
  private readonly localCount: number;
  /** Labels that a branch leads to, from the outermost block. */
  private readonly targets: number[] = [];
  private readonly exit: number;
  private readonly returned: number;

  constructor(context: ModuleContext, built: FunctionBuilder, rules: Rules) {
    this.context = context;
    this.built = built;
    this.rules = rules;
    this.evex = context.target === "avx512";
    this.bytes = built.vectorBytes;
    this.length = { 16: 0, 32: 1, 64: 2 }[this.bytes] ?? -1;
    if (this.length < 0 || this.length === 2 && !this.evex) {
      throw new Unsupported(`vectors of ${this.bytes} bytes for ${context.target}`);
    }
    for (const { type } of built.params) this.code.register(types[type]);
    for (const type of built.locals) this.code.register(types[type]);
    this.localCount = this.code.types.length;
    this.exit = context.newLabel();
    if (built.results.length > 1) throw new Unsupported("functions with several results");
    this.returned = built.results.length === 1 ? this.code.register(types[built.results[0]!]) : -1;
  }

  run(): void {
    const { built } = this;
    const { offsets } = argumentOffsets(built.params.map((param) => param.type), this.bytes);
    built.params.forEach((_, i) => this.emit(kinds.parameter, i, i, -1, -1, offsets[i]!));
    if (this.returned < 0) this.statement(built.body);
    else this.returnValue(built.body);
    this.label(this.exit);
    this.emit(kinds.ret, 0, -1, this.returned, -1, 0);
  }

  private returnValue(code: Code): void {
    const value = this.value(code, this.returned);
    if (value !== this.returned) this.move(this.returned, value);
  }

  // Instructions

  /** Appends an instruction without a memory operand. */
  emit(kind: number, row: number, d: number, a: number, b: number, imm: number, c: number = -1, disp = 0): void {
    this.code.emit(kind, row, d, a, b, c, -1, disp, imm, -1, 0);
  }

  /** Appends an instruction of integers whose operand b is a register or memory. */
  emitOperand(kind: number, row: number, d: number, a: number, b: number, imm: number): void {
    if (b !== inMemory) return this.emit(kind, row, d, a, b, imm);
    this.code.emit(kind, row, d, a, -1, -1, this.index, this.disp, imm, -1, this.memoryFlags);
  }

  /**
   * Appends a vector instruction.
   *
   * @param b a register, -1, or {@link inMemory}
   * @param c the old value of d, or the choosing vector of a blend
   * @param extra more flags; the length 3 stands for the function's
   */
  vector(
    name: VectorInstructionName,
    d: number,
    a: number,
    b: number,
    imm: number = 0,
    c: number = -1,
    mask: number = -1,
    extra: number = 3,
  ): number {
    const flags = (extra & 3) === 3 ? extra & ~3 | this.length : extra;
    if (b === inMemory) {
      this.code.emit(
        kinds.vector,
        rowOf[name],
        d,
        a,
        -1,
        c,
        this.index,
        this.disp,
        imm,
        mask,
        flags | this.memoryFlags,
      );
    } else {
      this.code.emit(kinds.vector, rowOf[name], d, a, b, c, -1, 0, imm, mask, flags);
    }
    return d;
  }

  /** Appends a store to the memory operand, in lanes whose bits in another vector are ones (AVX2). */
  maskedStore(name: VectorInstructionName, value: number, lanes: number): number {
    const flags = this.length | this.memoryFlags;
    this.code.emit(kinds.vector, rowOf[name], -1, value, lanes, -1, this.index, this.disp, 0, -1, flags);
    return -1;
  }

  register(type: ValueType | "mask"): number {
    return this.code.register(types[type]);
  }

  /** The target, or a new register if there is none, or if it is one of those that the instruction still reads. */
  result(type: ValueType, target: number, a: number = -1, b: number = -1): number {
    return target < 0 || target === a || target === b ? this.register(type) : target;
  }

  typeOf(v: number): number {
    return this.code.types[v]!;
  }

  move(d: number, a: number): void {
    this.emit(kinds.move, 0, d, a, -1, 0);
  }

  /** Binds a label, at a multiple of so many bytes. */
  label(label: number, alignment: number = 1): void {
    this.emit(kinds.label, alignment, -1, -1, -1, label);
  }

  private jump(label: number): void {
    this.emit(kinds.jump, 0, -1, -1, -1, label);
  }

  private jumpIf(condition: number, label: number): void {
    this.emit(kinds.jumpIf, condition, -1, -1, -1, label);
  }

  // Values that wait for later operands

  /** Keeps a value over the computation of the next operands. */
  hold(v: number): void {
    this.held.push(v);
  }

  /** The value that was held last: a copy if its local has changed. */
  release(): number {
    return this.held.pop()!;
  }

  /** Copies held values of a local (or of all) that is about to change. */
  private settle(local: number): void {
    const { held } = this;
    for (let i = 0; i < held.length; i++) {
      const v = held[i]!;
      if (v < 0 || v >= this.localCount || local >= 0 && v !== local) continue;
      const copy = this.code.register(this.typeOf(v));
      this.move(copy, v);
      for (let j = i; j < held.length; j++) if (held[j] === v) held[j] = copy;
    }
  }

  /** Computes two operands, in their order. */
  two(x: Code, y: Code): [number, number] {
    this.hold(this.value(x));
    const b = this.value(y);
    return [this.release(), b];
  }

  // Code

  /** Computes a value, into `target` if that is a register and it is possible; a local that is read is not copied. */
  value(code: Code, target: number = -1): number {
    if (isList(code)) {
      for (let i = 0; i < code.length - 1; i++) this.statement(code[i]!);
      const last = code.at(-1);
      if (last === undefined) return this.missing();
      return this.value(last, target);
    }
    switch (code.kind) {
      case "get":
        return code.local.index;
      case "i32": {
        const d = this.result("i32", target);
        this.emit(kinds.integer, 0, d, -1, -1, code.value);
        return d;
      }
      case "i64": {
        const d = this.result("i64", target);
        const [low, high] = [Number(code.value & 0xffff_ffffn) | 0, Number(code.value >> 32n) | 0];
        this.emit(kinds.integer, 0, d, -1, -1, low, -1, high);
        return d;
      }
      case "f32":
        return this.constant("f32", target, [singleBits(code.value)]);
      case "f64":
        return this.constant("f64", target, doubleBits(code.value));
      case "splat":
        return this.splat(code.low, code.high, target);
      case "lanes":
        if (4 * code.words.length !== this.bytes) {
          throw new Unsupported(`a vector constant of ${code.words.length} words for vectors of ${this.bytes} bytes`);
        }
        return this.constant("vector", target, code.words);
      case "op":
        if (code.name === "return" || code.name === "unreachable") {
          this.statement(code);
          return this.missing();
        }
        return this.operation(code.name)(this, code.args, target);
      case "lane":
        return this.rules.lane(this, code, target);
      case "memory":
        return this.rules.memory(this, code, target);
      case "memoryLane":
        return this.rules.memoryLane(this, code, target);
      case "wide":
        return this.rules.wide(this, code, target);
      case "shuffle":
        return this.rules.shuffle(this, code, target);
      case "tee":
        this.assign(code.local, code.value);
        return code.local.index;
      case "call":
        return this.call(code, target);
      case "if":
        if (code.type !== null) return this.choose(code, code.type, target);
        break;
      case "branch":
        // The code behind it does not run.
        this.statement(code);
        return this.missing();
    }
    throw new Unsupported(`a value of ${code.kind}`);
  }

  private operation(name: string): Rule {
    const rule = this.rules.operations[name];
    if (rule === undefined) throw new Unsupported(name);
    return rule;
  }

  /** The value of code that never comes to its end. */
  private missing(): number {
    return this.code.register(types.i32);
  }

  /** Code whose value, if it has one, is not used. */
  statement(code: Code): void {
    if (isList(code)) {
      for (const item of code) this.statement(item);
      return;
    }
    switch (code.kind) {
      case "op":
        if (code.name === "return") {
          if (this.returned >= 0) this.returnValue(code.args);
          else this.statement(code.args);
          return this.jump(this.exit);
        }
        // A trap would stop the process. Such code stays WebAssembly, where it throws.
        if (code.name === "unreachable") throw new Unsupported(code.name);
        if (code.name === "drop") return this.statement(code.args);
        this.value(code);
        return;
      case "memory":
        if (code.name.includes("store")) this.rules.memory(this, code, -1);
        else this.statement(code.args);
        return;
      case "memoryLane":
        if (code.name.includes("store")) this.rules.memoryLane(this, code, -1);
        else this.statement(code.args);
        return;
      case "wide":
        this.rules.wide(this, code, -1);
        return;
      case "set":
      case "tee":
        return this.assign(code.local, code.value);
      case "call":
        this.call(code, -1);
        return;
      case "block": {
        this.settle(-1);
        const label = this.context.newLabel();
        this.targets.push(label);
        this.statement(code.body);
        this.targets.pop();
        return this.label(label);
      }
      case "loop":
        return this.loop(code.body);
      case "branch": {
        const label = this.branchTarget(code.depth);
        if (code.condition === null) return this.jump(label);
        return this.jumpIf(this.rules.condition(this, code.condition), label);
      }
      case "if": {
        const [otherwise, done] = [this.context.newLabel(), this.context.newLabel()];
        this.settle(-1);
        const condition = this.rules.condition(this, code.condition);
        this.targets.push(done);
        this.jumpIf(condition ^ 1, code.otherwise === null ? done : otherwise);
        this.statement(code.then);
        if (code.otherwise !== null) {
          this.jump(done);
          this.label(otherwise);
          this.statement(code.otherwise);
        }
        this.targets.pop();
        return this.label(done);
      }
      case "get":
      case "i32":
      case "i64":
      case "f32":
      case "f64":
      case "splat":
      case "lanes":
        return;
      default:
        this.value(code);
    }
  }

  /**
   * A loop. If it begins by leaving under a condition and ends by repeating itself, the condition is tested at the end too, which saves
   * a jump per round.
   */
  private loop(body: readonly Code[]): void {
    this.settle(-1);
    const label = this.context.newLabel();
    this.targets.push(label);
    const first = body.length > 1 ? unwrap(body[0]!) : null;
    const last = unwrap(body.at(-1) ?? []);
    const leaves = first !== null && first.kind === "branch" && first.depth > 0 ? first.condition : null;
    const repeats = last !== null && last.kind === "branch" && last.depth === 0 && last.condition === null;
    this.label(label);
    this.code.depth++;
    if (leaves !== null && repeats) {
      const again = this.context.newLabel();
      this.statement(body[0]!);
      this.label(again, loopAlignment);
      this.statement(body.slice(1, -1));
      this.jumpIf(this.rules.condition(this, leaves) ^ 1, again);
      this.code.depth--;
      this.jump(this.branchTarget((first as Extract<Node, { kind: "branch" }>).depth));
    } else {
      this.statement(body);
      this.code.depth--;
    }
    this.targets.pop();
  }

  private branchTarget(depth: number): number {
    return this.targets.at(-1 - depth) ?? this.exit;
  }

  private assign(local: Local, code: Code): void {
    this.settle(local.index);
    const value = this.value(code, local.index);
    if (value !== local.index) {
      this.settle(local.index);
      this.move(local.index, value);
    }
  }

  private choose(node: Extract<Node, { kind: "if" }>, type: ValueType, target: number): number {
    const d = target >= 0 ? target : this.register(type);
    const [otherwise, done] = [this.context.newLabel(), this.context.newLabel()];
    this.settle(-1);
    const condition = this.rules.condition(this, node.condition);
    this.targets.push(done);
    this.jumpIf(condition ^ 1, otherwise);
    const into = (code: Code): void => {
      const value = this.value(code, d);
      if (value !== d && this.typeOf(value) === this.typeOf(d)) this.move(d, value);
    };
    into(node.then);
    this.jump(done);
    this.label(otherwise);
    into(node.otherwise!);
    this.targets.pop();
    this.label(done);
    return d;
  }

  private call(node: Extract<Node, { kind: "call" }>, target: number): number {
    const callee = this.context.callee(node.callee.index);
    const parameters = callee.params.map((param) => param.type);
    const hasVectors = [...parameters, ...callee.results].includes("vector");
    if (hasVectors && callee.vectorBytes !== this.bytes) {
      throw new Unsupported("calls with vectors of another size");
    }
    const { offsets, bytes } = argumentOffsets(parameters, this.bytes);
    const result = callee.results[0];
    this.outgoing = Math.max(this.outgoing, bytes, result === "vector" ? this.bytes : result === undefined ? 0 : 8);
    for (const arg of node.args) this.hold(this.value(arg));
    const args = node.args.map(() => this.release()).reverse();
    args.forEach((v, i) => this.emit(kinds.argument, 0, -1, v, -1, offsets[i]!));
    this.code.calls = true;
    this.emit(kinds.call, 0, -1, -1, -1, this.context.entry(node.callee.index));
    if (result === undefined) return -1;
    const d = this.result(result, target);
    this.emit(kinds.result, 0, d, -1, -1, 0);
    return d;
  }

  // Constants

  /** A constant from the pool. */
  constant(type: ValueType, target: number, words: readonly number[]): number {
    const d = this.result(type, target);
    if (words.every((word) => word === 0)) this.emit(kinds.zero, 0, d, -1, -1, 0);
    else this.emit(kinds.constant, 0, d, -1, -1, 0, -1, this.context.pool.offset(...words));
    return d;
  }

  splat(low: number, high: number, target: number = -1): number {
    const d = this.result("vector", target);
    if (low === 0 && high === 0) this.emit(kinds.zero, 0, d, -1, -1, 0);
    else this.emit(kinds.constant, 0, d, -1, -1, 0, -1, this.context.pool.repeated(low, high, this.bytes / 8));
    return d;
  }

  /** Sets the memory operand to a vector of equal lanes: one lane that is broadcast if the instruction can, or all. */
  constantOperand(row: number, low: number, high: number): void {
    const { broadcast } = rows[row]!;
    this.index = -1;
    if (this.evex && (broadcast === 8 || broadcast === 4 && low === high)) {
      this.memoryFlags = flag.pool | flag.broadcast;
      this.disp = this.context.pool.repeated(low, high, 1);
    } else {
      this.memoryFlags = flag.pool;
      this.disp = this.context.pool.repeated(low, high, this.bytes / 8);
    }
  }

  /** Sets the memory operand to words of the pool. */
  wholeConstant(words: readonly number[]): void {
    this.index = -1;
    this.memoryFlags = flag.pool;
    this.disp = this.context.pool.offset(...words);
  }

  // Memory

  /** Sets the memory operand to what an address and an offset mean. */
  address(code: Code, offset: number, bytes: number): void {
    this.setAddress(this.addressRegister(code), offset, bytes);
  }

  /** The register of an address, or -1 - address for a constant. */
  addressRegister(code: Code): number {
    const node = unwrap(code);
    if (node !== null && node.kind === "i32" && node.value >= 0) return -1 - node.value;
    return this.value(code);
  }

  /**
   * Sets the memory operand from a register of {@link addressRegister}.
   *
   * @param bytes the bytes that are read or written, or 0 if the address need not be in the memory
   * @param count a register with the number of items of so many bytes, or -1 for one
   */
  setAddress(register: number, offset: number, bytes: number, count: number = -1): void {
    this.memoryFlags = flag.memory;
    this.index = register < 0 ? -1 : register;
    this.disp = register < 0 ? -1 - register + offset : offset;
    // An index and a small displacement stay within what is reserved for the memory. Others are added in 32 bits, as is an address
    // beyond a displacement's range.
    if (register >= 0 && offset >= 65536) {
      const sum = this.register("i32");
      this.emit(kinds.aluImmediate, 0, sum, register, -1, offset | 0);
      this.index = sum;
      this.disp = 0;
    } else if (register < 0 && this.disp >= 2 ** 31) {
      const whole = this.register("i32");
      this.emit(kinds.integer, 0, whole, -1, -1, this.disp | 0);
      this.index = whole;
      this.disp = 0;
    }
    if (this.context.checked && bytes > 0) {
      const { index, disp } = this;
      this.code.emit(kinds.check, 0, -1, -1, count, -1, index, disp, bytes, -1, 0);
    }
  }

  /** The operand of an instruction: a register, or {@link inMemory} if it is a load or a constant that the instruction can read. */
  operand(code: Code, name: VectorInstructionName): number {
    return this.rules.fold(this, code, rowOf[name]) ? inMemory : this.value(code);
  }

  /** A test of a register against zero. */
  test(v: number): number {
    this.emit(kinds.test, 0, -1, v, -1, 0);
    return conditions.ne;
  }
}
