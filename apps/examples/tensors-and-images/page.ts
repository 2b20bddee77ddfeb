import type { PagePlan } from "../runner/page_plan.ts";

/** The page of a run. */
export const page: PagePlan = {
  title: "Images as tensors",
  lesson:
    "A view copies nothing: only shape, strides and offset differ. To write to a view is to write to the tensor it is a view of.",
  pictures: {
    "grid.svg": "All images in one tensor.",
    "transposed.svg": "Rows and columns exchanged: a view, with other strides.",
    "first.svg": "The first image of the grid: a view with an offset.",
    "no-blue.svg": "A clone of the grid, its blue set to zero.",
    "only-red.svg": "A clone of that, its green set to zero: red is left.",
    "through-view.svg": "The grid itself after green and blue were set to zero in the view of its first image.",
  },
  figures: {
    images: { label: "images", setting: true },
    gridShape: { label: "Shape of the grid" },
    transposedStrides: { label: "Strides of the transposed view" },
    sharesMemory: { label: "The views share the grid's memory" },
    colourSums: { label: "Sums of red, green and blue where only red is left" },
  },
};
