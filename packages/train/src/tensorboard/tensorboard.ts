import { encodeImage } from "@heddle/data";
import { type DataArray, fromTypedArray, scope, type Tensor } from "@heddle/tensor";
import { checkOption, checkOptions, isTensor, showShape } from "@heddle/tensor/engine";
import type { Callback, EpochRecord, StepRecord, Training } from "../callback.ts";
import { node } from "../node.ts";
import { EventFile } from "./event_file.ts";
import {
  histogramValue,
  hparamValues,
  type Hyperparameter,
  imageValue,
  purgeEvent,
  scalarValue,
  summaryEvent,
  textValue,
} from "./events.ts";
import { histogramOf } from "./histogram.ts";

/** Options of {@link TensorBoard}, for its use as a callback of `fit`. */
export interface TensorBoardOptions {
  /** Figures of a step are written every so many steps (default 1). */
  readonly every?: number;
  /** Whether histograms of all parameters are written after every epoch (default false). */
  readonly histograms?: boolean;
}

/** The order of an image's dimensions. */
export type DataFormat = "CHW" | "HWC" | "HW";

const now = (): number => Date.now() / 1000;

/**
 * Writes event files that TensorBoard shows (`tensorboard --logdir runs`), with the methods of PyTorch's SummaryWriter. As a callback of
 * `fit` it writes losses, learning rates and metrics by itself. Each event is in the file when the method returns, and survives the end of the
 * process however it comes.
 *
 * @example
 * ```ts
 * import { mkdtempSync, rmSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { randn } from "@heddle/tensor";
 * import { TensorBoard } from "@heddle/train/tensorboard";
 *
 * const folder = mkdtempSync(join(tmpdir(), "runs-"));
 * const board = new TensorBoard(join(folder, "first"));
 * for (let step = 1; step <= 10; step++) board.addScalar("train/loss", 1 / step, step);
 * board.addText("notes", "learning rate **0.1**");
 * await board.addHistogram("weights", randn([100]), 10);
 * board.close();
 * rmSync(folder, { recursive: true });
 * ```
 */
export class TensorBoard implements Callback {
  /** The folder of the run. */
  readonly folder: string;
  private readonly file: EventFile;
  private readonly every: number;
  private readonly histograms: boolean;
  /** Writers of {@link addScalars}, by folder. */
  private readonly lines: Map<string, EventFile> = new Map();

  /**
   * Makes a new event file.
   *
   * @param folder of the run, made if it is missing
   * @throws Error if it cannot be written to; TypeError or RangeError for options that do not fit
   */
  constructor(folder: string, options: TensorBoardOptions = {}) {
    checkOptions("TensorBoard", options, ["every", "histograms"]);
    const { every = 1, histograms = false } = options;
    if (!Number.isInteger(every) || every < 1) {
      throw new RangeError(`TensorBoard: every is ${every}; it must be a whole number of steps from 1`);
    }
    this.folder = folder;
    this.every = every;
    this.histograms = histograms;
    this.file = new EventFile(folder, now());
  }

  /**
   * Adds a number under a tag; a slash in the tag groups charts (`train/loss`).
   *
   * @param step where it stands on the axis, a whole number from 0 (default 0)
   * @param walltime seconds since 1970 (default now)
   */
  addScalar(tag: string, value: number, step: number = 0, walltime: number = now()): void {
    this.write(step, walltime, [scalarValue(tag, value)]);
  }

  /** Adds several numbers as lines of one chart. Each is a run of its own, in a folder `<tag>_<name>` within that of this run. */
  addScalars(tag: string, values: Readonly<Record<string, number>>, step: number = 0, walltime: number = now()): void {
    for (const [name, value] of Object.entries(values)) {
      const folder = node.path.join(this.folder, `${tag}_${name}`.replaceAll("/", "_"));
      let file = this.lines.get(folder);
      if (file === undefined) this.lines.set(folder, file = new EventFile(folder, walltime));
      file.add(summaryEvent(walltime, checkedStep(step), [scalarValue(tag, value)]));
    }
  }

  /** Adds a histogram of the finite values of a tensor or an array, in PyTorch's intervals. Nothing is added where there are none. */
  async addHistogram(
    tag: string,
    values: Tensor | ArrayLike<number>,
    step: number = 0,
    walltime: number = now(),
  ): Promise<void> {
    const found = histogramOf(isTensor(values) ? numbers(await values.data()) : values);
    if (found !== null) this.write(step, walltime, [histogramValue(tag, found)]);
  }

