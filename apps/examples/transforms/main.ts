// Draws every image transform on a few images.
import { encodeImage, makeGrid } from "@heddle/data";
import { fromTypedArray, Generator, scope, type Tensor } from "@heddle/tensor";
import { colourPixels, loadColourImages, part, SIDE } from "../colour_images/colour_images.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { type CommonOptions, commonOptions, integer, type Option } from "../runner/options.ts";
import { gallery } from "./gallery.ts";
import { galleryPage, type Strip } from "./gallery_page.ts";
import { page } from "./page.ts";

interface TransformOptions extends CommonOptions {
  images: Option<number>;
  draws: Option<number>;
}

/** The example; `start` runs it if this file is the main module. */
export const transforms: Example<TransformOptions> = {
  name: "transforms",
  about: "Draws the effect of each transform on a few images, twice, since most of them are random.",
  page,
  options: {
    images: integer({ help: "number of images", default: 4, min: 2 }),
    draws: integer({ help: "random draws per image", default: 2, min: 1 }),
    ...commonOptions({
      name: "transforms",
      epochs: 1,
      batch: 1,
      lr: 1,
      data: "generated colour digits",
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

    const strips: Strip[] = [];
    const show = (name: string, code: string, batch: Tensor, kind?: string): void => {
      const grid = makeGrid(batch, { nrow: targets.shape[0]!, padValue: 1 });
      const [, height, width] = grid.shape as [number, number, number];
      const pixels = colourPixels(grid.toTypedArray("float32"), { width, height });
      strips.push({ pixels, code, ...(kind !== undefined && { kind }) });
      run.out.file(`${name}.png`, encodeImage(grid), code);
    };
    show("originals", `originals: ${labels.map((label) => classes[label]).join(", ")}`, images);
    const table = run.table(["transform".padEnd(21), "output", "mean change"]);
    const change: Record<string, number> = {};
    for (const { name, code, kind, apply } of gallery(classes.length)) {
      using _ = scope();
      const changed = apply(images, targets, new Generator(options.seed));
      show(name, code.replaceAll("new ", ""), changed, kind);
      const shape = changed.shape.slice(1).join("×");
      // With another size there is no corresponding pixel.
      change[name] = shape === `3×${SIDE}×${SIDE}` ? changed.sub(images).abs().mean().item() : 0;
      table.row(name.padEnd(21), shape, change[name] === 0 ? "" : change[name].toFixed(3));
    }
    const title = "Image transforms";
    const subtitle = `Images: ${labels.length}; draws of each: ${options.draws}; seed: ${options.seed}. ${source}.`;
    run.out.picture("transforms.svg", galleryPage(title, subtitle, strips));
    return { ...deviceFigures(run.device), images: labels.length, draws: options.draws, change };
  },
};

await start(import.meta.url, transforms);
