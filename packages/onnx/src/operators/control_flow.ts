/** Branches and loops, and sequences of tensors, which loops collect. */
import { cat, stack, type Tensor } from "@heddle/tensor";
import { isTensor } from "@heddle/tensor/engine";
import type { Call } from "./call.ts";
import { graph, int, ints, type Operators, required } from "./operator.ts";
import { Outputs, type Value } from "./value.ts";

/** The most iterations of a loop. */
const mostIterations = 2 ** 24;

/** Stacks what a loop gives in each iteration. */
function collect(c: Call, values: readonly Value[], axis = 0): Tensor {
  const tensors = values.map((value) => isTensor(value) ? value : c.fail("a loop collects tensors only"));
  if (tensors.length === 0) return c.full([0], 0, "float32");
  const mixed = tensors.some((x) => x.device !== tensors[0]!.device);
  return stack(mixed ? tensors.map((x) => c.here(x)) : tensors, axis);
}

const isTrue = (c: Call, value: Value): boolean => {
  if (!isTensor(value)) c.fail("a condition is a tensor of one bool");
  if (!value.device.backend.readsSynchronously) {
    c.fail(
      `a condition is computed on the device ${value.device}, which cannot be read here; run the model on the CPU`,
    );
  }
  return value.item() !== 0;
};

function branch(c: Call): Outputs {
  return new Outputs(c.runGraph(isTrue(c, c.inputs[0]!) ? "then_branch" : "else_branch", []));
}

/** Inputs of the body: iteration, condition, carried values; outputs: condition, carried values, values to collect. */
function loop(c: Call): Outputs {
  const trips = c.has(0) ? c.number(0) : Infinity;
  let carried = c.inputs.slice(2);
  const body = c.graph("body");
  const collected: Value[][] = Array.from({ length: body.outputs.length - 1 - carried.length }, () => []);
  let going = !c.has(1) || isTrue(c, c.inputs[1]!);
  for (let i = 0; going && i < trips; i++) {
    if (i >= mostIterations) c.fail(`the loop does not end after ${mostIterations} iterations`);
    const condition = c.hostInts([1]).reshape([]).to("bool");
    const results = c.runGraph("body", [c.hostInts([i]).reshape([]), condition, ...carried]);
    going = isTrue(c, results[0]!);
    carried = results.slice(1, 1 + carried.length);
    results.slice(1 + carried.length).forEach((value, k) => collected[k]!.push(value));
  }
  return new Outputs([...carried, ...collected.map((values) => collect(c, values))]);
}

/** Walks along an axis of some inputs, and collects along an axis of some outputs. */
function scan(c: Call): Outputs {
  const scanned = c.num("num_scan_inputs");
  const carriedCount = c.inputs.length - scanned;
  let carried = c.inputs.slice(0, carriedCount);
  const given = c.inputs.slice(carriedCount).map((_, k) => c.raw(carriedCount + k));
  const body = c.graph("body");
  const outputs = body.outputs.length - carriedCount;
  const per = (name: string, count: number): readonly number[] => c.list(name) ?? Array<number>(count).fill(0);
  const [inputAxes, inputDirections] = [per("scan_input_axes", scanned), per("scan_input_directions", scanned)];
  const [outputAxes, outputDirections] = [per("scan_output_axes", outputs), per("scan_output_directions", outputs)];
  const slices = given.map((x, k) => {
    const each = x.unbind(c.axis(inputAxes[k]!, x.ndim));
    return inputDirections[k] === 1 ? each.reverse() : each;
  });
  const collected: Value[][] = Array.from({ length: outputs }, () => []);
  for (let i = 0; i < (slices[0]?.length ?? 0); i++) {
    const results = c.runGraph("body", [...carried, ...slices.map((each) => each[i]!)]);
    carried = results.slice(0, carriedCount);
    results.slice(carriedCount).forEach((value, k) => collected[k]!.push(value));
  }
  const stacked = collected.map((values, k) =>
    collect(c, outputDirections[k] === 1 ? values.reverse() : values, outputAxes[k]!)
  );
  return new Outputs([...carried, ...stacked]);
}

/** A position in a sequence, counted from the end if negative. */
function position(c: Call, i: number, length: number, most: number): number {
  const at = c.has(i) ? c.number(i) : length;
  const place = at < 0 ? at + length : at;
  if (place < 0 || place >= most) c.fail(`position ${at} is not within a sequence of ${length}`);
  return place;
}

