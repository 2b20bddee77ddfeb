/**
 * Optimisers, learning-rate schedules, gradient clipping, penalties and early stopping.
 *
 * @module
 */
export * from "./optimizer.ts";
export type { GroupOptions, ParamGroup, ParamGroupInput, ParamsInput } from "./parameter_groups.ts";
export * from "./sgd.ts";
export { Adam, type AdamOptions, type AdamState } from "./adam.ts";
export * from "./adamw.ts";
export * from "./adamax.ts";
export * from "./adagrad.ts";
export * from "./rmsprop.ts";
export * from "./adadelta.ts";
export * from "./nadam.ts";
export * from "./radam.ts";
export * from "./rprop.ts";
export * from "./asgd.ts";
export * from "./lion.ts";
export * from "./muon.ts";
export * from "./lbfgs.ts";
export {
  LRScheduler,
  type ScheduledGroup,
  type ScheduledOptimizer,
  type SchedulerOptions,
  type SchedulerStateDict,
} from "./lr_scheduler/scheduler.ts";
export * from "./lr_scheduler/step_lr.ts";
export * from "./lr_scheduler/multi_step_lr.ts";
export * from "./lr_scheduler/exponential_lr.ts";
export * from "./lr_scheduler/inverse_time_lr.ts";
export * from "./lr_scheduler/lambda_lr.ts";
export * from "./lr_scheduler/constant_lr.ts";
export * from "./lr_scheduler/linear_lr.ts";
export * from "./lr_scheduler/polynomial_lr.ts";
export * from "./lr_scheduler/cosine_annealing_lr.ts";
export * from "./lr_scheduler/cosine_annealing_warm_restarts.ts";
export * from "./lr_scheduler/one_cycle_lr.ts";
export * from "./lr_scheduler/cyclic_lr.ts";
export * from "./lr_scheduler/reduce_lr_on_plateau.ts";
export { ChainedScheduler } from "./lr_scheduler/chained_scheduler.ts";
export * from "./lr_scheduler/sequential_lr.ts";
export * from "./lr_scheduler/linear_warmup.ts";
export * from "./clip_grad.ts";
export * from "./penalty.ts";
export * from "./early_stopping.ts";
export * from "./weight_decay_groups.ts";
