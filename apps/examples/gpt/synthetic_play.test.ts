import { Generator } from "@heddle/tensor";
import { expect, test } from "vitest";
import { drawPlay } from "./synthetic_play.ts";

const SPEECH = /^([A-Z]+):\n.+ the \w+ (\w+) .+\.\n(She|He|It) had seen .+, (\w+)\.$/;

test("who is addressed speaks next, and pronouns agree", () => {
  const { text } = drawPlay(20_000, new Generator(3));
  expect(text.length).toBeGreaterThanOrEqual(20_000);
  const speeches = text.trimEnd().split("\n\n").map((speech) => SPEECH.exec(speech)!.slice(1));
  const pronouns = new Map<string, Set<string>>();
  speeches.forEach(([speaker, hero, pronoun, addressed], i) => {
    expect(addressed!.toUpperCase()).not.toBe(speaker);
    if (i > 0) expect(speaker).toBe(speeches[i - 1]![3]!.toUpperCase());
    pronouns.set(hero!, (pronouns.get(hero!) ?? new Set()).add(pronoun!));
  });
  expect(pronouns.size).toBe(8);
  for (const seen of pronouns.values()) expect(seen.size).toBe(1);
});

test("the nats are those of the choices, and another generator makes other ones", () => {
  const { text, nats } = drawPlay(20_000, new Generator(3));
  const speeches = text.trimEnd().split("\n\n").length;
  // A when, a look, a hero, a deed, a place, a sight, one of five who are addressed; and the first speaker.
  expect(nats).toBeCloseTo(speeches * (Math.log(6) + 5 * Math.log(8) + Math.log(5)) + Math.log(6), 6);
  expect(drawPlay(20_000, new Generator(3)).text).toBe(text);
  expect(drawPlay(20_000, new Generator(4)).text).not.toBe(text);
});
