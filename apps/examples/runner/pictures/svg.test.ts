import { expect, test } from "vitest";
import { element, label, svgDocument, textWidth } from "./svg.ts";

test("element writes attributes and children", () => {
  expect(element("rect", { x: 1 / 3, y: 2, fill: undefined })).toBe('<rect x="0.33" y="2"/>');
  expect(element("g", {}, element("a", {}), "b")).toBe("<g><a/>b</g>");
});

test("words are escaped, in text and in attributes", () => {
  expect(label('a < b & "c"', { id: '">' })).toBe('<text id="&quot;&gt;">a &lt; b &amp; &quot;c&quot;</text>');
});

test("a document stands alone", () => {
  const picture = svgDocument({ width: 20, height: 10 }, "R&D", [element("g", {})]);
  expect(picture).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="20" height="10" viewBox="0 0 20 10"/);
  expect(picture).toContain("<title>R&amp;D</title>");
});

test("capitals and broad letters are wider than others", () => {
  expect(textWidth("mm", 12)).toBeGreaterThan(textWidth("nn", 12));
  expect(textWidth("WORK", 12)).toBeGreaterThan(textWidth("work", 12));
  expect(textWidth("ill", 12)).toBeLessThan(textWidth("nnn", 12));
  expect(textWidth("", 12)).toBe(0);
});
