/** PyTorch's trajectories of optimisers. */
import * as optim from "@heddle/optim";
import type { Optimizer } from "@heddle/optim";
import type { Tensor } from "@heddle/tensor";
import type { FixtureTensor } from "./load.ts";
import { fromFixture } from "./recorded_tensors.ts";

/** The steps of an optimiser on recorded gradients. */
export interface Trajectory {
  name: string;
  optimizer: string;
  options: Record<string, unknown>;
  params: FixtureTensor[];
  groups?: { params: number[]; [option: string]: unknown }[];
  grads: (FixtureTensor | null)[][];
  trajectory: FixtureTensor[][];
}

type MakeOptimizer = new (params: unknown, options: Record<string, unknown>) => Optimizer;

/** The parameters and the optimiser at the beginning. */
export function start(
  { optimizer, options, params, groups }: Omit<Trajectory, "grads" | "trajectory">,
): { params: Tensor[]; made: Optimizer } {
  const leaves = params.map((param) => fromFixture(param).requiresGrad_());
  const handed = groups?.map(({ params: members, ...rest }) => ({ ...rest, params: members.map((i) => leaves[i]!) }));
  const Make = (optim as unknown as Record<string, MakeOptimizer>)[optimizer]!;
  return { params: leaves, made: new Make(handed ?? leaves, options) };
}
