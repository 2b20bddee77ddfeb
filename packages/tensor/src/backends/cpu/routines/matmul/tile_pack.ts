/** Packing for tiles: rounds operands to bfloat16, and lays them out as `tile_layout.ts` describes. */
import type { FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import {
  branchIf,
  call,
  type Code,
  get,
  i32,
  type Local,
  type Locals,
  loop,
  memory,
  op,
  set,
  when,
  wide,
} from "../../../../code/tree.ts";
import { type Element, loadFirst } from "../element.ts";
import { addMul, advance, least, range, times } from "../loops.ts";
import { type GemmField, gemmParams } from "./gemm_params.ts";
import { transpose } from "./pack.ts";
import { blockBytes, blockSteps, panelLines, stepBytes, tileBytes, tileLines } from "./tile_layout.ts";

const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");

/**
 * Adds a function `(params, source, panels, from, to)` that packs panels of a side. If lines are adjacent, all panels take 32 steps before
 * the next ones, since memory is fastest in long runs.
 */
export function packPanels(module: ModuleBuilder, side: "left" | "right", pack: FunctionBuilder): FunctionBuilder {
  const f = module.func(ints(5), []);
  const [p, source, panels, from, to] = f.params as Locals<5>;
  const [i, step, each] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const field = (name: GemmField): Code => gemmParams.read(p, name);
  const [line, inner] = side === "left" ? [field("leftM"), field("leftK")] : [field("rightN"), field("rightK")];
  const first = op("i32.mul", get(i), i32(panelLines));
  f.emit(
    set(each, field("k")),
    when(op("i32.ne", inner, i32(4)), set(each, i32(blockSteps))),
    when(
      get(each),
      loop(
        range(
          i,
          get(from),
          get(to),
          1,
          call(
            pack,
            addMul(addMul(get(source), first, line), get(step), inner),
            line,
            inner,
            least(op("i32.sub", field("k"), get(step)), get(each)),
            least(op("i32.sub", field(side === "left" ? "m" : "n"), first), i32(panelLines)),
            addMul(get(panels), op("i32.add", op("i32.mul", get(i), field("kPadded")), get(step)), i32(stepBytes)),
          ),
        ),
        set(step, op("i32.add", get(step), get(each))),
        branchIf(0, op("i32.lt_s", get(step), field("k"))),
      ),
    ),
  );
  return f;
}

/** Adds a function `(params, source, target, panel, from, steps)` that packs steps of a right panel. */
export function packRightPanel(module: ModuleBuilder, pack: FunctionBuilder): FunctionBuilder {
  const f = module.func(ints(6), []);
  const [p, source, target, panel, from, steps] = f.params as Locals<6>;
  const column = f.local("i32");
  const field = (name: GemmField): Code => gemmParams.read(p, name);
  f.emit(
    set(column, op("i32.mul", get(panel), i32(panelLines))),
    call(
      pack,
      addMul(addMul(get(source), get(column), field("rightN")), get(from), field("rightK")),
      field("rightN"),
      field("rightK"),
      get(steps),
      least(op("i32.sub", field("n"), get(column)), i32(panelLines)),
      get(target),
    ),
  );
  return f;
}

/**
 * Adds to a module a function `(from, line, inner, steps, lines, to)` that packs up to 32 lines of an operand: rows of the left, or
 * columns of the right. In the source, lines are `line` bytes apart and steps `inner` bytes; one of both is an element, or there is a
 * single line. Steps are filled up with zeros to whole blocks. What lines that are not there hold is not defined.
 */
export function packTiles(module: ModuleBuilder, e: Element, side: "left" | "right"): FunctionBuilder {
  const f = module.func(ints(6), [], undefined, e.vectorBytes);
  const [from, line, inner, steps, lines, to] = f.params as Locals<6>;
  const names = ["source", "target", "count", "rest", "here"] as const;
  const [source, target, count, rest, here] = names.map(() => f.local("i32")) as Locals<5>;
  const pairs = Array.from({ length: tileLines }, () => f.local("vector"));
  const turned = transpose(e, f, pairs);
  const storeAll = (vectors: readonly Local[]): Code =>
    vectors.map((vector, i) => memory("vector.store", e.vectorBytes * i, get(target), get(vector)));
  /** The least of `value` and `most`, and at least 0. */
  const within = (value: Code, most: number): Code =>
    op("select", i32(0), least(value, i32(most)), op("i32.lt_s", value, i32(0)));

  /** 32 steps of a line, of which `rest` are there, for a source whose steps are adjacent. */
  const along = (at: Local, all: boolean): Code => {
    const half = (i: number): Code => {
      if (all) return memory("vector.load", i * e.vectorBytes, get(at));
      return loadFirst(e, i * e.vectorBytes, get(at), within(op("i32.sub", get(rest), i32(i * e.lanes)), e.lanes));
    };
    return wide("round_both", 0, half(0), half(1));
  };
  /** A line after the other. */
  const lineByLine: Code = [
    set(here, least(get(lines), i32(tileLines))),
    set(source, get(from)),
    set(target, get(to)),
    loop(
      set(count, op("i32.div_u", get(steps), i32(blockSteps))),
      times(
        count,
        memory("vector.store", 0, get(target), along(source, true)),
        advance(source, blockSteps * e.bytes),
        advance(target, blockBytes),
      ),
      set(rest, op("i32.rem_u", get(steps), i32(blockSteps))),
      when(get(rest), memory("vector.store", 0, get(target), along(source, false))),
      // Back to the beginning, and on to the next line.
      set(count, op("i32.div_u", get(steps), i32(blockSteps))),
      set(
        source,
        op("i32.sub", op("i32.add", get(source), get(line)), op("i32.mul", get(count), i32(blockSteps * e.bytes))),
      ),
      set(target, op("i32.sub", get(target), op("i32.mul", get(count), i32(blockBytes)))),
      advance(target, e.vectorBytes),
      set(here, op("i32.sub", get(here), i32(1))),
      branchIf(0, get(here)),
    ),
  ];
  /** Sixteen lines at once, whose tiles are transposed. Lines that are not there are the last one again. */
  const linesTogether = (): Code => {
    const at = pairs.map(() => f.local("i32"));
    const step = (i: number): Code => op("select", get(line), i32(0), op("i32.gt_s", get(lines), i32(i)));
    const block = (all: boolean): Code => [
      pairs.map((pair, i) => [set(pair, along(at[i]!, all)), advance(at[i]!, blockSteps * e.bytes)]),
      turned.code,
      storeAll(turned.columns),
      advance(target, blockBytes),
    ];
    return [
      at.map((pointer, i) => set(pointer, i === 0 ? get(from) : op("i32.add", get(at[i - 1]!), step(i)))),
      set(target, get(to)),
      set(count, op("i32.div_u", get(steps), i32(blockSteps))),
      times(count, block(true)),
      set(rest, op("i32.rem_u", get(steps), i32(blockSteps))),
      when(get(rest), block(false)),
    ];
  };
  /** For a source whose lines are adjacent: pairs of steps, of 16 lines, of which `here` are there. */
  const across = (): Code => {
    const both = (all: boolean): Code =>
      pairs.map((pair, i) => {
        const load = (s: number): Code => {
          const at = s % 2 === 0 ? get(source) : op("i32.add", get(source), get(inner));
          if (all) return memory("vector.load", 0, at);
          return loadFirst(e, 0, at, op("select", get(here), i32(0), op("i32.gt_s", get(rest), i32(s))));
        };
        return [
          set(pair, wide("zip_halves16", 0, wide("round_both", 0, load(2 * i), load(2 * i + 1)))),
          set(source, addMul(get(source), get(inner), i32(2))),
        ];
      });
    return [
      set(here, least(get(lines), i32(tileLines))),
      set(source, get(from)),
      set(target, get(to)),
      set(rest, get(steps)),
      when(
        get(rest),
        loop(
          when(
            op("i32.and", op("i32.eq", get(here), i32(tileLines)), op("i32.ge_s", get(rest), i32(blockSteps))),
            both(true),
            both(false),
          ),
          side === "left" ? [turned.code, storeAll(turned.columns)] : storeAll(pairs),
          advance(target, blockBytes),
          set(rest, op("i32.sub", get(rest), i32(blockSteps))),
          branchIf(0, op("i32.gt_s", get(rest), i32(0))),
        ),
      ),
    ];
  };
  f.emit(
    loop(
      when(op("i32.eq", get(inner), i32(e.bytes)), side === "left" ? lineByLine : linesTogether(), across()),
      set(from, addMul(get(from), get(line), i32(tileLines))),
      advance(to, tileBytes),
      set(lines, op("i32.sub", get(lines), i32(tileLines))),
      branchIf(0, op("i32.gt_s", get(lines), i32(0))),
    ),
  );
  return f;
}
