import { expect, test } from "vitest";
import { greyPixels } from "../runner/pictures/png.ts";
import { Filmstrip } from "./filmstrip.ts";

const picture = (value: number) => greyPixels([value], { width: 1, height: 1 });

test("shows the first row, the last, and some between", () => {
  const strip = new Filmstrip();
  for (let epoch = 1; epoch <= 30; epoch++) strip.add(`epoch ${epoch}`, [picture(0), picture(1)]);
  const svg = strip.draw("Samples", "of the same noise");
  const captions = [...svg.matchAll(/>epoch (\d+)</g)].map(([, epoch]) => Number(epoch));
  expect(captions).toEqual([1, 5, 9, 13, 18, 22, 26, 30]);
});

test("a resumed one draws the same picture", () => {
  const [whole, first, second] = [new Filmstrip(), new Filmstrip(), new Filmstrip()];
  for (const strip of [whole, first]) strip.add("epoch 1", [picture(0.5)]);
  second.loadStateDict(structuredClone(first.stateDict()));
  for (const strip of [whole, second]) strip.add("epoch 2", [picture(0.25)]);
  expect(second.draw("", "")).toBe(whole.draw("", ""));
});
