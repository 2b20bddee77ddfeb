/** Applies a vector function to whole arrays, for tests and benchmarks. */
import { ModuleBuilder } from "../../../code/module.ts";
import { type Code, get, i32, memory, op, set, whileLoop } from "../../../code/tree.ts";
import { Engine } from "../engine.ts";
import type { CompiledModule } from "../compiled_module.ts";
import type { BinaryExpander, UnaryExpander } from "../math/lanes.ts";

/** The number of vectors per iteration of the loop. */
const unroll = 2;

/** A vector function compiled for arrays in its own heap. Lengths are rounded up to whole iterations. */
export class ArrayFunction {
  private readonly engine: Engine;
  private readonly entry: CompiledModule;
  private readonly pointers: readonly number[];
  private readonly params: number;
  readonly length: number;

  constructor(arity: 1 | 2, expand: UnaryExpander | BinaryExpander, length: number, fused?: boolean) {
    const round = 4 * unroll;
    this.length = Math.ceil(length / round) * round;
    const engine = this.engine = new Engine({});
    const module = new ModuleBuilder();
    const run = module.func(["i32", "i32", "i32", "i32"], [], "run");
    const [params, begin, end] = run.params as [typeof run.params[0], typeof run.params[0], typeof run.params[0]];
    const cursors = Array.from({ length: arity + 1 }, () => run.local("i32"));
    const steps: Code[] = [];
    for (let u = 0; u < unroll; u++) {
      const inputs = cursors.slice(0, arity).map((cursor) => memory("vector.load", 16 * u, get(cursor)));
      const value = arity === 1
        ? (expand as UnaryExpander)(run, inputs[0]!, fused)
        : (expand as BinaryExpander)(run, inputs[0]!, inputs[1]!, fused);
      steps.push(memory("vector.store", 16 * u, get(cursors[arity]!), value));
    }
    for (const cursor of cursors) steps.push(set(cursor, op("i32.add", get(cursor), i32(4 * round))));
    run.emit(
      ...cursors.map((cursor, i) =>
        set(cursor, op("i32.add", memory("i32.load", 4 * i, get(params)), op("i32.shl", get(begin), i32(2))))
      ),
      whileLoop(op("i32.lt_s", get(begin), get(end)), ...steps, set(begin, op("i32.add", get(begin), i32(round)))),
    );
    this.entry = engine.compile("array function", () => module);
    this.pointers = cursors.map(() => engine.heap.alloc(4 * this.length));
    this.params = engine.heap.alloc(64);
    new Int32Array(engine.heap.bytes.buffer, this.params, arity + 1).set(this.pointers);
  }

  /** The memory of an operand. The last operand is the result. */
  operand(index: number): Float32Array {
    return new Float32Array(this.engine.heap.bytes.buffer, this.pointers.at(index)!, this.length);
  }

  /** Computes the first `count` elements. */
  run(count: number = this.length): void {
    this.entry.run(this.params, 0, count, 0);
  }
}
