/** Generated loops over the elements of strided operands, with an inner loop along the innermost dimension. */
import type { FunctionBuilder } from "../../../code/module.ts";
import { type Code, get, i32, type Local, type Locals, op, set, whileLoop } from "../../../code/tree.ts";
import { collapse } from "../../../ir/collapse.ts";
import { addMul, least, Params } from "./loops.ts";

/** An operand of a loop: its address, strides in elements (one per dimension of the loop) and element size. */
export interface LoopOperand {
  readonly pointer: number;
  readonly strides: readonly number[];
  readonly bytes: number;
}

/** An iteration space with merged dimensions, none of size 1, and the innermost dimension separate. */
export interface Space {
  /** The sizes of the outer dimensions. */
  readonly outer: readonly number[];
  /** The size of the innermost dimension. */
  readonly inner: number;
  readonly operands: readonly LoopOperand[];
}

/** The iteration space of a shape and operands. */
export function spaceOf(shape: readonly number[], operands: readonly LoopOperand[]): Space {
  const merged = collapse(shape, operands.map(({ strides }) => strides), 0);
  const rank = merged.shape.length;
  return {
    outer: merged.shape.slice(0, -1),
    inner: rank === 0 ? 1 : merged.shape[rank - 1]!,
    operands: operands.map((operand, i) => ({ ...operand, strides: rank === 0 ? [1] : merged.operands[i]! })),
  };
}

/** The stride of an operand in the innermost dimension. */
export function innerStride(space: Space, operand: number): number {
  return space.operands[operand]!.strides.at(-1)!;
}

/**
 * Code for loops over spaces of a given rank and number of operands. `Extra` names further fields of the parameter block.
 */
export class StridedLoop<Extra extends string> {
  private readonly outerRank: number;
  private readonly operands: number;
  private readonly params: Params<string>;

  constructor(outerRank: number, operands: number, extra: readonly Extra[]) {
    this.outerRank = outerRank;
    this.operands = operands;
    const names = ["inner", ...extra];
    for (let o = 0; o < operands; o++) {
      names.push(`base${o}`, `step${o}`);
      for (let d = 0; d < outerRank; d++) names.push(`stride${o}.${d}`);
    }
    for (let d = 0; d < outerRank; d++) names.push(`size${d}`);
    this.params = new Params(names);
  }

  /** A field of the parameter block. */
  read(block: Local, name: Extra): Code {
    return this.params.read(block, name);
  }

  /** The stride of an operand in the innermost dimension, in bytes. */
  step(block: Local, operand: number): Code {
    return this.params.read(block, `step${operand}`);
  }

  /**
   * Visits the elements `begin` to `end - 1` (parameters 1 and 2 of a `Run`). `body` runs for pieces of the innermost dimension,
   * with the operands' addresses in `pointers` and the number of elements in `count`. It may change all of these.
   */
  each(f: FunctionBuilder, pointers: readonly Local[], count: Local, body: Code): Code {
    const [block, begin, end] = f.params as Locals<3>;
    const [row, column] = [f.local("i32"), f.local("i32")];
    const inner = this.params.read(block, "inner");
    return whileLoop(
      op("i32.lt_s", get(begin), get(end)),
      set(row, op("i32.div_u", get(begin), inner)),
      set(column, op("i32.sub", get(begin), op("i32.mul", get(row), inner))),
      set(count, least(op("i32.sub", inner, get(column)), op("i32.sub", get(end), get(begin)))),
      pointers.map((pointer, o) =>
        set(pointer, addMul(this.params.read(block, `base${o}`), get(column), this.params.read(block, `step${o}`)))
      ),
      this.locate(f, block, row, pointers),
      set(begin, op("i32.add", get(begin), get(count))),
      body,
    );
  }

  /**
   * Visits the rows `begin` to `end - 1`, each with the whole innermost dimension.
   */
  rows(f: FunctionBuilder, pointers: readonly Local[], body: Code): Code {
    const [block, begin, end] = f.params as Locals<3>;
    const row = f.local("i32");
    return whileLoop(
      op("i32.lt_s", get(begin), get(end)),
      set(row, get(begin)),
      pointers.map((pointer, o) => set(pointer, this.params.read(block, `base${o}`))),
      this.locate(f, block, row, pointers),
      set(begin, op("i32.add", get(begin), i32(1))),
      body,
    );
  }

  /** Adds the offsets of a row to the pointers. Changes the local `row`. */
  private locate(f: FunctionBuilder, block: Local, row: Local, pointers: readonly Local[]): Code {
    const at = f.local("i32");
    const code: Code[] = [];
    for (let d = this.outerRank - 1; d >= 0; d--) {
      const size = this.params.read(block, `size${d}`);
      code.push(set(at, d === 0 ? get(row) : op("i32.rem_u", get(row), size)));
      if (d > 0) code.push(set(row, op("i32.div_u", get(row), size)));
      pointers.forEach((pointer, o) => {
        code.push(set(pointer, addMul(get(pointer), get(at), this.params.read(block, `stride${o}.${d}`))));
      });
    }
    return code;
  }

  /** Writes the engine's parameter block for a space. */
  write(engine: Parameters<Params<string>["write"]>[0], space: Space, extra: Readonly<Record<Extra, number>>): number {
    const values: Record<string, number> = { inner: space.inner, ...extra };
    space.operands.forEach(({ pointer, strides, bytes }, o) => {
      values[`base${o}`] = pointer;
      values[`step${o}`] = strides[this.outerRank]! * bytes;
      for (let d = 0; d < this.outerRank; d++) values[`stride${o}.${d}`] = strides[d]! * bytes;
    });
    space.outer.forEach((size, d) => values[`size${d}`] = size);
    if (space.operands.length !== this.operands) throw new Error("a space of another number of operands");
    return this.params.write(engine, values);
  }
}