function splitToSequence(c: Call): Value {
  const x = c.tensor(0);
  const axis = c.axis(c.num("axis"), x.ndim);
  if (!c.has(1)) {
    const each = x.split(1, axis);
    return c.num("keepdims") === 1 ? each : each.map((part) => part.squeeze(axis));
  }
  const sizes = c.numbers(1);
  return x.split(c.raw(1).ndim === 0 ? sizes[0]! : [...sizes], axis);
}

function concatFromSequence(c: Call): Tensor {
  const tensors = c.sequence(0).map((value) =>
    isTensor(value) ? c.here(value) : c.fail("expected a sequence of tensors")
  );
  return c.num("new_axis") === 1 ? stack(tensors, c.num("axis")) : cat(tensors, c.num("axis"));
}

const without = (values: readonly Value[], at: number): Value[] => values.filter((_, i) => i !== at);

/** The operators of control flow and sequences. */
export const controlFlow: Operators = {
  If: {
    1: {
      inputs: [1, 1],
      outputs: Infinity,
      attributes: { then_branch: graph, else_branch: graph },
      numbers: [0],
      note: "the condition is read on the host",
      run: branch,
    },
  },
  Loop: {
    1: {
      inputs: [0, Infinity],
      outputs: Infinity,
      attributes: { body: graph },
      numbers: [0, 1],
      note: "the condition is read on the host",
      run: loop,
    },
  },
  Scan: {
    9: {
      inputs: [1, Infinity],
      outputs: Infinity,
      attributes: {
        body: graph,
        num_scan_inputs: required(int()),
        scan_input_axes: ints(),
        scan_input_directions: ints(),
        scan_output_axes: ints(),
        scan_output_directions: ints(),
      },
      run: scan,
    },
  },
  SequenceEmpty: { 11: { inputs: [0, 0], attributes: { dtype: int() }, run: () => [] } },
  SequenceConstruct: { 11: { inputs: [1, Infinity], run: (c) => [...c.inputs] } },
  SequenceAt: {
    11: {
      inputs: [2, 2],
      numbers: [1],
      run(c) {
        const values = c.sequence(0);
        return values[position(c, 1, values.length, values.length)]!;
      },
    },
  },
  SequenceInsert: {
    11: {
      inputs: [2, 3],
      numbers: [2],
      run(c) {
        const values = c.sequence(0);
        return values.toSpliced(position(c, 2, values.length, values.length + 1), 0, c.inputs[1]!);
      },
    },
  },
  SequenceErase: {
    11: {
      inputs: [1, 2],
      numbers: [1],
      run(c) {
        const values = c.sequence(0);
        return without(values, c.has(1) ? position(c, 1, values.length, values.length) : values.length - 1);
      },
    },
  },
  SequenceLength: { 11: { inputs: [1, 1], run: (c) => c.hostInts([c.sequence(0).length]).reshape([]) } },
  SplitToSequence: {
    11: { inputs: [1, 2], attributes: { axis: int(0), keepdims: int(1) }, numbers: [1], run: splitToSequence },
  },
  ConcatFromSequence: {
    11: { inputs: [1, 1], attributes: { axis: required(int()), new_axis: int(0) }, run: concatFromSequence },
  },
  SequenceMap: {
    17: {
      inputs: [1, Infinity],
      outputs: Infinity,
      attributes: { body: graph },
      run(c) {
        const count = c.sequence(0).length;
        const rows = Array.from(
          { length: count },
          (_, i) => c.runGraph("body", c.inputs.map((value) => Array.isArray(value) ? value[i]! : value)),
        );
        return new Outputs(c.graph("body").outputs.map((_, k) => rows.map((row) => row[k]!)));
      },
    },
  },
  Optional: { 15: { inputs: [0, 1], attributes: { type: { kind: "type" } }, run: (c) => c.inputs[0] ?? null } },
  OptionalHasElement: {
    15: { inputs: [0, 1], run: (c) => c.hostInts([c.has(0) ? 1 : 0]).reshape([]).to("bool") },
  },
  OptionalGetElement: { 15: { inputs: [1, 1], run: (c) => c.inputs[0] ?? c.fail("the optional is empty") } },
};
