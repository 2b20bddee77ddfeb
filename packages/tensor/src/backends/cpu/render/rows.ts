/** Generates the module of a row kernel. Each item is a row, with one pass for each step over its elements. */
import type { DType } from "../../../dtype.ts";
import type { Expr } from "../../../ir/kernel.ts";
import { type RowKernel, type RowStep, stepExpressions } from "../../../ir/rows.ts";
import { type CodeModule, type FunctionBuilder, ModuleBuilder } from "../../../code/module.ts";
import {
  type Code,
  get,
  i32,
  lanes,
  type Local,
  type Locals,
  memory,
  op,
  set,
  shuffle,
  whileLoop,
  wide,
} from "../../../code/tree.ts";
import { add, increase, times } from "./address.ts";
import { type Hosts, importHosts, type Leaf, renderExpression, renderExpressions } from "./expression.ts";
import { lanesOf } from "./expression_analysis.ts";
import {
  type Extent,
  laneDType,
  laneKind,
  loadFirst,
  loadSplat,
  loadStrided,
  loadUnit,
  type Step,
  storeFirst,
  storeStrided,
  storeUnit,
} from "./lanes.ts";
import { elementBytes, hasMaskedTails, type Layout, layoutOf, stepOf } from "./plan.ts";
import { accumulatorCount, Accumulators, eachFirst, runLength } from "./reduction.ts";

/** The access pattern of each operand (inputs, then outputs) along a row's last dimension. */
export function rowSteps({ shape, inputs, outputs }: RowKernel): readonly Step[] {
  return [...inputs, ...outputs].map(({ strides }) => stepOf(strides[shape.length - 1] ?? 0));
}

type Walk = Extract<RowStep, { kind: "walk" }>;

class RowGenerator {
  private readonly kernel: RowKernel;
  private readonly f: FunctionBuilder;
  private readonly hosts: Hosts;
  private readonly layout: Layout;
  private readonly lanes: number;
  private readonly masked: boolean;
  private readonly steps: readonly Step[];
  private readonly dtypes: readonly DType[];
  /** The operands' addresses at the beginning of the row, of the current segment, and within it. */
  private readonly rows: readonly Local[];
  private readonly segments: readonly Local[];
  private readonly cursors: readonly Local[];
  private readonly strides: readonly (Local | null)[];
  private readonly values: Local[] = [];
  private readonly scalars: Map<number, Local> = new Map();
  /** The position of the next element in the row, and the constants 0, 1, 2 and so on. */
  private readonly column: Local;
  private readonly iota: Local;
  /** The operands that each walk fetches into the cache ahead of their use. */
  private readonly fetched: Map<Walk, number[]> = new Map();

  constructor(kernel: RowKernel, f: FunctionBuilder, hosts: Hosts) {
    this.masked = f.vectorBytes > 16;
    this.kernel = kernel;
    this.f = f;
    this.hosts = hosts;
    const operands = [...kernel.inputs, ...kernel.outputs];
    const exprs = kernel.steps.flatMap(stepExpressions);
    this.layout = layoutOf(kernel.shape.length, operands.length);
    this.lanes = lanesOf(f.vectorBytes, exprs);
    this.steps = rowSteps(kernel);
    this.dtypes = operands.map(({ dtype }) => dtype);
    this.rows = operands.map(() => f.local("i32"));
    this.segments = operands.map(() => f.local("i32"));
    this.cursors = operands.map(() => f.local("i32"));
    this.strides = this.steps.map((step, i) => {
      if (step !== "strided") return null;
      const local = f.local("i32");
      f.emit(set(local, this.word(this.layout.stride(i, kernel.shape.length - 1))));
      return local;
    });
    this.column = f.local("i32");
    this.iota = f.local("vector");
    if (kernel.sources.some(({ from }) => from === "column")) {
      f.emit(set(this.iota, lanes(Array.from({ length: f.vectorBytes / 4 }, (_, i) => i))));
    }
    exprs.forEach((expr) => this.readScalars(expr));
    if (f.vectorBytes > 16 && kernel.shape.length > 1) this.chooseFetched();
  }

