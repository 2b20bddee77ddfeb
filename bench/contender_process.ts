/** A contender in its own process, kept alive from case to case. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Answer, Question } from "./serve.ts";

/** How a contender is started. */
export interface Command {
  /** Short and unique: the key in the JSON report. */
  readonly name: string;
  /** Its library: of several contenders of a team the fastest counts (PyTorch on one and two threads). */
  readonly team: string;
  readonly threads: number;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Starts the process, asks it questions and ends it. */
export class ContenderProcess {
  readonly command: Command;
  private readonly child: ChildProcess;
  private waiting: ((answer: Answer) => void) | null = null;
  private ended: string | null = null;

  constructor(command: Command) {
    this.command = command;
    this.child = spawn(command.command, command.args, {
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.child.on("error", (error) => this.stop(error.message));
    this.child.on(
      "exit",
      (code, signal) => this.stop(`its process ended with ${code ?? signal}`),
    );
    this.child.stdin!.on("error", () => {}); // the exit event reports it
    createInterface({ input: this.child.stdout! }).on("line", (line) => {
      // Libraries also print to stdout.
      if (!line.startsWith('{"answer"')) {
        return void console.error(`${command.name}: ${line}`);
      }
      this.tell((JSON.parse(line) as { answer: Answer }).answer);
    });
  }

  /** Asks one question at a time; errors are in the answer. */
  ask(question: Question): Promise<Answer> {
    if (this.ended !== null) return Promise.resolve({ error: this.ended });
    return new Promise((resolve) => {
      this.waiting = resolve;
      this.child.stdin!.write(`${JSON.stringify(question)}\n`);
    });
  }

  /** The process's peak memory in bytes, if the system reports it. */
  peakResident(): number | null {
    try {
      const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
      return 1024 * Number(/VmHWM:\s*(\d+)/.exec(status)![1]);
    } catch {
      return null;
    }
  }

  close(): void {
    this.ended ??= "it was closed";
    this.child.stdin!.end();
    this.child.kill();
  }

  private stop(reason: string): void {
    this.ended ??= reason;
    this.tell({ error: this.ended });
  }

  private tell(answer: Answer): void {
    const waiting = this.waiting;
    this.waiting = null;
    waiting?.(answer);
  }
}
