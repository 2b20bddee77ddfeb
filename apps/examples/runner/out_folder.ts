/** The folder of a run: its pictures, its figures, its weights, and a page that shows them. */
import { putFile } from "@heddle/store";
import { type Callback, JsonLines, type JsonLinesOptions } from "@heddle/train";
import { FolderError, makeFolder, openFolder, writing } from "@heddle/train/files";
import { appendFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { OptionError } from "./options.ts";
import { type RunPage, runPage, type Section } from "./page.ts";

/** Writes the files of a run and records them for the page. */
export class OutFolder {
  /** The path as given. */
  readonly path: string;
  /** Whether nothing is written. */
  readonly dry: boolean;
  private readonly pictures: { file: string; caption: string }[] = [];
  private readonly files: { file: string; note: string }[] = [];
  private readonly sections: Section[] = [];

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

  /** Writes a picture (the text of an SVG file); the page shows it with its caption. */
  picture(file: string, svg: string, caption: string): void {
    this.write(file, svg);
    this.pictures.push({ file, caption });
  }

  /** Writes another file; the page links to it with its note. */
  file(file: string, content: string | Uint8Array, note: string): void {
    this.write(file, content);
    this.files.push({ file, note });
  }

  /** The log of a training of `fit` in a file, as its callbacks; none in a dry run. The page links to it with its note. */
  log(file: string, note: string, options?: JsonLinesOptions): Callback[] {
    if (this.dry) return [];
    this.files.push({ file, note });
    return [new JsonLines(join(this.path, file), options)];
  }

  /** Appends to a file, creating it if necessary. */
  append(file: string, content: string): void {
    if (this.dry) return;
    const target = join(this.path, file);
    this.attempt(target, () => appendFileSync(target, content));
  }

  /** A subfolder for a part of the run; its files are not on the page. */
  within(name: string): OutFolder {
    return new OutFolder(join(this.path, name), this.dry);
  }

  /** Shows the pictures and files of a subfolder on the page, in a section. */
  section(folder: string, part: OutFolder, about: Omit<Section, "pictures" | "files">): void {
    const moved = <T extends { file: string }>(entries: readonly T[]): T[] =>
      entries.map((entry) => ({ ...entry, file: `${folder}/${entry.file}` }));
    this.sections.push({ ...about, pictures: moved(part.pictures), files: moved(part.files) });
  }

  /** Writes `index.html` with all of the above and returns its absolute path. */
  page(about: Omit<RunPage, "pictures" | "files" | "sections">): string {
    const { pictures, files, sections } = this;
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
