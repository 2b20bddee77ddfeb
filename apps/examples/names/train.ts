/** The training of both networks. */
import type { Vocabulary } from "@heddle/data";
import type { Module } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import type { Tensor } from "@heddle/tensor";
import { type Figures, fit, type History } from "@heddle/train";
import type { Run } from "../runner/example.ts";
import { recorded, whole } from "../runner/recorded.ts";
import { type NameBatch, nameLoader } from "./batches.ts";
import type { Name } from "./names.ts";

/** The settings of a training. */
export interface NamesRecipe {
  /** What a resumed run must have in common with its checkpoint. */
  about: Record<string, string | number | boolean | null>;
  epochs: number;
  batch: number;
  lr: number;
  resume: boolean;
  checkpointEvery: number | null;
  dryRun: boolean;
}

/** What is trained, and how it is evaluated. */
export interface NamesTask {
  /** The folder of its checkpoint and metrics within the run's folder. */
  name: string;
  network: Module;
  /** Draws all languages equally often. */
  balanced: boolean;
  /** Mean loss of a batch in nats. */
  loss(batch: NameBatch): Tensor;
  /** Metrics on the test names after an epoch, by name. */
  judge(): Promise<Figures>;
  /** Draws the history so far, after each epoch. */
  draw(history: History): void;
  /** Table columns: titles, and the text of their metrics. */
  columns: Record<string, (figures: Figures) => string>;
}

/** Trains a network, and evaluates it after each epoch. */
export async function trainOnNames(
  { name, network, balanced, loss, judge, draw, columns }: NamesTask,
  data: { train: readonly Name[]; vocabulary: Vocabulary },
  { about, epochs, batch, lr, resume, checkpointEvery, dryRun }: NamesRecipe,
  run: Run,
): Promise<History> {
  const loader = nameLoader(data.train, data.vocabulary, { batch, shuffle: true, balanced });
  return whole(
    await fit(network, loader, {
      step: (_, batch) => loss(batch),
      optimizer: new Adam(network.parameters(), { lr }),
      ...{ epochs, clipGradNorm: 1, evaluate: judge, maxSteps: dryRun ? 1 : Infinity },
      ...recorded(run, {
        ...{ out: run.out.within(name), about: { ...about, part: name }, resume, checkpointEvery },
        label: name,
        draw,
        row: ({ epoch, loss, seconds, ...figures }) => ({
          epoch,
          "train loss": loss.toFixed(3),
          ...Object.fromEntries(Object.entries(columns).map(([title, words]) => [title, words(figures)])),
          seconds: seconds.toFixed(1),
        }),
      }),
    }),
  );
}
