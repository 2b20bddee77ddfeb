/** The contender's process: reads questions as lines of JSON on stdin, and writes answers as lines of JSON on stdout. */
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import type { Case, Maker, Work } from "./case.ts";
import { type Costs, gpuCosts } from "./gpu_costs.ts";

/** A question to a contender. */
export type Question =
  | { do: "hello" }
  | { do: "prepare"; case: Case }
  | { do: "check"; file: string }
  | { do: "time"; seconds: number }
  | { do: "reference"; unit: string }
  | { do: "costs"; seconds: number; per: number }
  | { do: "soak"; case: Case; steps: number }
  | { do: "end" };

/** What it answers. */
export interface Answer {
  /** Why there is no answer. */
  error?: string;
  /** What the contender is, with versions. */
  about?: string;
  /** The GPU that it computes on, as the driver calls it. */
  adapter?: string;
  /** Milliseconds of each run, or figures of a reference loop. */
  times?: number[];
  /** Of an operation on a GPU. */
  costs?: Costs & Partial<Held>;
  /** Memory held after some steps of a soak. */
  held?: Record<string, Partial<Held> & { resident: number }>;
  /** The most bytes that live tensors had during a soak. */
  peak?: number;
  seconds?: number;
}

/** Memory that a contender holds, in bytes. */
export interface Held {
  /** In live tensors. */
  readonly live: number;
  /** On a GPU: the number of buffers, in use or kept for reuse, and their size. */
  readonly buffers?: number;
  readonly bytes?: number;
}

/** What a contender provides. */
export interface Contender {
  /** Asked first: a device is opened here. */
  about(): Promise<{ about: string; adapter?: string }> | { about: string };
  readonly kinds: Readonly<Record<string, Maker>>;
  /** Rates of the reference loop, in units of the amount: a few samples. */
  reference?(unit: string): number[];
  held?(): Held;
  /** The most bytes that live tensors ever had. */
  peak?(): number;
}

/** Times runs until the time is over, at least one. */
export async function sample(work: Work, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + 1000 * seconds;
  do {
    const start = performance.now();
    // Awaiting a value that is not a promise would add event loop time.
    const running = work.run();
    if (running instanceof Promise) await running;
    times.push(performance.now() - start);
  } while (performance.now() < until && times.length < 2000);
  return times;
}

/** Answers until stdin ends. */
export async function serve(contender: Contender): Promise<void> {
  let work: Work | null = null;
  const answers: {
    [K in Question["do"]]: (
      question: Extract<Question, { do: K }>,
    ) => Promise<Answer> | Answer;
  } = {
    hello: () => contender.about(),
    async prepare(question) {
      const make = contender.kinds[question.case.kind];
      if (!make) return { error: "has no such work" };
      work = await make(question.case.sizes);
      return {};
    },
    async check({ file }) {
      const outputs = await work!.outputs();
      writeFileSync(
        file,
        Buffer.concat(
          outputs.map((o) => new Uint8Array(o.buffer, o.byteOffset, o.byteLength)),
        ),
      );
      return {};
    },
    time: async ({ seconds }) => ({ times: await sample(work!, seconds) }),
    reference: ({ unit }) => ({ times: contender.reference?.(unit) ?? [] }),
    costs: async ({ seconds, per }) => ({
      costs: {
        ...await gpuCosts(() => work!.run(), seconds, per),
        ...contender.held?.(),
      },
    }),
    async soak({ case: { kind, sizes }, steps }) {
      const make = contender.kinds[kind];
      if (!make) return { error: "has no such work" };
      const soaked = await make(sizes);
      const held: NonNullable<Answer["held"]> = {};
      const start = performance.now();
      for (let step = 1; step <= steps; step++) {
        await soaked.run();
        // Synchronous reads of a GPU leave promises behind on Deno (some KB a read) until the event loop turns.
        if (step % 100 === 0) await setTimeout(0);
        if (
          step === 100 || step % Math.ceil(steps / 10) === 0 || step === steps
        ) {
          held[step] = {
            ...contender.held?.(),
            resident: process.memoryUsage().rss,
          };
        }
      }
      const seconds = (performance.now() - start) / 1000;
      return { held, seconds, ...contender.peak && { peak: contender.peak() } };
    },
    end() {
      work?.end?.();
      work = null;
      return {};
    },
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line) as Question;
    let answer: Answer;
    try {
      answer = await answers[question.do](question as never);
    } catch (error) {
      answer = {
        error: error instanceof Error ? error.stack ?? error.message : String(error),
      };
    }
    process.stdout.write(`${JSON.stringify({ answer })}\n`);
  }
  process.exit(0);
}
