// Asks TypeScript's language server, as an editor does, where something is defined.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** The file that "go to definition" opens for the first `word` of `file`. `tsserver` is the path of the server. */
export async function definitionOf(tsserver: string, file: string, text: string, word: string): Promise<string> {
  const before = text.slice(0, text.indexOf(word)).split("\n");
  const place = { file, line: before.length, offset: before.at(-1)!.length + 1 };
  const child = spawn("node", [tsserver, "--disableAutomaticTypingAcquisition"], { stdio: ["pipe", "pipe", "ignore"] });
  const send = (seq: number, command: string, args: object): void => {
    child.stdin.write(`${JSON.stringify({ seq, type: "request", command, arguments: args })}\n`);
  };
  try {
    send(1, "open", { file });
    send(2, "definition", place);
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith("{")) continue;
      const message = JSON.parse(line) as { request_seq?: number; body?: { file: string }[] };
      if (message.request_seq === 2) return message.body?.[0]?.file ?? `nothing for ${word}`;
    }
    return "no answer";
  } finally {
    child.kill();
  }
}
