import { grad, gradcheck, gradgradcheck } from "@heddle/autograd";
import { Generator, ones, randint, randn, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { ctcLoss } from "./ctc_loss.ts";

const generator = new Generator(3);
const int32 = { dtype: "int32" } as const;
const logits = randn([5, 3, 4], { dtype: "float64", generator });
const targets = tensor([[1, 2, 1], [1, 1, 99], [-7, 0, 0]], int32);

describe("ctcLoss", () => {
  test("sums the probabilities of all alignments", () => {
    // Of 3 steps, "1 1" is only "1 blank 1"; "1 2" is 112, 122, b12, 1b2, 12b.
    const even = zeros([3, 2, 3], { dtype: "float64" }).logSoftmax(2);
    const loss = ctcLoss(even, tensor([[1, 1], [1, 2]], int32), [3, 3], [2, 2], { reduction: "none" });
    expect(loss.toArray()).toEqual([expect.closeTo(Math.log(27)), expect.closeTo(Math.log(27 / 5))]);
  });

  test("its gradients are derivatives, also of log-probabilities that are none", () => {
    const x = logits.narrow(0, 0, 4).narrow(2, 0, 3).clone().requiresGrad_();
    const loss = (x: typeof logits) => ctcLoss(x, targets.clamp({ max: 2 }), [4, 3, 2], [2, 2, 0]);
    expect(gradcheck(loss, [x])).toBe(true);
    expect(gradgradcheck(loss, [x])).toBe(true);
  });

  test("targets may stand in a row, lengths be tensors", () => {
    const inRow = tensor([1, 2, 1, 1, 1], int32);
    const [input, target] = [tensor([5, 3, 4], int32), tensor([3, 2, 0], int32)];
    const expected = ctcLoss(logits, targets, [5, 3, 4], [3, 2, 0]).item();
    expect(ctcLoss(logits, inRow, input, target).item()).toBeCloseTo(expected, 12);
    expect(ctcLoss(logits, inRow.long(), input.long(), target.long()).item()).toBeCloseTo(expected, 12);
  });

  test("a target that does not fit has an infinite loss and no gradient", () => {
    const x = logits.clone().requiresGrad_();
    const loss = ctcLoss(x, targets.clamp({ min: 1, max: 3 }), [2, 3, 0], [3, 2, 0], { reduction: "none" });
    expect(loss.toArray()).toEqual([Infinity, expect.any(Number), -0]);
    const [gradient] = grad([loss.sum()], [x]);
    expect(gradient!.isfinite().all().item()).toBe(1);
    expect(gradient!.select(1, 0).countNonzero().item()).toBe(0);
    const zeroed = ctcLoss(x, targets, [2, 3, 0], [3, 2, 0], { zeroInfinity: true, reduction: "none" });
    expect(zeroed.at(0).item()).toBe(0);
  });

  test("impossible classes and missing numbers", () => {
    const x = zeros([3, 1, 3]).add(tensor([-Infinity, 0, 0])).requiresGrad_();
    const loss = ctcLoss(x, tensor([[1, 2]], int32), [3], [2]);
    expect(loss.item()).toBeCloseTo(-Math.log(2) / 2);
    expect(grad([loss], [x])[0]!.isfinite().all().item()).toBe(1);
    expect(ctcLoss(ones([3, 1, 3]).mul(NaN), tensor([[1, 2]], int32), [3], [2]).item()).toBeNaN();
    const impossible = zeros([3, 1, 3]).add(tensor([0, -Infinity, 0]));
    expect(ctcLoss(impossible, tensor([[1, 2]], int32), [3], [2]).item()).toBe(Infinity);
  });

  test("long inputs do not overflow", () => {
    const x = randn([300, 2, 5], { generator }).mul(20).requiresGrad_();
    const labels = randint(1, 5, [2, 40], { generator });
    const loss = ctcLoss(x.logSoftmax(2), labels, [300, 200], [40, 30]);
    expect(loss.isfinite().item()).toBe(1);
    expect(grad([loss], [x])[0]!.isfinite().all().item()).toBe(1);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["labels", () => ctcLoss(logits, targets.mul(4), [5, 3, 4], [3, 2, 0]), /label 4 is out of range for 4 classes/],
    ["blank", () => ctcLoss(logits, targets, [5, 3, 4], [3, 2, 0], { blank: 4 }), /blank is 4.*0 to 3/],
    ["inputs", () => ctcLoss(logits, targets, [5, 6, 4], [3, 2, 0]), /inputLengths\[1\] is 6; expected 0 to 5/],
    ["lengths", () => ctcLoss(logits, targets, [5, 3, 4], [3, 2, 4]), /targetLengths\[2\] is 4; expected 0 to 3/],
    ["counts", () => ctcLoss(logits, targets, [5, 3], [3, 2, 0]), /inputLengths have shape \[2\]; expected \[3\]/],
    ["sums", () => ctcLoss(logits, ones([4], int32), [5, 3, 4], [3, 2, 0]), /sum to 5, but there are 4/],
    ["targets", () => ctcLoss(logits, targets.t().narrow(1, 0, 2), [5, 3, 4], [3, 2, 0]), /\[3, 2\]|targetLengths/],
    ["dtypes", () => ctcLoss(logits, targets.float(), [5, 3, 4], [3, 2, 0]), /targets are float32/],
    ["shapes", () => ctcLoss(ones([3]), targets, [5], [3]), /\[T, N, C\]/],
  ])("refuses wrong %s", (_, call, message) => expect(call).toThrow(message));
});