  /**
   * Adds an image.
   *
   * @param image `[C, H, W]` with 1 to 4 channels; uint8, or floats from 0 to 1
   * @param options `dataformats`: "CHW" (default), "HWC" or "HW"
   * @throws TypeError or RangeError for other shapes and dtypes
   */
  async addImage(
    tag: string,
    image: Tensor,
    step: number = 0,
    { dataformats = "CHW", walltime = now() }: { readonly dataformats?: DataFormat; readonly walltime?: number } = {},
  ): Promise<void> {
    checkOption("addImage", "dataformats", dataformats, ["CHW", "HWC", "HW"]);
    if (image.ndim !== dataformats.length) {
      throw new RangeError(
        `addImage: the image has shape ${
          showShape(image.shape)
        }, which is not ${dataformats}; dataformats names the dimensions`,
      );
    }
    const { shape, dtype } = image;
    const values = await image.data();
    using _ = scope();
    const given = fromTypedArray(values, shape, { device: "cpu" }).to(dtype === "uint8" ? "uint8" : "float32");
    const ordered = dataformats === "HWC" ? given.movedim(2, 0) : dataformats === "HW" ? given.unsqueeze(0) : given;
    const [channels, height, width] = ordered.shape as [number, number, number];
    this.write(step, walltime, [imageValue(tag, height, width, channels, encodeImage(ordered))]);
  }

  /** Adds text, which TensorBoard shows as Markdown. */
  addText(tag: string, text: string, step: number = 0, walltime: number = now()): void {
    this.write(step, walltime, [textValue(tag, text)]);
  }

  /** Adds what was set and what came of it: a row of TensorBoard's table of hyperparameters. The figures are scalars too. */
  addHparams(
    hparams: Readonly<Record<string, Hyperparameter>>,
    metrics: Readonly<Record<string, number>>,
    walltime: number = now(),
  ): void {
    for (const value of hparamValues(hparams, Object.keys(metrics))) this.write(0, walltime, [value]);
    for (const [tag, value] of Object.entries(metrics)) this.addScalar(tag, value, 0, walltime);
  }

  /** Asks the system to write to the disk now. Without it events survive the process, with it a power failure too. */
  flush(): void {
    for (const file of [this.file, ...this.lines.values()]) file.flush();
  }

  /** Closes the files. Nothing can be added afterwards. */
  close(): void {
    for (const file of [this.file, ...this.lines.values()]) file.close();
  }

  /** As a callback: hides what an interrupted run wrote of steps that come again. */
  onStart({ step }: Training): void {
    if (step > 0) this.file.add(purgeEvent(now(), step + 1));
  }

  /** As a callback: writes `step/loss`, `step/lr`, and `step/gradNorm` where gradients are clipped. */
  onStep({ step, loss, lr, gradNorm }: StepRecord): void {
    if (step % this.every !== 0) return;
    const values = [scalarValue("step/loss", loss), scalarValue("step/lr", lr)];
    if (gradNorm !== undefined) values.push(scalarValue("step/gradNorm", gradNorm));
    this.write(step, now(), values);
  }

  /**
   * As a callback: writes figures of the training batches as `train/loss`, `train/accuracy`, …, those of the validation as `validation/loss`, …,
   * each at the epoch's last step. A list has a tag for each element.
   */
  async onEpoch(record: EpochRecord, { model }: Training): Promise<void> {
    const { epoch: _, step, ...figures } = record;
    const values: Uint8Array[] = [];
    for (const [name, value] of Object.entries(figures)) {
      const tag = tagOf(name);
      if (typeof value === "number") values.push(scalarValue(tag, value));
      else value.forEach((part, i) => typeof part === "number" && values.push(scalarValue(`${tag}/${i}`, part)));
    }
    this.write(step, now(), values);
    if (!this.histograms) return;
    for (const [name, parameter] of model.namedParameters()) await this.addHistogram(name, parameter, step);
  }

  /** As a callback: closes the files. */
  onEnd(): void {
    this.close();
  }

  private write(step: number, walltime: number, values: readonly Uint8Array[]): void {
    this.file.add(summaryEvent(walltime, checkedStep(step), values));
  }
}

const numbers = (values: DataArray): ArrayLike<number> =>
  values instanceof BigInt64Array ? Array.from(values, Number) : values;

function checkedStep(step: number): number {
  if (Number.isSafeInteger(step) && step >= 0) return step;
  throw new RangeError(`TensorBoard: the step is ${step}; it must be a whole number from 0`);
}

/** `validationLoss` becomes `validation/loss`, `loss` becomes `train/loss`. */
function tagOf(name: string): string {
  const [, rest] = /^validation([A-Z].*)$/.exec(name) ?? [];
  return rest === undefined ? `train/${name}` : `validation/${rest[0]!.toLowerCase()}${rest.slice(1)}`;
}
