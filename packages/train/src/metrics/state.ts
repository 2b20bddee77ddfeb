import { keep, type Tensor } from "@heddle/tensor";

/** What a metric has accumulated: its class's name, plain data, and tensors. A checkpoint can save it. */
export interface MetricState {
  /** The name of the metric's class. */
  readonly metric: string;
  /** What it holds. */
  readonly [name: string]: unknown;
}

/** @throws TypeError unless a state is one of this class of metrics */
export function checkState(metric: string, state: MetricState): void {
  const { metric: given } = (state ?? {}) as Partial<MetricState>;
  if (given === metric) return;
  throw new TypeError(
    `${metric}: the state is ${
      given === undefined ? "none of a metric" : `that of ${given}`
    }; give what ${metric}.stateDict() returned`,
  );
}

/** A copy of a tensor of a state that outlives all scopes. */
export function keptCopy(tensor: Tensor): Tensor {
  return keep(tensor.detach().clone());
}
