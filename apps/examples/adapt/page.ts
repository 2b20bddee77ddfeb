import { FEW_EXAMPLES } from "../fine-tuning/page.ts";
import type { PagePlan } from "../runner/page_plan.ts";

/** The page of a run. */
export const page: PagePlan = {
  title: "A network from a file learns other classes",
  lesson:
    "The fewer the examples, the fewer parameters they can determine: a new last layer does best with five a class, all layers with a " +
    "hundred, and LoRA is between them, with a file a tenth of the network's size.",
  pictures: {
    "errors.svg":
      "Misclassified images of the new classes, in percent, by the number of examples: the mean of the choices of examples, shaded from the lowest to the highest.",
  },
  figures: {
    knownErrorPercent: { label: "Test error on the known classes", unit: "%", digits: 1 },
    adaptedErrorPercent: { label: "Test error of adapted.onnx on the new classes", unit: "%", digits: 1 },
    "bytes.network": { label: "Size of adapted.onnx", unit: "kB", times: 1e-3, digits: 0 },
    "bytes.adapters": { label: "Size of the adapters and the head", unit: "kB", times: 1e-3, digits: 0 },
    steps: { label: "steps on the new classes", setting: true },
    results: { label: "Test errors on the new classes", columns: FEW_EXAMPLES },
  },
  sources: [{ text: "Hu et al. 2021, LoRA", url: "https://arxiv.org/abs/2106.09685" }],
};
