/** Fused attention, on devices whose backend has the routine. */
import { checkWritable, deviceOf } from "../engine/checks.ts";
import { runRoutine } from "../engine/execute/routine.ts";
import type { AttentionAttrs } from "../prims/attrs.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Writes softmax(scale · q kᵀ + masks) v to `out`, and to `sums` for each query its greatest score and the logarithm of the
 * sum of the exponentials relative to it. The scores are never in memory. The tape does not record it.
 *
 * @param out `[…, queries, e]`; may be a view.
 * @param sums float32 `[…, queries, 2]`.
 * @param operands queries `[…, queries, d]`, keys `[…, keys, d]`, values `[…, keys, e]`, then masks that broadcast to `[…, queries, keys]`:
 * bool, true where a key takes part, or numbers that are added.
 *
 * @example
 * ```ts ignore
 * if (q.device.backend.hasRoutine("attention")) {
 *   attention(out, sums, [q, k, v], { scale: 1, causalOffset: null, dropoutP: 0 });
 * }
 * ```
 */
export function attention(out: Tensor, sums: Tensor, operands: readonly Tensor[], attrs: AttentionAttrs): void {
  write("attention", [out, sums], operands, (device) => runRoutine("attention", device, operands, [out, sums], attrs));
}

/**
 * Writes the gradients of queries (0), keys (1) and values (2), where `gradients` has a tensor, before broadcast dimensions are summed.
 * The weights are computed again from `sums`. The tape does not record it.
 *
 * @param gradients may be views.
 * @param results the gradient of `out`, and the two outputs of {@link attention}.
 * @param operands those of {@link attention}.
 */
export function attentionGradient(
  gradients: readonly (Tensor | null)[],
  results: readonly [g: Tensor, out: Tensor, sums: Tensor],
  operands: readonly Tensor[],
  attrs: AttentionAttrs,
): void {
  const outputs = gradients.filter((gradient) => gradient !== null);
  const wanted = gradients.flatMap((gradient, i) => gradient === null ? [] : [i]);
  if (wanted.length === 0) return;
  const inputs = [...results, ...operands];
  write(
    "attentionGrad",
    outputs,
    inputs,
    (device) => runRoutine("attentionGrad", device, inputs, outputs, { ...attrs, wanted }),
  );
}

function write(
  operation: string,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  run: (device: ReturnType<typeof deviceOf>) => void,
): void {
  for (const output of outputs) checkWritable(operation, output);
  run(deviceOf(operation, [...inputs, ...outputs]));
  for (const output of outputs) output.storage.version++;
}
