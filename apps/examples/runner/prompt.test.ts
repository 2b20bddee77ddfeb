import { describe, expect, test } from "vitest";
import { answerLines, LineError, type LineSource } from "./prompt.ts";

async function ask(pieces: (Uint8Array | string)[], isTTY = false) {
  let answers = "", remarks = "";
  const stdin: LineSource = Object.assign(
    (async function* () {
      yield* pieces;
    })(),
    { isTTY },
  );
  const counts = await answerLines({
    stdin,
    answers: { write: (text) => answers += text },
    remarks: { write: (text) => remarks += text },
  }, (line) => {
    if (line.includes("!")) throw new LineError("no shouting");
    return `<${line}>`;
  });
  return { answers, remarks, counts };
}

describe("answerLines", () => {
  test("one reply per line, however the stream is split, with any line ends", async () => {
    const bytes = new TextEncoder().encode("\ufeffone\r\nécole\nlast");
    const cut = [...bytes].map((byte) => Uint8Array.of(byte));
    expect(await ask(cut)).toEqual({
      answers: "<one>\n<école>\n<last>\n",
      remarks: "",
      counts: { answered: 3, refused: 0 },
    });
    expect((await ask(["one\nécole\n", "last\n"])).answers).toBe("<one>\n<école>\n<last>\n");
  });

  test("empty and refused lines keep their place, and the reason has the line's number", async () => {
    const { answers, remarks, counts } = await ask(["a\n\n  \nhelp!\nb\n"]);
    expect(answers.split("\n")).toEqual(["<a>", "", "", "", "<b>", ""]);
    expect(remarks).toBe("line 4: no shouting\n");
    expect(counts).toEqual({ answered: 2, refused: 1 });
  });

  test("invalid UTF-8 is rejected, and the next line is read", async () => {
    const { answers, remarks } = await ask([Uint8Array.of(0x61, 0xff, 0x0a, 0x62, 0x0a)]);
    expect(answers).toBe("\n<b>\n");
    expect(remarks).toContain("line 1: the line is not valid UTF-8");
  });

  test("a person is prompted and sees no empty answers", async () => {
    const { answers, remarks } = await ask(["a\n\nhelp!\n"], true);
    expect(answers).toBe("<a>\n");
    expect(remarks).toBe("> > > no shouting\n> \n");
  });

  test("other errors end it", async () => {
    const stdin: LineSource = (async function* () {
      yield "a\n";
    })();
    const sink = { write: () => true };
    const broken = answerLines({ stdin, answers: sink, remarks: sink }, () => {
      throw new TypeError("a bug");
    });
    await expect(broken).rejects.toThrow("a bug");
  });
});
