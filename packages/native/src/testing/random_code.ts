/** Random modules of generated code, whose results do not depend on what WebAssembly leaves open. */
import { type FunctionBuilder, ModuleBuilder } from "@heddle/tensor/code";
import { laneOperations, type Operation, operations, type ValueType } from "@heddle/tensor/code";
import {
  block,
  branchIf,
  call,
  choose,
  type Code,
  f32,
  f64,
  get,
  i32,
  i64,
  lane,
  type Local,
  memory,
  memoryLane,
  op,
  set,
  shuffle,
  tee,
  when,
  whileLoop,
  wide,
} from "@heddle/tensor/code";
import { floatBytes, operandTypes, resultType } from "./signatures.ts";
import { fill, type Random } from "./values.ts";

const valueTypes: readonly ValueType[] = ["i32", "i64", "f32", "f64", "vector"];

/** Operations by the type of their result. Divisions trap, and fused operations need not be fused in WebAssembly. */
const byResult = new Map<ValueType, Operation[]>(valueTypes.map((type) => [type, []]));
for (const name of Object.keys(operations) as Operation[]) {
  if (!name.includes(".") || /memory\.grow|relaxed|\.(div|rem)_|swizzle/.test(name)) continue;
  byResult.get(resultType(name))!.push(name);
}

/** The memory that random code reads and writes. */
export const area = { start: 8192, bytes: 8192 } as const;

const scratch = new DataView(new ArrayBuffer(16));

class Generator {
  private readonly f: FunctionBuilder;
  private readonly random: Random;
  private readonly callees: readonly FunctionBuilder[];
  private readonly locals: Map<ValueType, Local[]>;
  private readonly fused: boolean;
  private loops = 0;

  constructor(f: FunctionBuilder, random: Random, callees: readonly FunctionBuilder[], locals: number, fused: boolean) {
    this.f = f;
    this.random = random;
    this.callees = callees;
    this.fused = fused;
    this.locals = new Map(valueTypes.map((type) => [
      type,
      [
        ...f.params.filter((param) => param.type === type),
        ...Array.from({ length: 1 + random.below(locals) }, () => f.local(type)),
      ],
    ]));
  }

  private local(type: ValueType): Local {
    return this.random.pick(this.locals.get(type)!);
  }

  private constant(type: ValueType): Code {
    const { random } = this;
    fill(scratch, 0, type, random);
    switch (type) {
      case "i32":
        return i32(scratch.getInt32(0, true));
      case "i64":
        return i64(scratch.getBigInt64(0, true));
      case "f32":
        return f32(numeric(scratch.getFloat32(0, true)));
      case "f64":
        return f64(numeric(scratch.getFloat64(0, true)));
      case "vector": {
        const low = random.pick([0, -1, 1, 0x3f800000, 0x40490fdb, random.bits() | 0]);
        return { kind: "splat", low, high: random.below(3) === 0 ? random.bits() | 0 : low };
      }
    }
  }

  /** An address in the area. */
  private address(depth: number): Code {
    if (this.random.below(4) === 0) return i32(area.start + this.random.below(area.bytes - 256));
    return op("i32.add", op("i32.and", this.value("i32", depth - 1), i32(area.bytes / 2 - 1)), i32(area.start));
  }

  /** 0 in the place of NaN, whose bits may differ. */
  private withoutNaN(code: Code, type: ValueType, bytes: 4 | 8): Code {
    if (type !== "vector") {
      const x = this.f.local(type);
      const zero = type === "f32" ? f32(0) : f64(0);
      return [set(x, code), op("select", get(x), zero, op(`${type as "f32"}.eq`, get(x), get(x)))];
    }
    const x = this.f.local("vector");
    const same = op(bytes === 4 ? "f32x.eq" : "f64x.eq", get(x), get(x));
    if (this.random.below(2) === 0) return [set(x, code), op("vector.and", get(x), same)];
    return [set(x, code), op("vector.bitselect", get(x), this.constant("vector"), same)];
  }

  value(type: ValueType, depth: number): Code {
    const { random } = this;
    if (depth <= 0) return random.below(3) === 0 ? this.constant(type) : get(this.local(type));
    const again = (of: ValueType): Code => this.value(of, depth - 1 - random.below(2));
    switch (random.below(14)) {
      case 0:
        return get(this.local(type));
      case 1:
        return tee(this.local(type), again(type));
      case 2:
        return choose(type, again("i32"), again(type), again(type));
      case 3:
        return op("select", again(type), again(type), again("i32"));
      case 4:
      case 5:
        return memory(`${type}.load`, random.below(64), this.address(depth));
      case 6: {
        const callee = this.callees.find(({ results }) => results[0] === type);
        if (callee === undefined || random.below(3) > 0) break;
        return call(callee, ...callee.params.map((param) => again(param.type)));
      }
      case 7:
        if (type === "vector") return this.special(depth);
        return this.lane(type, depth);
    }
    const name = random.pick(byResult.get(type)!);
    const code = op(name, ...operandTypes(name).map(again));
    // The interpreter does not keep the bits of NaN where WebAssembly does.
    const bytes = floatBytes(name, !this.fused);
    return bytes === 0 ? code : this.withoutNaN(code, type, bytes);
  }

  private lane(type: ValueType, depth: number): Code {
    const name = `${type}x.extract_lane` as keyof typeof laneOperations;
    const lanes = this.f.vectorBytes / (type.endsWith("32") ? 4 : 8);
    return lane(name, this.random.below(lanes), this.value("vector", depth - 1));
  }

