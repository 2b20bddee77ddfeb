/** Names in published files that are not those of the network any more. */
import type { StateDict } from "@heddle/nn";

/** The state with new names where `rename` gives any; what is no state is returned as it is, for `loadStateDict` to refuse. */
export function withNames(state: Readonly<StateDict>, rename: (name: string) => string): Readonly<StateDict> {
  if (typeof state !== "object" || state === null || !Object.keys(state).some((name) => rename(name) !== name)) {
    return state;
  }
  return Object.fromEntries(Object.entries(state).map(([name, tensor]) => [rename(name), tensor]));
}
