/** Control flow and parameter blocks for generated routines. */
import type { FunctionBuilder } from "../../../code/module.ts";
import { block, branch, branchIf, type Code, get, i32, type Local, loop, memory, op, set } from "../../../code/tree.ts";
import type { Engine } from "../engine.ts";
import { ParamBlock } from "../params.ts";

/** New 32-bit locals by name. */
export function locals<const Names extends readonly string[]>(
  f: FunctionBuilder,
  ...names: Names
): Readonly<Record<Names[number], Local>> {
  return Object.fromEntries(names.map((name) => [name, f.local("i32")])) as Record<Names[number], Local>;
}

/** `for (i = from; i < to; i += step) body`, for signed numbers. */
export function range(i: Local, from: Code, to: Code, step: number, ...body: Code[]): Code {
  return [
    set(i, from),
    block(loop(
      branchIf(1, op("i32.ge_s", get(i), to)),
      ...body,
      set(i, op("i32.add", get(i), i32(step))),
      branch(0),
    )),
  ];
}

/** Runs the body `count` times, counting the local down to 0. */
export function times(count: Local, ...body: Code[]): Code {
  return block(
    branchIf(0, op("i32.eqz", get(count))),
    loop(
      ...body,
      set(count, op("i32.sub", get(count), i32(1))),
      branchIf(0, get(count)),
    ),
  );
}

/** {@link times}, unrolled by `turns`. `rest` counts the remaining iterations. */
export function unrolled(count: Local, rest: Local, turns: number, body: Code): Code {
  return [
    set(rest, op("i32.rem_u", get(count), i32(turns))),
    set(count, op("i32.div_u", get(count), i32(turns))),
    times(count, new Array<Code>(turns).fill(body)),
    times(rest, body),
  ];
}

/** Advances a pointer. */
export function advance(pointer: Local, by: Code | number): Code {
  return set(pointer, op("i32.add", get(pointer), typeof by === "number" ? i32(by) : by));
}

/** `a + b · c`. */
export function addMul(a: Code, b: Code, c: Code): Code {
  return op("i32.add", a, op("i32.mul", b, c));
}

/** The address of a plane by its number, which counts channels within images: the image at `x` has one each `xChannel` bytes. */
export function planeAddress(plane: Local, field: (name: "channels" | "x" | "xBatch" | "xChannel") => Code): Code {
  return addMul(
    addMul(field("x"), op("i32.div_s", get(plane), field("channels")), field("xBatch")),
    op("i32.rem_s", get(plane), field("channels")),
    field("xChannel"),
  );
}

/** The smaller of two signed numbers. Both are evaluated twice. */
export function least(a: Code, b: Code): Code {
  return op("select", a, b, op("i32.lt_s", a, b));
}

/** A parameter block: named 32-bit fields that JavaScript writes and generated code reads. */
export class Params<Name extends string> {
  private readonly names: readonly Name[];

  constructor(names: readonly Name[]) {
    this.names = names;
  }

  /** A field's value, read through a pointer to the block. */
  read(pointer: Local, name: Name): Code {
    return memory("i32.load", 4 * this.names.indexOf(name), get(pointer));
  }

  /** The values in the order of the fields. */
  list(values: Readonly<Record<Name, number>>): number[] {
    return this.names.map((name) => values[name]);
  }

  /** Writes the engine's parameter block, which is valid until the next call. Returns its address. */
  write(engine: Engine, values: Readonly<Record<Name, number>>): number {
    const pointer = blockOf(engine).of(this.names.length);
    const { words } = engine.heap;
    const first = pointer / 4;
    for (let i = 0; i < this.names.length; i++) words[first + i] = values[this.names[i]!];
    return pointer;
  }
}

const blocks: WeakMap<Engine, ParamBlock> = new WeakMap();

function blockOf(engine: Engine): ParamBlock {
  let block = blocks.get(engine);
  if (block === undefined) blocks.set(engine, block = new ParamBlock(engine.heap));
  return block;
}
