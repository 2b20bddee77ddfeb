// Every transform of pictures, on a few images: what augmentation does to what a network sees.
import { encodeImage, makeGrid } from "@heddle/data";
import { fromTypedArray, Generator, scope, type Tensor } from "@heddle/tensor";
import { colourPixels, loadColourImages, part, SIDE } from "../colour_images/colour_images.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { type CommonOptions, commonOptions, integer, type Option } from "../runner/options.ts";
import { imageGrid } from "../runner/pictures/image_grid.ts";
import type { Pixels } from "../runner/pictures/png.ts";
import { gallery } from "./gallery.ts";

interface TransformOptions extends CommonOptions {
  images: Option<number>;
  draws: Option<number>;
}

/** Of a caption, in pixels of the screen. */
const CODE_WIDTH = 540;

/** The example; `start` below runs it when this file is what was started. */
export const transforms: Example<TransformOptions> = {
  name: "transforms",
  about: "Draws what each transform makes of a few images, twice, since most of them are random.",
  options: {
    images: integer({ help: "how many images", default: 4, min: 2 }),
    draws: integer({ help: "how often each is drawn for", default: 2, min: 1 }),
    ...commonOptions({
      name: "transforms",
      epochs: 1,
      batch: 1,
      lr: 1,
      data: "digits that the program draws itself, in colour",
    }),
  },

  async run(options, run) {
    const { train, source } = await loadColourImages(options.data, Math.min(options.images, options.limit ?? Infinity));
    run.print(`${train.labels.length} images, ${options.draws} draws. ${source}.\n`);
    const { pixels, labels, classes } = part(train, 0, options.images);
    const repeats = Array.from({ length: options.draws }, () => pixels);
    const bytes = Uint8Array.from(repeats.flatMap((copy) => [...copy]));
    const images = fromTypedArray(bytes, [bytes.length / (3 * SIDE * SIDE), 3, SIDE, SIDE]).float().div(255);
    const targets = fromTypedArray(Int32Array.from(repeats.flatMap(() => [...labels])));

    // A row of pictures; in the report its caption is the code.
    const rows: { pixels: Pixels; caption: string }[] = [];
    const show = (name: string, caption: string, batch: Tensor): void => {
      const grid = makeGrid(batch, { nrow: targets.shape[0]!, padValue: 1 });
      const [, height, width] = grid.shape as [number, number, number];
      rows.push({ pixels: colourPixels(grid.toTypedArray() as Float32Array, { width, height }), caption });
      run.out.file(`${name}.png`, encodeImage(grid), caption);
    };
    show("originals", `as they are: ${labels.map((label) => classes[label]).join(", ")}`, images);
    const table = run.table(["transform".padEnd(20), "output", "mean change"]);
    const change: Record<string, number> = {};
    for (const { name, code, apply } of gallery(classes.length)) {
      using _ = scope();
      const changed = apply(images, targets, new Generator(options.seed));
      show(name, code.replaceAll("new ", ""), changed);
      const shape = changed.shape.slice(1).join("×");
      // Of another size there is no pixel to compare with.
      change[name] = shape === `3×${SIDE}×${SIDE}` ? changed.sub(images).abs().mean().item() : 0;
      table.row(name.padEnd(20), shape, change[name] === 0 ? "" : change[name].toFixed(3));
    }
    const title = "Transforms of pictures";
    const subtitle = `Images: ${labels.length}; draws of each: ${options.draws}; seed: ${options.seed}. ${source}.`;
    // Wide enough for the longest code.
    const scale = Math.max(2, Math.ceil(CODE_WIDTH / rows[0]!.pixels.width));
    const report = imageGrid({ title, subtitle, images: rows, columns: 2, scale });
    run.out.picture("transforms.svg", report, "What each transform makes of the images in the first row");
    return { ...deviceFigures(run.device), images: labels.length, draws: options.draws, change };
  },
};

await start(import.meta.url, transforms);
