/** How generated pictures change while a network learns: a row of them after each epoch. */
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { mosaic, type Pixels } from "../runner/pictures/png.ts";

/** More rows than this do not fit a screen. */
const ROWS = 8;

interface Row {
  caption: string;
  pixels: Pixels;
}

/** Rows of pictures in their order; a part of a run that checkpoints hold. */
export class Filmstrip {
  private rows: Row[] = [];

  /** Adds pictures of one size, side by side. */
  add(caption: string, images: readonly Pixels[]): void {
    this.rows.push({ caption, pixels: mosaic(images, images.length, 4) });
  }

  /** The first row, the last, and some between, as the text of an SVG file. */
  draw(title: string, subtitle: string): string {
    const last = this.rows.length - 1, count = Math.min(ROWS, this.rows.length);
    const shown = Array.from({ length: count }, (_, i) => this.rows[Math.round(i * last / Math.max(1, count - 1))]!);
    return imageGrid({ title, subtitle, images: shown, columns: 1, scale: 2 });
  }

  /** All rows. */
  stateDict(): { rows: Row[] } {
    return { rows: this.rows };
  }

  /** Goes on from the rows of a run. */
  loadStateDict({ rows }: { rows: Row[] }): void {
    this.rows = [...rows];
  }
}
