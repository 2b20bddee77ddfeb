/** How generated images change during training: a row of them after each epoch. */
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { mosaic, type Pixels } from "../runner/pictures/png.ts";

/** More rows would not fit on a screen. */
const ROWS = 8;

interface Row {
  caption: string;
  pixels: Pixels;
}

/** Rows of images; checkpoints save them. */
export class Filmstrip {
  private rows: Row[] = [];

  /** Adds images of equal size, side by side. */
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

  /** Restores saved rows. */
  loadStateDict({ rows }: { rows: Row[] }): void {
    this.rows = [...rows];
  }
}
