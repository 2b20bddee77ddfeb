/** The logarithm of a sum of exponentials. */
import { exp } from "./exponential.ts";
import { add, andNot, type BinaryExpander, compare, greater, Lanes, magnitude, sub } from "./lanes.ts";
import { log1pOf } from "./logarithm.ts";

/** `max(x, y) + log(1 + e^−|x − y|)`. */
export const logaddexp: BinaryExpander = (f, x, y, fused) => {
  const v = new Lanes(f, fused);
  const [a, b] = [v.let(x), v.let(y)];
  // Equal infinities differ by NaN; equals are 0 apart.
  const distance = v.let(andNot(magnitude(v, sub(a, b)), compare("eq", a, b)));
  const ratio = v.let(exp(f, sub(v.c(0), distance), fused));
  return v.result(add(greater(a, b), log1pOf(v, ratio)));
};