  /** A vector from an operation of its own kind. */
  private special(depth: number): Code {
    const { random } = this;
    const again = (type: ValueType): Code => this.value(type, depth - 1);
    const { vectorBytes } = this.f;
    switch (random.below(5)) {
      case 0: {
        const type = random.pick(["i32", "i64", "f32", "f64"] as const);
        const lanes = vectorBytes / (type.endsWith("32") ? 4 : 8);
        return lane(`${type}x.replace_lane`, random.below(lanes), again("vector"), again(type));
      }
      case 1: {
        const name = random.pick(
          [
            "vector.load32_splat",
            "vector.load64_splat",
            "vector.load8x8_u",
            "vector.load16x4_s",
            "vector.load_half",
          ] as const,
        );
        return memory(name, random.below(32), this.address(depth));
      }
      case 2: {
        if (!this.fused) break;
        const name = random.pick(["f32x.relaxed_madd", "f32x.relaxed_nmadd", "f64x.relaxed_madd"] as const);
        return this.withoutNaN(
          op(name, again("vector"), again("vector"), again("vector")),
          "vector",
          name.startsWith("f32") ? 4 : 8,
        );
      }
    }
    if (vectorBytes === 16) {
      if (random.below(2) === 0) {
        return memoryLane("vector.load32_lane", random.below(9), random.below(4), this.address(depth), again("vector"));
      }
      const bytes = Array.from({ length: 16 }, () => random.below(32));
      return shuffle(bytes, again("vector"), again("vector"));
    }
    const lanes = vectorBytes / 4;
    const count = op("i32.and", again("i32"), i32(lanes - 1));
    switch (random.below(5)) {
      case 0:
        return wide("choose_first32", 0, count, again("vector"), again("vector"));
      case 1:
        return wide("load_first32", random.below(9), this.address(depth), count);
      case 2:
        return wide("turn", random.below(lanes), again("vector"));
      case 3: {
        const piece = memoryLane(
          "vector.load32_lane",
          random.below(9),
          random.below(4),
          this.address(depth),
          again("vector"),
        );
        return wide("with_quarter", random.below(lanes / 4), again("vector"), piece);
      }
      default:
        return wide("shuffle_quads", random.below(256), again("vector"), again("vector"));
    }
  }

  statement(depth: number): Code {
    const { random } = this;
    switch (random.below(depth > 0 ? 10 : 5)) {
      case 0:
      case 1:
      case 2: {
        const type = random.pick(valueTypes);
        return set(this.local(type), this.value(type, 3));
      }
      case 3: {
        const type = random.pick(valueTypes);
        return memory(`${type}.store`, random.below(64), this.address(2), this.value(type, 3));
      }
      case 4: {
        const { vectorBytes } = this.f;
        if (vectorBytes === 16 || random.below(2) === 0) {
          const name = random.pick(["vector.store32_lane", "vector.store16_lane"] as const);
          return memoryLane(name, random.below(9), random.below(4), this.address(2), this.value("vector", 2));
        }
        if (random.below(8) === 0) return wide("prefetch", random.below(9), this.value("i32", 1));
        const count = op("i32.and", this.value("i32", 1), i32(vectorBytes / 4 - 1));
        return wide("store_first32", random.below(9), this.address(2), this.value("vector", 2), count);
      }
      case 5:
      case 6: {
        if (this.loops >= 2) return this.statement(0);
        this.loops++;
        const i = this.f.local("i32");
        const body = this.statements(depth - 1, 4);
        this.loops--;
        return [
          set(i, i32(0)),
          whileLoop(op("i32.lt_s", get(i), i32(1 + random.below(4))), ...body, set(i, op("i32.add", get(i), i32(1)))),
        ];
      }
      case 7:
        return when(
          this.value("i32", 2),
          this.statements(depth - 1, 3),
          random.below(2) === 0 ? null : this.statements(depth - 1, 3),
        );
      case 8:
        return block(
          ...this.statements(depth - 1, 2),
          branchIf(0, this.value("i32", 2)),
          ...this.statements(depth - 1, 2),
        );
      default: {
        const type = random.pick(valueTypes);
        return op("drop", this.value(type, 3));
      }
    }
  }

  statements(depth: number, most: number): Code[] {
    return Array.from({ length: 1 + this.random.below(most) }, () => this.statement(depth));
  }

  /** Stores every local. */
  report(): Code[] {
    let at = area.start + area.bytes;
    return [...this.locals].flatMap(([type, list]) =>
      list.map((local) => {
        at += 64;
        return memory(`${type}.store`, 0, i32(at), get(local));
      })
    );
  }
}

function numeric(x: number): number {
  return Number.isNaN(x) ? 1 : x;
}

/**
 * A random module with a function "run".
 *
 * @param fused whether there may be fused multiplications and additions
 */
export function randomModule(random: Random, vectorBytes: number, fused: boolean): ModuleBuilder {
  const module = new ModuleBuilder();
  const functions: FunctionBuilder[] = [];
  for (let n = random.below(4); n > 0; n--) {
    const result = random.pick(valueTypes);
    const params = Array.from({ length: random.below(9) }, () => random.pick(valueTypes));
    const f = module.func(params, [result], undefined, vectorBytes);
    const generator = new Generator(f, random, [...functions], 1 + random.below(6), fused);
    f.emit(...generator.statements(1, 3));
    // The interpreter of wide vectors does not know returned values.
    if (!fused && random.below(2) === 0) {
      f.emit(when(generator.value("i32", 2), op("return", generator.value(result, 2))));
    }
    f.emit(generator.value(result, 3));
    functions.unshift(f);
  }
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run", vectorBytes);
  const generator = new Generator(f, random, functions, 1 + random.below(14), fused);
  f.emit(...generator.statements(3, 8), ...generator.report());
  return module;
}
