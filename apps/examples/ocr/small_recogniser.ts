/** For tests: a recogniser that learns in seconds, as a file. */
import { Conv2d, Linear, Module } from "@heddle/nn";
import { exportOnnx } from "@heddle/onnx";
import { type Tensor, zeros } from "@heddle/tensor";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HEIGHT, WIDTH } from "./pen.ts";

export const KEYS = "abcdefghijklmnopqrstuvwxyz";

/** A recogniser of one convolution, with the names of the published one. */
export class SmallRecogniser extends Module {
  readonly conv2d_142: Conv2d = new Conv2d(3, 24, [HEIGHT, 8], { stride: [HEIGHT, 8] });
  readonly linear_85: Linear = new Linear(24, KEYS.length + 2);

  forward(images: Tensor): Tensor {
    return this.linear_85.forward(this.conv2d_142.forward(images).relu().squeeze(2).transpose(1, 2)).softmax(2);
  }
}

/** Writes it into a folder, with its dictionary beside it, and returns its file. */
export async function writeSmallRecogniser(folder: string): Promise<string> {
  const file = join(folder, "model.onnx");
  const bytes = await exportOnnx(new SmallRecogniser(), zeros([2, 3, HEIGHT, WIDTH]), {
    dynamicAxes: { input: { 0: "batch" } },
  });
  writeFileSync(file, bytes);
  writeFileSync(join(folder, "ppocr_keys_v1.txt"), [...KEYS].join("\n"));
  return file;
}
