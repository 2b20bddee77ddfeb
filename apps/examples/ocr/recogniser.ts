/** An imported text recogniser: pictures of words in, text out. */
import { noGrad } from "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { importOnnx, type OnnxModule } from "@heddle/onnx";
import { fromTypedArray, scope, type Tensor, tensor, tidy } from "@heddle/tensor";
import { editDistance } from "../runner/edit_distance.ts";
import { HEIGHT, WIDTH } from "./pen.ts";

/** The grey values of a word, as `drawWord` returns them, and what it says. */
export interface Picture {
  readonly word: string;
  readonly grey: Float32Array;
}

/** Pictures at once, so that memory stays small. */
const READ_AT_ONCE = 20;

/** A recogniser of PaddleOCR's kind: pictures [n, 3, 48, width] from -1 to 1 become probabilities [n, steps, 1 + keys], of which 0 is blank. */
export class Recogniser {
  readonly model: OnnxModule;
  private readonly keys: readonly string[];

  constructor(model: OnnxModule, keys: readonly string[]) {
    this.model = model;
    this.keys = keys;
  }

  /** Imports the bytes of an ONNX file; a dictionary has one character a line, to which the model's training added a space. */
  static async load(bytes: Uint8Array, dictionary: string): Promise<Recogniser> {
    return new Recogniser(await importOnnx(bytes), [...dictionary.replace(/\n$/, "").split(/\r?\n/), " "]);
  }

  /** The connectionist temporal classification (CTC) loss: all alignments of a word with the steps count. */
  loss(pictures: readonly Picture[]): Tensor {
    const logs = this.model.forward(batchOf(pictures)).clamp({ min: 1e-8 }).log().transpose(0, 1);
    const targets = pictures.map(({ word }) => [...word].map((letter) => 1 + this.keys.indexOf(letter)));
    const lengths = targets.map(({ length }) => length);
    return F.ctcLoss(logs, tensor(targets.flat(), { dtype: "int32" }), lengths.map(() => logs.shape[0]!), lengths);
  }

  /** The most probable key of each step, without repetitions and blanks. Wide gaps are read as spaces, which words have not. */
  async read(pictures: readonly Picture[]): Promise<string[]> {
    const texts: string[] = [];
    for (let from = 0; from < pictures.length; from += READ_AT_ONCE) {
      using _ = scope();
      const best = noGrad(() =>
        tidy(() => this.model.forward(batchOf(pictures.slice(from, from + READ_AT_ONCE))).argmax(2))
      );
      const steps = best.shape[1]!, keys = await best.data("int32");
      for (let at = 0; at < keys.length; at += steps) {
        const row = [...keys.subarray(at, at + steps)];
        const kept = row.filter((key, i) => key !== 0 && key !== row[i - 1]);
        texts.push(kept.map((key) => this.keys[key - 1]).join("").replaceAll(" ", ""));
      }
    }
    return texts;
  }
}

/** Grey pictures as the recogniser's input. */
function batchOf(pictures: readonly Picture[]): Tensor {
  const values = new Float32Array(pictures.length * HEIGHT * WIDTH);
  pictures.forEach(({ grey }, i) => values.set(grey, i * grey.length));
  const grey = fromTypedArray(values, [pictures.length, 1, HEIGHT, WIDTH]);
  return grey.mul(2).sub(1).expand([-1, 3, -1, -1]);
}

/** Wrong letters per letter, in percent: the edits that turn what was read into the words. */
export function characterErrorPercent(pictures: readonly Picture[], texts: readonly string[]): number {
  const edits = pictures.reduce((sum, { word }, i) => sum + editDistance(texts[i]!, word), 0);
  return 100 * edits / pictures.reduce((sum, { word }) => sum + word.length, 0);
}
