/** Every family, in the report's order. */
import type { Family } from "../case.ts";
import { attention } from "./attention.ts";
import { augment } from "./augment.ts";
import { capture } from "./capture.ts";
import { conv } from "./conv.ts";
import { convBlock } from "./conv_block.ts";
import { eager } from "./eager.ts";
import { elementwise } from "./elementwise.ts";
import { fourier } from "./fft.ts";
import { decode, gpt } from "./gpt.ts";
import { gru } from "./gru.ts";
import { imported } from "./imported.ts";
import { inference } from "./inference.ts";
import { matmul } from "./matmul.ts";
import { reduction } from "./reduction.ts";
import { resnet20 } from "./resnet20.ts";
import { firstStep, memory, training } from "./training.ts";

export const families: readonly Family[] = [
  matmul,
  conv,
  convBlock,
  elementwise,
  reduction,
  fourier,
  training,
  inference,
  imported,
  resnet20,
  gru,
  gpt,
  attention,
  decode,
  augment,
  eager,
  capture,
  firstStep,
  memory,
];
