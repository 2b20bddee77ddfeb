/** A contender as a process of its own, kept alive from case to case. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Answer, Question } from "./serve.ts";

/** How a contender is started. */
export interface Command {
  /** Short and unique: the key in the JSON report. */
  readonly name: string;
  /** The family of columns it belongs to: of several, the faster one counts (PyTorch on one and two threads). */
  readonly team: string;
  readonly threads: number;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** See the module's comment. */
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
    this.child.stdin!.on("error", () => {}); // the exit says it better
    createInterface({ input: this.child.stdout! }).on("line", (line) => {
      // Libraries greet on stdout, too.
      if (!line.startsWith('{"answer"')) {
        return void console.error(`${command.name}: ${line}`);
      }
      this.tell((JSON.parse(line) as { answer: Answer }).answer);
    });
  }

  /** One question at a time; what goes wrong is in the answer. */
  ask(question: Question): Promise<Answer> {
    if (this.ended !== null) return Promise.resolve({ error: this.ended });
    return new Promise((resolve) => {
      this.waiting = resolve;
      this.child.stdin!.write(`${JSON.stringify(question)}\n`);
    });
  }

  /** The most memory the process ever had, in bytes, where the system tells. */
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
