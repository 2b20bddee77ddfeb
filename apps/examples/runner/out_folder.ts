/** The folder of a run: its pictures, its figures, its weights, and a page that shows them. */
import { putFile } from "@heddle/store";
import { JsonLines, type JsonLinesOptions } from "@heddle/train";
import { FolderError, makeFolder, openFolder, writing } from "@heddle/train/files";
import { dirname, join, resolve } from "node:path";
import { OptionError } from "./options.ts";
import { type Picture, type RunPage, runPage, type Section } from "./page.ts";

/** Writes the files of a run and records them for the page. */
export class OutFolder {
  /** The path as given. */
  readonly path: string;
  /** Whether nothing is written. */
  readonly dry: boolean;
  private readonly pictures = new Map<string, Picture>();
  private readonly files = new Map<string, { file: string; note: string }>();
  private readonly sections: RunPage["sections"][number][] = [];

  /** With `dry`, nothing is written. */
  constructor(path: string, dry: boolean) {
    this.path = path;
    this.dry = dry;
  }

  /**
   * Creates and locks the folder for this run; the returned function unlocks it. A dry run leaves it untouched.
   *
   * @throws OptionError if it cannot be written to, or is in use by another run.
   */
  open(): () => void {
    if (this.dry) return () => {};
    return this.attempt(this.path, () => openFolder(this.path));
  }

  /**
   * Writes a picture (the text of an SVG file), or replaces it. The page shows it with its meaning from the plan, and `detail`, which is
   * particular to this run.
   */
  picture(file: string, svg: string, detail?: string): void {
    this.write(file, svg);
    const [, width, height] = /^<svg [^>]*?\bwidth="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
    const size = width === undefined ? null : { width: Number(width), height: Number(height) };
    this.pictures.set(file, { file, size, ...(detail !== undefined && { detail }) });
  }

  /** Writes another file; the page links to it with its note. */
  file(file: string, content: string | Uint8Array, note: string): void {
    this.write(file, content);
    this.files.set(file, { file, note });
  }

  /** The log of a training of `fit` in a file, as a callback; none in a dry run. The page links to it with its note. */
  log(file: string, note: string, options?: JsonLinesOptions): JsonLines[] {
    if (this.dry) return [];
    this.files.set(file, { file, note });
    return [new JsonLines(join(this.path, file), options)];
  }

  /** A subfolder for a part of the run; its files are not on the page. */
  within(name: string): OutFolder {
    return new OutFolder(join(this.path, name), this.dry);
  }

  /** Shows the pictures and files of a subfolder on the page, in a section. */
  section(name: string, part: OutFolder, about: Omit<Section, "pictures" | "files">): void {
    const moved = <T extends { file: string }>(entries: Iterable<T>): T[] =>
      [...entries].map((entry) => ({ ...entry, file: `${name}/${entry.file}` }));
    this.sections.push({ ...about, name, pictures: moved(part.pictures.values()), files: moved(part.files.values()) });
  }

  /** Writes `index.html` with all of the above and returns its absolute path. */
  page(about: Omit<RunPage, "pictures" | "files" | "sections">): string {
    const { sections } = this;
    const pictures = [...this.pictures.values()], files = [...this.files.values()];
    this.write("index.html", runPage({ ...about, pictures, files, sections }));
    return resolve(this.path, "index.html");
  }

  /** Files appear complete or not at all, see {@link putFile}. */
  private write(file: string, content: string | Uint8Array): void {
    if (this.dry) return;
    const target = join(this.path, file);
    this.attempt(target, () => {
      makeFolder(dirname(target));
      putFile(target, content);
    });
  }

  /** Turns system errors into messages that say what the file was for. */
  private attempt<T>(path: string, work: () => T): T {
    try {
      return writing(path, work);
    } catch (error) {
      if (error instanceof FolderError) throw new OptionError(`--out: ${error.message}`, { cause: error });
      throw error;
    }
  }
}
