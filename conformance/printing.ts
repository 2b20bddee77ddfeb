/** Tensors as text, compared with what PyTorch prints. */
import { expect, test } from "vitest";
import { type FixtureTensor, loadFixtures } from "./load.ts";
import { fromFixture } from "./recorded_tensors.ts";
import type { Setting } from "./replay.ts";

interface Printed {
  name: string;
  print: FixtureTensor;
  text: string;
  requiresGrad?: boolean;
}

/** PyTorch's text in Heddle's spelling: names of dtypes stand alone, options are JavaScript's. */
function expectedText({ text }: Printed): string {
  return text.replaceAll("dtype=torch.", "dtype=").replaceAll("requires_grad=True", "requiresGrad=true");
}

/** One test for each recorded text. */
export function testPrinting({ device }: Setting): void {
  test.each(loadFixtures<Printed>("printing").cases)("$name", (each) => {
    const printed = fromFixture(each.print, device);
    if (each.requiresGrad) printed.requiresGrad = true;
    expect(String(printed)).toBe(expectedText(each));
  });
}
