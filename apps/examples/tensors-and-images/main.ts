// Images as tensors: a grid, its rows and columns exchanged, and colours removed, all through views.
import { makeGrid } from "@heddle/data";
import { fromTypedArray, type Tensor } from "@heddle/tensor";
import { colourPixels, loadColourImages, part, SIDE } from "../colour_images/colour_images.ts";
import { deviceFigures } from "../runner/device.ts";
import { type CommonOptions, commonOptions, integer, type Option } from "../runner/options.ts";
import { type Example, start } from "../runner/example.ts";
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { encodePng } from "../runner/pictures/png.ts";
import { page } from "./page.ts";
import { clearChannel, layout, transposed } from "./views.ts";

interface TensorOptions extends CommonOptions {
  columns: Option<number>;
}

/** The example; `start` runs it if this file is the main module. */
export const tensorsAndImages: Example<TensorOptions> = {
  name: "tensors-and-images",
  about: "Shows small colour images as one tensor, and views of it: exchanged axes, colours set to zero.",
  page,
  options: {
    columns: integer({ help: "images in a row of the grid", default: 12, min: 1 }),
    ...commonOptions({
      name: "tensors-and-images",
      epochs: 1,
      batch: 96,
      lr: 1,
      data: "generated colour digits",
    }),
  },

  async run(options, run) {
    const count = Math.min(options.batch ?? 96, options.limit ?? Infinity);
    const { train, source } = await loadColourImages(options.data, count);
    run.print(`${train.labels.length} images. ${source}.`);
    const show = (name: string, call: string, meaning: string, picture: Tensor): void => {
      const [, height, width] = picture.shape as [number, number, number];
      // Reading a tensor returns its values in the order of the view's dimensions.
      const pixels = colourPixels(picture.toTypedArray("uint8"), { width, height });
      const grid = { title: call, subtitle: layout(picture), images: [{ pixels }], columns: 1, scale: 1 };
      run.out.picture(`${name}.svg`, imageGrid(grid));
      run.out.file(`${name}.png`, encodePng(pixels), `${call}: ${meaning}`);
      run.print(`${name}.png`.padEnd(17) + `${call}: ${meaning}`);
      run.print(" ".repeat(17) + layout(picture));
    };

    const { pixels, labels, classes } = part(train, 0, count);
    const images = fromTypedArray(pixels, [labels.length, 3, SIDE, SIDE], { dtype: "uint8" });
    run.print(`\nimages           uint8, ${layout(images)}`);
    run.print(`images.at(0, 0, 0, "0:6")  the first six reds of the first ${classes[labels[0]!]}:`);
    run.print(`${images.at(0, 0, 0, "0:6")}\n`);

    const grid = makeGrid(images, { nrow: options.columns, padValue: 255 });
    show("grid", "makeGrid(images)", "all images in one tensor", grid);
    show("transposed", "grid.transpose(1, 2)", "rows and columns exchanged, a view", transposed(grid));
    // The grid shares the memory of this view.
    const first = grid.at(":", `2:${2 + SIDE}`, `2:${2 + SIDE}`);
    show("first", 'grid.at(":", "2:34", "2:34")', "its first image, a view", first);

    const redGreen = grid.clone();
    clearChannel(redGreen, 2);
    show("no-blue", "clone.at(2).zero_()", "a clone of the grid without its blue", redGreen);
    const red = redGreen.clone();
    clearChannel(red, 1);
    show("only-red", "clone.at(1).zero_()", "a clone of that without its green", red);

    clearChannel(first, 1);
    clearChannel(first, 2);
    show(
      "through-view",
      "first.at(1).zero_(), first.at(2).zero_()",
      "the grid itself, written to through the view",
      grid,
    );
    const sum = (tensor: Tensor): number => tensor.int().sum().item();
    return {
      ...deviceFigures(run.device),
      images: labels.length,
      gridShape: grid.shape,
      transposedStrides: transposed(grid).strides,
      sharesMemory: first.at(1).int().sum().item() === 0 && sum(transposed(grid)) === sum(grid),
      colourSums: [0, 1, 2].map((colour) => sum(red.at(colour))),
    };
  },
};

await start(import.meta.url, tensorsAndImages);
