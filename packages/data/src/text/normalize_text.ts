import { checkOptions } from "@heddle/tensor/engine";

/** Options of {@link normalizeText}. */
export interface NormalizeTextOptions {
  /** Whether capitals become small letters (default true). */
  lowercase?: boolean;
  /** Whether "é" becomes "e" (default false). */
  stripAccents?: boolean;
}

// The escapes of the Moses tools, which Multi30k and the WMT texts use.
const ENTITIES: Readonly<Record<string, string>> = {
  "&apos;": "'",
  "&quot;": '"',
  "&lt;": "<",
  "&gt;": ">",
  "&#124;": "|",
  "&#91;": "[",
  "&#93;": "]",
  "&amp;": "&",
};

/**
 * Normalises spelling: composed letters (Unicode NFC), straight quotes and apostrophes, plain hyphens, "..." for "…",
 * the characters themselves for escapes such as `&apos;`, one plain space for any run of white space, the narrow ones
 * of French typography included; none at the ends. Control characters and marks of no width are left out. Capitals
 * become lower case by default.
 *
 * @example
 * ```ts
 * import { normalizeText } from "@heddle/data";
 *
 * console.log(normalizeText("L’été\u202f!")); // l'été !
 * console.log(normalizeText("L’été\u202f!", { stripAccents: true, lowercase: false })); // L'ete !
 * ```
 */
export function normalizeText(text: string, options: NormalizeTextOptions = {}): string {
  checkOptions("normalizeText", options, ["lowercase", "stripAccents"]);
  const { lowercase = true, stripAccents = false } = options;
  let plain = text
    .replace(/&(?:apos|quot|lt|gt|amp|#124|#91|#93);/g, (entity) => ENTITIES[entity]!)
    .replace(/[\u00ad\u200b\u200e\u200f\u2060\ufeff]/g, "")
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}/gu, "")
    .replace(/[\u2018\u2019\u201b\u02bc\u00b4`]/g, "'")
    .replace(/[\u201c-\u201f\u00ab\u00bb]/g, '"')
    .replace(/[\u2010\u2011]/g, "-")
    .replace(/\u2026/g, "...")
    .trim();
  if (lowercase) plain = plain.toLowerCase();
  return (stripAccents ? plain.normalize("NFD").replace(/\p{Mn}/gu, "") : plain).normalize("NFC");
}
