/** Numbers as people write them. */

/** `10⁻⁷` for the exponent −7. */
export function powerOfTen(exponent: number): string {
  return "10" + [...String(exponent)].map((sign) => sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)]).join("");
}

/** `2.2×10⁻⁷`, with at most one digit after the point. */
export function scientific(value: number): string {
  const [mantissa, exponent] = value.toExponential(1).split("e") as [string, string];
  const factor = mantissa.replace(".0", "").replace("-", "−");
  return `${factor}×${powerOfTen(Number(exponent))}`;
}
