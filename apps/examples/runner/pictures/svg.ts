/** Builds SVG elements and documents as text. */

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/**
 * `<name attributes>children</name>`; numbers are rounded to hundredths, undefined attributes are left out. Children
 * are markup.
 */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? +value.toFixed(2) : escapeMarkup(value!)}"`)
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

/** An element with text of any characters. */
export function label(words: string, attributes: Attributes): string {
  return element("text", attributes, escapeMarkup(words));
}

/**
 * About how wide words are in a usual sans-serif font, in pixels: text cannot be measured here.
 */
export function textWidth(words: string, size: number): number {
  let ems = 0;
  for (const letter of words) {
    if (/[mwMW—…@%→]/.test(letter)) ems += 0.95;
    else if (/\p{Lu}/u.test(letter)) ems += 0.72;
    else ems += /[ijl.,:;'|!()[\] ]/.test(letter) ? 0.36 : 0.6;
  }
  return ems * size;
}

/** Escapes text for markup. */
export function escapeMarkup(words: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return words.replace(/[&<>"]/g, (letter) => names[letter]!);
}

/** A complete picture on white, as a file; screen readers read its title. */
export function svgDocument(
  size: { width: number; height: number },
  title: string,
  content: readonly string[],
): string {
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      ...size,
      viewBox: `0 0 ${+size.width.toFixed(2)} ${+size.height.toFixed(2)}`,
      "font-family": "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif",
      role: "img",
    },
    element("title", {}, escapeMarkup(title)),
    element("rect", { width: "100%", height: "100%", fill: "#ffffff" }),
    ...content,
  ) + "\n";
}
