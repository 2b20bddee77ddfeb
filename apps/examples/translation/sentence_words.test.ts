import { describe, expect, test } from "vitest";
import { sentenceText, sentenceWords } from "./sentence_words.ts";

describe("sentenceWords", () => {
  test.each([
    ["L'homme qu’elle aime n'est pas là !", "l' homme qu' elle aime n' est pas là !"],
    ["Puis-je l'aider ?", "puis-je l' aider ?"],
    ["quelqu'un d'autre", "quelqu' un d' autre"],
    ["She isn't here; it's John's.", "she isn 't here ; it 's john 's ."],
  ])("%s", (text, tokens) => expect(sentenceWords(text).join(" ")).toBe(tokens));

  test.each([
    "deux hommes tiennent un t-shirt tandis qu' un autre s' assoit .",
    "a child 's toy , which doesn 't work .",
  ])("leaves what the Moses tools have cut as it was: %s", (line) => {
    expect(sentenceWords(line).join(" ")).toBe(line);
    expect(sentenceWords(line.replaceAll("'", "&apos;")).join(" ")).toBe(line);
  });
});

test("sentenceText puts words together as the language does", () => {
  expect(sentenceText(sentenceWords("Où est l'arbre ?"), "french")).toBe("où est l'arbre ?");
  expect(sentenceText(["l'", "<unk>", "qu'", "il", "a", "."], "french")).toBe("l'<unk> qu'il a.");
  expect(sentenceText(sentenceWords("isn't it the child's?"), "english")).toBe("isn't it the child's?");
});