  /**
   * Memory waits while a row is walked again, and prefetchers of processors do not know where the next segment lies. So the last walk
   * over a row of one segment fetches the next row, and the first walk over one of many segments the next segment.
   */
  private chooseFetched(): void {
    const walks = this.kernel.steps.filter((step) => step.kind === "walk");
    this.steps.forEach((step, operand) => {
      if (step !== "unit") return;
      const touching = walks.filter((walk) => this.operandsOf(walk).includes(operand));
      const walk = touching.at(this.kernel.inner > 1 ? 0 : -1);
      if (walk !== undefined) this.fetched.set(walk, [...this.fetched.get(walk) ?? [], operand]);
    });
  }

  /** The operands that a walk reads or writes. */
  private operandsOf({ reduce, write }: Walk): number[] {
    const sources = this.sourcesOf([...reduce, ...write].map(({ expr }) => expr));
    const read = sources.map((source) => this.operandOf(source)).filter((operand) => operand !== null);
    return [...new Set([...read, ...write.map(({ output }) => this.kernel.inputs.length + output)])];
  }

  private word(index: number): Code {
    return memory("i32.load", 4 * index, get(this.f.params[0]!));
  }

  private readScalars(expr: Expr): void {
    if (expr.op === "scalar") {
      if (this.scalars.has(expr.index)) return;
      const local = this.f.local("vector");
      this.scalars.set(expr.index, local);
      const dtype = laneDType(laneKind(expr.dtype)!);
      this.f.emit(set(local, loadSplat(dtype, add(get(this.f.params[0]!), i32(4 * this.layout.scalar(expr.index))))));
    } else if (expr.op !== "input") expr.args.forEach((arg) => this.readScalars(arg));
  }

  private operandOf(source: number): number | null {
    const from = this.kernel.sources[source]!;
    if (from.from === "input") return from.operand;
    return from.from === "output" ? this.kernel.inputs.length + from.operand : null;
  }

  private expression(expr: Expr, leaf: (leaf: Leaf) => Code): Code {
    return renderExpression(this.f, this.lanes, this.hosts, expr, leaf);
  }

  /** An expression with one value per row. Inputs are read at its first element. */
  private rowExpression(expr: Expr): Code {
    return this.expression(expr, ({ op: kind, index }) => {
      if (kind === "scalar") return get(this.scalars.get(index)!);
      const source = this.kernel.sources[index]!;
      if (source.from === "row") return get(this.values[source.value]!);
      const operand = this.operandOf(index)!;
      return loadSplat(this.dtypes[operand]!, get(this.rows[operand]!));
    });
  }

  /** Broadcasts lane 0 to all lanes. */
  private splat(dtype: DType, code: Code): Code {
    const x = this.f.local("vector");
    const size = laneKind(dtype) === "f64" ? 8 : 4;
    if (this.f.vectorBytes > 16) return wide(size === 8 ? "spread64" : "spread32", 0, code);
    return [set(x, code), shuffle(Array.from({ length: 16 }, (_, i) => i % size), get(x), get(x))];
  }

  private newValue(code: Code): Code {
    const local = this.f.local("vector");
    this.values.push(local);
    return set(local, code);
  }

  step(step: RowStep): Code {
    switch (step.kind) {
      case "walk":
        return this.walk(step);
      case "value":
        return this.newValue(this.rowExpression(step.expr));
      case "store": {
        const operand = this.kernel.inputs.length + step.output;
        return storeUnit(this.f, this.dtypes[operand]!, 1, get(this.rows[operand]!), this.rowExpression(step.expr));
      }
    }
  }

  /** The indices of the sources that expressions read. */
  private sourcesOf(exprs: readonly Expr[]): number[] {
    const found: Set<number> = new Set();
    const see = (expr: Expr): void => {
      if (expr.op === "input") found.add(expr.index);
      else if (expr.op !== "scalar") expr.args.forEach(see);
    };
    exprs.forEach(see);
    return [...found];
  }

