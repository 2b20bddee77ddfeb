/** Generates the module of a planned kernel. */
import type { DType } from "../../../dtype.ts";
import type { Expr } from "../../../ir/kernel.ts";
import { type CodeModule, type FunctionBuilder, ModuleBuilder } from "../../../code/module.ts";
import {
  type Code,
  f32x,
  f64x,
  get,
  i32,
  type Local,
  type Locals,
  memory,
  op,
  set,
  when,
  whileLoop,
} from "../../../code/tree.ts";
import { add, increase, times } from "./address.ts";
import { type Hosts, importHosts, renderExpression } from "./expression.ts";
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
import { castLanes } from "./operations.ts";
import { elementBytes, hasMaskedTails, type Layout, layoutOf, type Plan } from "./plan.ts";
import { accumulatorCount, Accumulators, eachFirst, runLength } from "./reduction.ts";

/** An {@link Extent}, or adjacent elements in the low lanes. */
type Part = Extent | { readonly lanes: number };

/** The state of generating one kernel. */
class Generator {
  readonly plan: Plan;
  readonly lanes: number;
  readonly layout: Layout;
  readonly f: FunctionBuilder;
  readonly params: Local;
  /** The operands' addresses at the beginning of the current row, and within it. */
  readonly rows: readonly Local[];
  readonly cursors: readonly Local[];
  /** Strides along the vector dimension, for operands whose elements there are not adjacent. */
  private readonly strides: readonly (Local | null)[];
  /** Inputs with one element per row, in every lane. */
  private readonly fixed: readonly (Local | null)[];
  private readonly scalars: Map<number, Local> = new Map();
  private readonly hosts: Hosts;

  /** Whether incomplete vectors are read and written at once. */
  readonly masked: boolean;

  constructor(plan: Plan, f: FunctionBuilder, hosts: Hosts, masked: boolean) {
    this.plan = plan;
    this.masked = masked;
    this.f = f;
    this.hosts = hosts;
    this.params = f.params[0]!;
    const { kernel, steps } = plan;
    this.lanes = lanesOf(f.vectorBytes, [kernel.expr]);
    this.layout = layoutOf(kernel.shape.length, kernel.inputs.length + 1);
    this.rows = steps.map(() => f.local("i32"));
    this.cursors = steps.map(() => f.local("i32"));
    const dim = plan.form === "along" ? kernel.shape.length - 1 : plan.kept - 1;
    this.strides = steps.map((step, i) => {
      if (step !== "strided") return null;
      const local = f.local("i32");
      f.emit(set(local, this.word(this.layout.stride(i, i === kernel.inputs.length ? plan.kept - 1 : dim))));
      return local;
    });
    this.fixed = kernel.inputs.map((_, i) => steps[i] === "zero" ? f.local("vector") : null);
    this.readScalars(kernel.expr);
  }

  /** A word of the parameter block. */
  word(index: number): Code {
    return memory("i32.load", 4 * index, get(this.params));
  }

  get output(): number {
    return this.plan.kernel.inputs.length;
  }

  dtypeOf(operand: number): DType {
    const { inputs, output } = this.plan.kernel;
    return operand === inputs.length ? output.dtype : inputs[operand]!.dtype;
  }

  private readScalars(expr: Expr): void {
    if (expr.op === "scalar") {
      if (this.scalars.has(expr.index)) return;
      const local = this.f.local("vector");
      this.scalars.set(expr.index, local);
      // Scalars are written in the width of their lanes, whatever the dtype.
      const dtype = laneDType(laneKind(expr.dtype)!);
      this.f.emit(set(local, loadSplat(dtype, add(get(this.params), i32(4 * this.layout.scalar(expr.index))))));
    } else if (expr.op !== "input") expr.args.forEach((arg) => this.readScalars(arg));
  }

