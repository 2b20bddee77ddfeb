/** @module-tag once */
import process from "node:process";
import { describe, expect, test, vi } from "vitest";

/** Of each program: the line that it prints, with its figure, and what an untrained model does not reach. */
const PROGRAMS: Record<string, { line: RegExp; below?: number; above?: number }> = {
  // Predicting each pixel's mean takes 198 nats.
  vae: { line: /take ([\d.]+) nats$/, below: 185 },
  // Characters drawn by their frequencies take 3.2 nats.
  gpt: { line: /^([\d.]+) nats per character of new text; it writes: At noon the/, below: 1 },
  // Chance is 83%.
  names: { line: /^the language of ([\d.]+)% of the test names is mistaken$/, below: 10 },
  // Chance is 90%.
  cifar: { line: /^([\d.]+)% of the test images are misclassified$/, below: 40 },
  // Noise is 14.9 away, and what an untrained generator draws 13.0.
  gan: { line: /^a drawn digit is ([\d.]+) away from the nearest real one/, below: 8 },
  // Untrained vectors reach 5%.
  embeddings: { line: /^([\d.]+)% of the words are nearest to one of their group; guitar is near/, above: 80 },
  translate: { line: /^BLEU ([\d.]+); “le chat .*” is “the cat .*”$/, above: 70 },
  transformer: { line: /^BLEU ([\d.]+); “le chat .*” is “the cat .*”$/, above: 70 },
  tagger: { line: /with an F1 of ([\d.]+)%$/, above: 50 },
  // Chance is 75%.
  "fine-tuning": { line: /a test error of ([\d.]+)%, from scratch [\d.]+%$/, below: 40 },
  // Chance is 67%.
  tabular: { line: /^([\d.]+)% of the test flowers are misclassified$/, below: 20 },
  // Chance is 90%.
  "random-labels": { line: /^random labels: training error ([\d.]+)%, test error (?:[89]\d)/, below: 5 },
  equivariance: { line: /^learned upright, ([\d.]+)% of the rotated digits/, below: 50 },
  // An untrained network reaches 0.15.
  features: { line: /with a probability of ([\d.]+)$/, above: 0.9 },
};

describe("the short programs", () => {
  test.each(Object.entries(PROGRAMS))("%s", async (name, { line, below = Infinity, above = -Infinity }) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const error = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
    try {
      await import(`./${name}/short.ts`);
      expect(log).toHaveBeenCalledOnce();
      const [printed] = log.mock.calls[0]!;
      expect(printed).toMatch(line);
      const figure = Number(line.exec(printed)![1]);
      expect(figure).toBeLessThan(below);
      expect(figure).toBeGreaterThan(above);
    } finally {
      log.mockRestore();
      error.mockRestore();
    }
  });
});
