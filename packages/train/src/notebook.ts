/**
 * Displays for notebooks with Deno's kernel (`deno jupyter`). Once it is imported, a cell whose value is a tensor shows a table or a picture,
 * a model its summary, and the history of a training its curves.
 *
 * @example
 * ```ts
 * import "@heddle/train/notebook";
 * import { rand } from "@heddle/tensor";
 *
 * rand([3, 32, 32]); // as the last line of a cell: a picture
 * ```
 * @module
 */
import { Module } from "@heddle/nn";
import { Tensor } from "@heddle/tensor";
import { History } from "./loop/history.ts";
import { curvesBundle } from "./notebook/curves.ts";
import { escaped, install } from "./notebook/display.ts";
import { tensorBundle } from "./notebook/tensor_display.ts";

install(Tensor.prototype, tensorBundle);
install(Module.prototype, (model) => {
  const summary = model.summary();
  return { "text/plain": summary, "text/html": `<pre>${escaped(summary)}</pre>` };
});
install(History.prototype, (history) => curvesBundle(history.rows, String(history)));

export { type CurveRow, curves } from "./notebook/curves.ts";
export { display, type Displayable, type MimeBundle } from "./notebook/display.ts";