  /** Reads the inputs that are constant along a row, at its beginning. */
  readFixed(from: readonly Local[]): Code {
    return this.fixed.map((local, i) => local === null ? [] : set(local, loadSplat(this.dtypeOf(i), get(from[i]!))));
  }

  private load(input: number, extent: Part): Code {
    const dtype = this.dtypeOf(input);
    const cursor = this.cursors[input]!;
    const step: Step = this.plan.steps[input]!;
    if (step === "zero") return get(this.fixed[input]!);
    if (extent === "element") return loadSplat(dtype, get(cursor));
    if (extent !== "vector" && "first" in extent) return loadFirst(dtype, get(cursor), get(extent.first));
    const lanes = extent === "vector" ? this.lanes : extent.lanes;
    return step === "unit"
      ? loadUnit(this.f, dtype, lanes, get(cursor))
      : loadStrided(this.f, dtype, lanes, cursor, this.strides[input]!);
  }

  /** The kernel's expression at the cursors. */
  value(extent: Part): Code {
    const { kernel } = this.plan;
    const loaded = kernel.inputs.map(() => this.f.local("vector"));
    const loads = kernel.inputs.map((_, i) => set(loaded[i]!, this.load(i, extent)));
    const value = renderExpression(
      this.f,
      this.lanes,
      this.hosts,
      kernel.expr,
      (leaf) => get(leaf.op === "input" ? loaded[leaf.index]! : this.scalars.get(leaf.index)!),
    );
    // A sum of one element is still 0 + x, which turns -0 into 0.
    const alone = kernel.reduce?.op === "sum" && this.plan.reduced === 0;
    const kind = laneKind(kernel.expr.dtype);
    if (!alone || kind === "i32" || kind === "i64") return [...loads, value];
    return [...loads, kind === "f32" ? op("f32x.add", value, f32x(0)) : op("f64x.add", value, f64x(0))];
  }

  /** Stores a total at the output's cursor, in the output's dtype. */
  storeTotal(value: Code, extent: Extent): Code {
    const { expr, output } = this.plan.kernel;
    if (expr.dtype === output.dtype) return this.store(value, extent);
    return this.store(castLanes(this.f, expr.dtype, output.dtype, value)!, extent);
  }

  /** Stores a value at the output's cursor. */
  store(value: Code, extent: Part): Code {
    const { steps, kernel } = this.plan;
    const cursor = this.cursors[this.output]!;
    const { dtype } = kernel.output;
    if (extent === "element") return storeUnit(this.f, dtype, 1, get(cursor), value);
    if (extent !== "vector" && "first" in extent) return storeFirst(dtype, get(cursor), value, get(extent.first));
    const lanes = extent === "vector" ? this.lanes : extent.lanes;
    return steps[this.output] === "unit"
      ? storeUnit(this.f, dtype, lanes, get(cursor), value)
      : storeStrided(this.f, dtype, lanes, cursor, this.strides[this.output]!, value);
  }

  /** Advances the cursors of operands by `count` elements along the vector dimension. */
  advance(operands: readonly number[], count: number): Code {
    return operands.map((i) => {
      const step = this.plan.steps[i]!;
      if (step === "zero") return [];
      const by = step === "unit"
        ? i32(count * elementBytes(this.dtypeOf(i)))
        : times(get(this.strides[i]!), i32(count));
      return increase(this.cursors[i]!, by);
    });
  }

  /** Bytes from the beginning of a row to its `index`-th element. */
  along(operand: number, index: Code): Code {
    const step = this.plan.steps[operand]!;
    if (step === "zero") return i32(0);
    return times(index, step === "unit" ? i32(elementBytes(this.dtypeOf(operand))) : get(this.strides[operand]!));
  }

