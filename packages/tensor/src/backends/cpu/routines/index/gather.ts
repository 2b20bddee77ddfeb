/** `out[i][j] = x[index[i][j]][j]`, for elements of any size. */
import { itemSize } from "../../../../dtype.ts";
import type { Attrs } from "../../../../prims/attrs.ts";
import { sizeOf } from "../../../../shape.ts";
import { type CodeModule, ModuleBuilder } from "../../../../code/module.ts";
import { type Code, get, i32, type Local, memory, op, set } from "../../../../code/tree.ts";
import type { Engine } from "../../engine.ts";
import { withIndices } from "./checked_indices.ts";
import { addMul, advance, times } from "../loops.ts";
import { cachedModule } from "../module_cache.ts";
import type { CpuOperand } from "../operand.ts";
import { loadScalar, movedAs, storeScalar } from "../scalars.ts";
import { innerStride, spaceOf, StridedLoop } from "../strided_loop.ts";

/** The elements that a chunk copies. */
const grain = 16384;

/** Copies `count` adjacent elements. Changes the locals. */
function copyRun(to: Local, from: Local, count: Local, bytes: number, vectors: Local): Code {
  const perRound = 64 / bytes;
  return [
    set(vectors, op("i32.shr_u", get(count), i32(Math.log2(perRound)))),
    set(count, op("i32.and", get(count), i32(perRound - 1))),
    times(
      vectors,
      [0, 16, 32, 48].map((at) => memory("vector.store", at, get(to), memory("vector.load", at, get(from)))),
      advance(to, 64),
      advance(from, 64),
    ),
    set(vectors, op("i32.shr_u", get(count), i32(Math.log2(16 / bytes)))),
    set(count, op("i32.and", get(count), i32(16 / bytes - 1))),
    times(
      vectors,
      memory("vector.store", 0, get(to), memory("vector.load", 0, get(from))),
      advance(to, 16),
      advance(from, 16),
    ),
    times(
      count,
      storeScalar(movedAs(bytes), get(to), loadScalar(movedAs(bytes), get(from))),
      advance(to, bytes),
      advance(from, bytes),
    ),
  ];
}

/** Generates the module. Operands are out, index and x. With `whole`, one index applies to a run of adjacent elements. */
function build(
  loop: StridedLoop<"stride">,
  bytes: number,
  whole: boolean,
): CodeModule {
  const module = new ModuleBuilder();
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run");
  const block = f.params[0]!;
  const [to, index, from, count] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const stride = f.local("i32");
  const steps = [f.local("i32"), f.local("i32"), f.local("i32")] as const;
  const chosen = (): Code => addMul(get(from), memory("i32.load", 0, get(index)), get(stride));
  const body = whole ? [set(from, chosen()), copyRun(to, from, count, bytes, f.local("i32"))] : times(
    count,
    storeScalar(movedAs(bytes), get(to), loadScalar(movedAs(bytes), chosen())),
    advance(to, get(steps[0])),
    advance(index, get(steps[1])),
    advance(from, get(steps[2])),
  );
  f.emit(
    set(stride, loop.read(block, "stride")),
    steps.map((step, o) => set(step, loop.step(block, o))),
    loop.each(f, [to, index, from], count, body),
  );
  return module;
}

/** The routine `gather`. */
export function gather(
  engine: Engine,
  [x, index]: readonly CpuOperand[],
  [out]: readonly CpuOperand[],
  { dim }: Attrs["gather"],
): void {
  const count = sizeOf(index!.shape);
  if (count === 0) return;
  const bytes = itemSize(x!.dtype);
  withIndices(engine, "gather", index!, dim, x!.shape[dim] ?? 1, (indices) => {
    const space = spaceOf(indices.shape, [
      { ...out!, bytes },
      { ...indices, bytes: 4 },
      { pointer: x!.pointer, strides: x!.strides.map((stride, d) => d === dim ? 0 : stride), bytes },
    ]);
    const whole = innerStride(space, 0) === 1 && innerStride(space, 1) === 0 && innerStride(space, 2) === 1;
    const rank = space.outer.length;
    const loop = new StridedLoop(rank, 3, ["stride"]);
    const entry = cachedModule(engine, `gather ${bytes} ${rank} ${whole}`, () => build(loop, bytes, whole));
    const params = loop.write(engine, space, { stride: (x!.strides[dim] ?? 0) * bytes });
    engine.parallel(entry, params, count, grain);
  });
}
