import type { PagePlan } from "../runner/page_plan.ts";

/** The page of a run. */
export const page: PagePlan = {
  title: "Image transforms",
  lesson:
    "Each transform changes an image and not its meaning, so that a network sees more images than there are. Most are random: the rows show " +
    "several draws.",
  pictures: {
    "transforms.svg": "Every transform of @heddle/data on the images of the first row; its code stands above it.",
  },
  figures: {
    images: { label: "images", setting: true },
    draws: { label: "draws", setting: true },
    change: {
      label: "Mean change of a value between 0 and 1; 0 where the size changes",
      names: "transform",
      digits: 3,
    },
  },
};