  /**
   * Loops over the items from `begin` to `end`: positions in the first `dims` dimensions, cut into segments if `segmented`. `rows`
   * point at the current position; `body` receives the number of the segment.
   */
  items(dims: number, segmented: boolean, body: (segment: Local) => Code): Code {
    const { f, rows, layout } = this;
    const [, begin, end] = f.params as Locals<3>;
    const item = f.local("i32");
    const segment = f.local("i32");
    const segments = f.local("i32");
    const rest = f.local("i32");
    const index = Array.from({ length: dims }, () => f.local("i32"));
    const sizes = Array.from({ length: dims }, () => f.local("i32"));
    const start: Code[] = [set(item, get(begin)), set(segments, segmented ? this.word(layout.segments) : i32(1))];
    start.push(
      set(segment, op("i32.rem_u", get(item), get(segments))),
      set(rest, op("i32.div_u", get(item), get(segments))),
    );
    rows.forEach((row, i) => start.push(set(row, this.word(layout.address(i)))));
    for (let d = dims - 1; d >= 0; d--) {
      start.push(set(sizes[d]!, this.word(layout.size(d))));
      start.push(
        set(index[d]!, op("i32.rem_u", get(rest), get(sizes[d]!))),
        set(rest, op("i32.div_u", get(rest), get(sizes[d]!))),
      );
      rows.forEach((row, i) => start.push(increase(row, times(get(index[d]!), this.word(layout.stride(i, d))))));
    }
    /** Advances one position along dimension d, with a carry into the next outer dimension. */
    const carry = (d: number): Code => {
      if (d < 0) return [];
      const step = rows.map((row, i) => increase(row, this.word(layout.stride(i, d))));
      const rewind = rows.map((row, i) =>
        set(row, op("i32.sub", get(row), times(get(sizes[d]!), this.word(layout.stride(i, d)))))
      );
      return [
        increase(index[d]!, i32(1)),
        ...step,
        when(op("i32.eq", get(index[d]!), get(sizes[d]!)), [set(index[d]!, i32(0)), ...rewind, carry(d - 1)]),
      ];
    };
    const next = segmented
      ? [
        increase(segment, i32(1)),
        when(op("i32.eq", get(segment), get(segments)), [set(segment, i32(0)), carry(dims - 1)]),
      ]
      : [carry(dims - 1)];
    return [...start, whileLoop(op("i32.lt_u", get(item), get(end)), body(segment), ...next, increase(item, i32(1)))];
  }

  /** Sets `count` to the number of elements in a segment, and the cursors of operands to its beginning. */
  enterSegment(segment: Local, count: Local, dim: number, operands: readonly number[]): Code {
    const at = this.f.local("i32");
    const length = this.word(this.layout.segment);
    const left = op("i32.sub", this.word(this.layout.size(dim)), get(at));
    return [
      set(at, times(get(segment), length)),
      set(count, op("select", length, left, op("i32.lt_u", length, left))),
      operands.map((i) => set(this.cursors[i]!, add(get(this.rows[i]!), this.along(i, get(at))))),
    ];
  }
}

/** Form "map": computes one output vector after another. */
function generateMap(g: Generator): Code {
  const { f, plan, lanes } = g;
  const { kept } = plan;
  const operands = plan.steps.map((_, i) => i);
  const count = f.local("i32");
  const stride = (vectors: number, extent: Part, lanes: number): Code => {
    const body: Code[] = [];
    for (let i = 0; i < vectors; i++) body.push(g.store(g.value(extent), extent), g.advance(operands, lanes));
    return whileLoop(
      op("i32.ge_u", get(count), i32(vectors * lanes)),
      body,
      set(count, op("i32.sub", get(count), i32(vectors * lanes))),
    );
  };
  // Rows may be short: what is left is computed by 16 bytes first.
  const few = lanes * 16 / f.vectorBytes;
  const rest = g.masked ? when(get(count), g.store(g.value({ first: count }), { first: count })) : [
    few < lanes ? stride(1, { lanes: few }, few) : [],
    whileLoop(
      get(count),
      g.store(g.value("element"), "element"),
      g.advance(operands, 1),
      set(count, op("i32.sub", get(count), i32(1))),
    ),
  ];
  if (kept === 0) {
    return g.items(
      0,
      false,
      () => [
        operands.map((i) => set(g.cursors[i]!, get(g.rows[i]!))),
        g.readFixed(g.rows),
        g.store(g.value("element"), "element"),
      ],
    );
  }
  return g.items(kept - 1, true, (segment) => [
    g.enterSegment(segment, count, kept - 1, operands),
    g.readFixed(g.rows),
    stride(4, "vector", lanes),
    stride(1, "vector", lanes),
    rest,
  ]);
}

