/** What an optimiser remembers of one parameter, read back from where it was saved. */
import { noGrad } from "@heddle/autograd";
import { keep, Tensor, tidy } from "@heddle/tensor";

/** What an optimiser remembers of one parameter: tensors of its shape, and counters. */
export type ParamState = { [name: string]: Tensor | number | undefined };

/** The same as it was saved. */
export type SavedState = { readonly [name: string]: Tensor | number };

/**
 * Compares with a fresh state, which it frees.
 *
 * @throws Error when a part is missing, or is a number in place of a tensor.
 */
export function checkSaved(optimizer: string, fresh: ParamState, saved: SavedState, number: number): void {
  const entries = Object.entries(fresh).filter(([, value]) => value !== undefined);
  for (const [, value] of entries) if (value instanceof Tensor) value.dispose();
  const wrong = entries.find(([key, value]) => {
    const given = Object.hasOwn(saved, key) ? saved[key] : undefined;
    return value instanceof Tensor ? !(given instanceof Tensor) : typeof given !== "number";
  });
  if (wrong === undefined) return;
  const [key, value] = wrong;
  throw new Error(
    `${optimizer}.loadStateDict: the saved state of parameter ${number} has no ${
      value instanceof Tensor ? "tensor" : "number"
    } "${key}", but ${Object.keys(saved).join(", ") || "nothing"}; is it that of a ${optimizer}?`,
  );
}

/**
 * Copies of the tensors, in the dtype and on the device of their parameter.
 *
 * @throws Error for another shape than the parameter's.
 */
export function copySaved(optimizer: string, param: Tensor, saved: SavedState, number: number): ParamState {
  const state: ParamState = {};
  for (const [key, value] of Object.entries(saved)) {
    if (!(value instanceof Tensor)) {
      state[key] = value;
      continue;
    }
    if (value.shape.length !== param.shape.length || value.shape.some((size, d) => size !== param.shape[d])) {
      throw new Error(
        `${optimizer}.loadStateDict: ${key} of parameter ${number} has shape [${
          value.shape.join(", ")
        }], the parameter ` +
          `[${param.shape.join(", ")}]; was the order of the parameters another one?`,
      );
    }
    state[key] = noGrad(() => tidy(() => keep(value.detach().to(param.device, param.dtype).clone())));
  }
  return state;
}
