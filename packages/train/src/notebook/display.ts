/** How notebooks show objects: what `Symbol.for("Jupyter.display")` returns, which Deno's kernel calls. */

/** An object in several formats, by their MIME types; a notebook shows the richest that it knows. Images are in base64. */
export interface MimeBundle {
  readonly "text/plain": string;
  readonly "text/html"?: string;
  readonly "image/png"?: string;
  readonly "image/svg+xml"?: string;
}

/** The name of the method that notebooks call. */
export const display: unique symbol = Symbol.for("Jupyter.display") as never;

/** An object that notebooks show by itself. */
export interface Displayable {
  [display](): MimeBundle | Promise<MimeBundle>;
}

/** Gives the objects of a class a display. */
export function install<T extends object>(prototype: T, bundle: (object: T) => MimeBundle | Promise<MimeBundle>): void {
  Object.defineProperty(prototype, display, {
    configurable: true,
    value(this: T): MimeBundle | Promise<MimeBundle> {
      return bundle(this);
    },
  });
}

/** Text as HTML. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
