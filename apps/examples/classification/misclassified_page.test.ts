import { expect, test } from "vitest";
import { confusionChart } from "./confusion_chart.ts";
import { misclassifiedPage } from "./misclassified_page.ts";

const image = () => ({ width: 1, height: 1, channels: 1 as const, data: new Uint8Array(1) });
const about = { title: "MLP", of: "digit", names: ["zero", "one"], count: 1, columns: 2, scale: 1 };

test("the most confident mistakes are shown with both classes", () => {
  const predictions = { labels: [0, 1, 1], predicted: [0, 0, 0], confidence: [1, 0.6, 0.9] };
  const svg = misclassifiedPage({ ...about, predictions, image });
  expect(svg).toContain("MLP: misclassified digits");
  expect(svg).toContain("1 of 2, the most confident first: true → predicted");
  expect(svg.match(/one → zero/g)).toHaveLength(1);
});

test("without a mistake the page says so", () => {
  const svg = misclassifiedPage({ ...about, predictions: { labels: [1], predicted: [1], confidence: [1] }, image });
  expect(svg).toContain("None: every test digit was classified correctly.");
});

test("a confusion matrix names its axes and shows counts", () => {
  const svg = confusionChart({
    ...{ title: "MLP", subtitle: "3 test digits", of: "digits", kind: "digit", names: ["zero", "one"] },
    counts: [[17, 0], [0, 0]],
  });
  for (const text of ["MLP: confusion matrix", "true digit", "predicted digit", ">17<"]) expect(svg).toContain(text);
});