/** Loops over reduced dimensions, outermost first, and advances the addresses in `at`. The innermost loop runs `body`. */
function reducedLoops(g: Generator, from: number, to: number, at: readonly Local[], body: Code): Code {
  if (from === to) return body;
  const { f, layout } = g;
  const left = f.local("i32");
  const inputs = at.map((_, i) => i);
  const inner = reducedLoops(g, from + 1, to, at, body);
  const size = g.word(layout.size(from));
  return [
    set(left, size),
    whileLoop(
      get(left),
      inner,
      inputs.map((i) => increase(at[i]!, g.word(layout.stride(i, from)))),
      set(left, op("i32.sub", get(left), i32(1))),
    ),
    inputs.map((i) => set(at[i]!, op("i32.sub", get(at[i]!), times(size, g.word(layout.stride(i, from)))))),
  ];
}

/**
 * Form "along": computes one output after another, with vectors along the reduced dimension. Partial results every few hundred
 * elements keep sums accurate.
 */
function generateAlong(g: Generator): Code {
  const { f, plan, lanes } = g;
  const { kernel, kept } = plan;
  const rank = kernel.shape.length;
  const inputs = kernel.inputs.map((_, i) => i);
  const accumulators = accumulatorCount(f.vectorBytes);
  const acc = new Accumulators(f, kernel.reduce!.op, kernel.expr.dtype, lanes, accumulators);
  const left = f.local("i32");
  const count = f.local("i32");
  const size = f.local("i32");
  const blockSize = accumulators * lanes * runLength;
  const walked = inputs.map((i) => g.rows[i]!);
  const stride = (vectors: number): Code => {
    const body: Code[] = [];
    for (let i = 0; i < vectors; i++) body.push(acc.add(i, g.value("vector")), g.advance(inputs, lanes));
    return whileLoop(
      op("i32.ge_u", get(count), i32(vectors * lanes)),
      body,
      set(count, op("i32.sub", get(count), i32(vectors * lanes))),
    );
  };
  const row: Code = [
    inputs.map((i) => set(g.cursors[i]!, get(g.rows[i]!))),
    g.readFixed(g.rows),
    set(left, get(size)),
    whileLoop(
      get(left),
      set(count, op("select", i32(blockSize), get(left), op("i32.lt_u", i32(blockSize), get(left)))),
      set(left, op("i32.sub", get(left), get(count))),
      acc.begin(),
      stride(accumulators),
      g.masked
        ? eachFirst(f, count, lanes, (first) => [acc.addFirst(first, g.value({ first })), g.advance(inputs, lanes)])
        : [
          stride(1),
          whileLoop(
            get(count),
            acc.addFirstLane(g.value("element")),
            g.advance(inputs, 1),
            set(count, op("i32.sub", get(count), i32(1))),
          ),
        ],
      acc.fold(),
    ),
  ];
  return [
    set(size, g.word(g.layout.size(rank - 1))),
    g.items(kept, false, () => [
      set(g.cursors[g.output]!, get(g.rows[g.output]!)),
      acc.beginTotal(),
      reducedLoops(g, kept, rank - 1, walked, row),
      g.storeTotal(acc.acrossLanes(), "element"),
    ]),
  ];
}