  private walk(walk: Walk): Code {
    const { reduce, write } = walk;
    const { f, kernel, lanes, layout } = this;
    const rank = kernel.shape.length;
    const unroll = accumulatorCount(f.vectorBytes);
    const accumulators = reduce.map(({ op: prim, expr }) => new Accumulators(f, prim, expr.dtype, lanes, unroll));
    const sources = this.sourcesOf([...reduce, ...write].map(({ expr }) => expr));
    const written = write.map(({ output }) => kernel.inputs.length + output);
    const moving = this.operandsOf(walk);
    // Inputs that are constant within a segment.
    const fixed = new Map(
      moving.filter((operand) => this.steps[operand] === "zero" && !written.includes(operand))
        .map((operand) => [operand, f.local("vector")]),
    );
    // The addresses of the next segment, or the next row.
    const ahead = new Map(this.fetched.get(walk)?.map((operand) => [operand, f.local("i32")]));
    const loaded = new Map(sources.map((source) => [source, f.local("vector")]));
    const load = (source: number, part: number, extent: Extent): Code => {
      const operand = this.operandOf(source);
      if (operand === null) {
        const from = kernel.sources[source]!;
        return from.from === "row"
          ? get(this.values[from.value]!)
          : op("i32x.add", op("i32x.splat", get(this.column)), get(this.iota));
      }
      const [dtype, cursor, step] = [this.dtypes[operand]!, this.cursors[operand]!, this.steps[operand]!];
      if (step === "zero") return get(fixed.get(operand)!);
      if (extent === "element") return loadSplat(dtype, get(cursor));
      if (extent !== "vector") return loadFirst(dtype, get(cursor), get(extent.first));
      return step === "unit"
        ? loadUnit(f, dtype, lanes, get(cursor), part * lanes * elementBytes(dtype))
        : loadStrided(f, dtype, lanes, cursor, this.strides[operand]!);
    };
    const counts = sources.some((source) => kernel.sources[source]!.from === "column");
    /** Computes one of `parts` vectors (or less). The last one advances the pointers if possible. */
    const body = (
      part: number,
      parts: number,
      extent: Extent,
    ): { readonly first: Code; readonly values: readonly Code[]; readonly moved: Code } => {
      const { first, values } = renderExpressions(
        f,
        lanes,
        this.hosts,
        [...write, ...reduce].map(({ expr }) => expr),
        ({ op: kind, index }) => get(kind === "input" ? loaded.get(index)! : this.scalars.get(index)!),
      );
      const count = extent === "element" ? 1 : lanes;
      return {
        first: [
          sources.map((source) => set(loaded.get(source)!, load(source, part, extent))),
          first,
          extent === "vector" ? [...ahead].map(([operand, at]) => this.fetch(operand, part, at)) : [],
          written.map((operand, i) => this.store(operand, values[i]!, part, extent)),
        ],
        values: values.slice(write.length),
        moved: [
          moving.map((operand) => {
            if (this.steps[operand] !== "unit") return this.advance(operand, count);
            if (part + 1 < parts) return [];
            const next = ahead.get(operand);
            return [
              this.advance(operand, parts * count),
              next === undefined ? [] : increase(next, i32(parts * count * elementBytes(this.dtypes[operand]!))),
            ];
          }),
          counts ? increase(this.column, i32(count)) : [],
        ],
      };
    };
    const whole = (part: number, parts: number): Code => {
      const { first, values, moved } = body(part, parts, "vector");
      return [first, accumulators.map((sum, i) => sum.add(part, values[i]!)), moved];
    };
    const element = (): Code => {
      const { first, values, moved } = body(0, 1, "element");
      return [first, accumulators.map((sum, i) => sum.addFirstLane(values[i]!)), moved];
    };
    const some = (count: Local): Code => {
      const { first, values, moved } = body(0, 1, { first: count });
      const rest = f.local("i32");
      return [first, accumulators.map((sum, i) => [set(rest, get(count)), sum.addFirst(rest, values[i]!)]), moved];
    };
    const left = f.local("i32");
    const count = f.local("i32");
    const blockSize = unroll * lanes * runLength;
    const vectors = (n: number): Code =>
      whileLoop(
        op("i32.ge_u", get(count), i32(n * lanes)),
        Array.from({ length: n }, (_, i) => whole(i, n)),
        set(count, op("i32.sub", get(count), i32(n * lanes))),
      );
    const segment: Code = [
      moving.map((i) => set(this.cursors[i]!, get(this.segments[i]!))),
      [...ahead].map(([i, next]) => set(next, add(get(this.segments[i]!), this.word(layout.stride(i, rank - 2))))),
      [...fixed].map(([operand, local]) => set(local, loadSplat(this.dtypes[operand]!, get(this.cursors[operand]!)))),
      set(left, this.word(layout.size(rank - 1))),
      whileLoop(
        get(left),
        set(count, op("select", i32(blockSize), get(left), op("i32.lt_u", i32(blockSize), get(left)))),
        set(left, op("i32.sub", get(left), get(count))),
        accumulators.map((acc) => acc.begin()),
        vectors(unroll),
        this.masked ? eachFirst(f, count, lanes, some) : [
          vectors(1),
          whileLoop(get(count), element(), set(count, op("i32.sub", get(count), i32(1)))),
        ],
        accumulators.map((acc) => acc.fold()),
      ),
    ];
    return [
      set(this.column, i32(0)),
      moving.map((i) => set(this.segments[i]!, get(this.rows[i]!))),
      accumulators.map((acc) => acc.beginTotal()),
      this.over(rank - kernel.inner, moving, segment),
      reduce.map(({ expr }, i) => this.newValue(this.splat(expr.dtype, accumulators[i]!.acrossLanes()))),
    ];
  }

