/** Every family, in the report's order. */
import type { Family } from "../case.ts";
import { conv } from "./conv.ts";
import { eager } from "./eager.ts";
import { elementwise } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { reduction } from "./reduction.ts";
import { memory, training } from "./training.ts";

export const families: readonly Family[] = [
  matmul,
  conv,
  elementwise,
  reduction,
  training,
  eager,
  memory,
];