/** Form "across": computes vectors of outputs, and loops over the reduced dimensions. */
function generateAcross(g: Generator): Code {
  const { f, plan, lanes } = g;
  const { kernel, kept } = plan;
  const rank = kernel.shape.length;
  const inputs = kernel.inputs.map((_, i) => i);
  const all = [...inputs, g.output];
  const count = f.local("i32");
  const left = f.local("i32");
  const run = f.local("i32");
  const starts = inputs.map(() => f.local("i32"));
  const inner = rank - 1;
  /** Computes `vectors` vectors of outputs at the cursors, or less. */
  const block = (vectors: number, extent: Extent): Code => {
    const elements = extent === "element" ? 1 : vectors * lanes;
    const acc = new Accumulators(f, kernel.reduce!.op, kernel.expr.dtype, lanes, vectors);
    const walk = inputs.map(() => f.local("i32"));
    const step: Code[] = [inputs.map((i) => set(g.cursors[i]!, get(walk[i]!)))];
    for (let i = 0; i < vectors; i++) {
      step.push(g.readFixed(g.cursors), acc.add(i, g.value(extent)), g.advance(inputs, lanes));
    }
    const runs: Code = [
      set(left, g.word(g.layout.size(inner))),
      whileLoop(
        get(left),
        set(run, op("select", i32(runLength), get(left), op("i32.lt_u", i32(runLength), get(left)))),
        set(left, op("i32.sub", get(left), get(run))),
        acc.begin(),
        whileLoop(
          get(run),
          step,
          inputs.map((i) => increase(walk[i]!, g.word(g.layout.stride(i, inner)))),
          set(run, op("i32.sub", get(run), i32(1))),
        ),
        acc.foldEach(),
      ),
      inputs.map((i) =>
        set(
          walk[i]!,
          op("i32.sub", get(walk[i]!), times(g.word(g.layout.size(inner)), g.word(g.layout.stride(i, inner)))),
        )
      ),
    ];
    const results: Code[] = [];
    for (let i = 0; i < vectors; i++) {
      results.push(g.storeTotal(acc.total(i), extent), g.advance([g.output], elements / vectors));
    }
    return [
      inputs.map((i) => [set(starts[i]!, get(g.cursors[i]!)), set(walk[i]!, get(g.cursors[i]!))]),
      acc.beginTotal(),
      reducedLoops(g, kept, inner, walk, runs),
      results,
      inputs.map((i) => set(g.cursors[i]!, get(starts[i]!))),
      g.advance(inputs, elements),
    ];
  };
  const blocks = (vectors: number): Code =>
    whileLoop(
      op("i32.ge_u", get(count), i32(vectors * lanes)),
      block(vectors, "vector"),
      set(count, op("i32.sub", get(count), i32(vectors * lanes))),
    );
  return g.items(kept - 1, true, (segment) => [
    g.enterSegment(segment, count, kept - 1, all),
    blocks(4),
    blocks(1),
    g.masked
      ? when(get(count), block(1, { first: count }))
      : whileLoop(get(count), block(1, "element"), set(count, op("i32.sub", get(count), i32(1)))),
  ]);
}

/** Renders the module of a plan, which exports `run`. */
export function renderModule(plan: Plan, vectorBytes: number): CodeModule {
  const { kernel, form, steps } = plan;
  const module = new ModuleBuilder(vectorBytes);
  const hosts = importHosts(module, [plan.kernel.expr]);
  const dtypes = [...kernel.inputs.map(({ dtype }) => dtype), kernel.output.dtype];
  // What is stored at the end of a reduction along the vectors is one element.
  const last = form === "along" ? -1 : undefined;
  const masked = vectorBytes > 16 && hasMaskedTails(steps.slice(0, last), dtypes.slice(0, last));
  // Reductions of short columns or rows would not gain by wider vectors whose incomplete ones are read element by element.
  const width = masked || form === "map" ? vectorBytes : 16;
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run", width);
  const g = new Generator(plan, f, hosts, masked);
  f.emit(form === "map" ? generateMap(g) : form === "along" ? generateAlong(g) : generateAcross(g));
  return module;
}