  private store(operand: number, value: Code, part: number, extent: Extent): Code {
    const [dtype, cursor] = [this.dtypes[operand]!, this.cursors[operand]!];
    if (typeof extent !== "string") return storeFirst(dtype, get(cursor), value, get(extent.first));
    if (extent === "element" || this.steps[operand] === "unit") {
      const count = extent === "element" ? 1 : this.lanes;
      return storeUnit(this.f, dtype, count, get(cursor), value, part * count * elementBytes(dtype));
    }
    return storeStrided(this.f, dtype, this.lanes, cursor, this.strides[operand]!, value);
  }

  /** Fetches the cache line of a vector, if it begins one. */
  private fetch(operand: number, part: number, at: Local): Code {
    const offset = part * this.lanes * elementBytes(this.dtypes[operand]!);
    if (offset % 64 !== 0) return [];
    return wide(operand < this.kernel.inputs.length ? "prefetch" : "prefetch_written", offset, get(at));
  }

  private advance(operand: number, count: number): Code {
    const step = this.steps[operand]!;
    if (step === "zero") return [];
    const by = step === "unit"
      ? i32(count * elementBytes(this.dtypes[operand]!))
      : times(get(this.strides[operand]!), i32(count));
    return increase(this.cursors[operand]!, by);
  }

  /** Loops over the row's dimensions from `dim` on, except the last, over which `segment` loops. */
  private over(dim: number, operands: readonly number[], segment: Code): Code {
    const { f, layout, segments } = this;
    if (dim === this.kernel.shape.length - 1) return segment;
    const left = f.local("i32");
    const size = this.word(layout.size(dim));
    const stride = (i: number): Code => this.word(layout.stride(i, dim));
    return [
      set(left, size),
      whileLoop(
        get(left),
        this.over(dim + 1, operands, segment),
        operands.map((i) => increase(segments[i]!, stride(i))),
        set(left, op("i32.sub", get(left), i32(1))),
      ),
      operands.map((i) => set(segments[i]!, op("i32.sub", get(segments[i]!), times(size, stride(i))))),
    ];
  }

  /** Generates the loop over the rows from `begin` to `end`. */
  generate(): Code {
    const { f, kernel, layout, rows } = this;
    const [, begin, end] = f.params as Locals<3>;
    const item = f.local("i32");
    const rest = f.local("i32");
    const index = f.local("i32");
    const place: Code[] = [set(rest, get(item)), rows.map((row, i) => set(row, this.word(layout.address(i))))];
    for (let d = kernel.shape.length - kernel.inner - 1; d >= 0; d--) {
      const size = this.word(layout.size(d));
      place.push(set(index, d === 0 ? get(rest) : op("i32.rem_u", get(rest), size)));
      if (d > 0) place.push(set(rest, op("i32.div_u", get(rest), size)));
      rows.forEach((row, i) => place.push(increase(row, times(get(index), this.word(layout.stride(i, d))))));
    }
    return [
      set(item, get(begin)),
      whileLoop(
        op("i32.lt_u", get(item), get(end)),
        place,
        kernel.steps.map((step) => this.step(step)),
        increase(item, i32(1)),
      ),
    ];
  }
}

/** Renders the module of a row kernel, which exports `run`. */
export function renderRows(kernel: RowKernel, vectorBytes: number): CodeModule {
  const module = new ModuleBuilder(vectorBytes);
  const hosts = importHosts(module, kernel.steps.flatMap(stepExpressions));
  const dtypes = [...kernel.inputs, ...kernel.outputs].map(({ dtype }) => dtype);
  const width = hasMaskedTails(rowSteps(kernel), dtypes) ? vectorBytes : 16;
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run", width);
  f.emit(new RowGenerator(kernel, f, hosts).generate());
  return module;
}
