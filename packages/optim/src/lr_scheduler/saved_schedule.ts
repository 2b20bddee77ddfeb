/** Checks the states of schedules before they are loaded. */

/**
 * Compares a saved state with that of a schedule: the same names, and values of the same types. Lists may have another length, except
 * those of learning rates, which have one for each parameter group.
 *
 * @throws TypeError naming the schedule, the entry, and what was expected.
 */
export function checkSchedule(
  name: string,
  own: object,
  given: unknown,
): asserts given is Readonly<Record<string, unknown>> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError(`${name}.loadStateDict: expected what stateDict() gave, got ${shown(given)}`);
  }
  const strange = Object.keys(given).find((key) => !Object.hasOwn(own, key)) ??
    Object.keys(own).find((key) => !Object.hasOwn(given, key));
  if (strange !== undefined) {
    throw new TypeError(
      `${name}.loadStateDict: "${strange}" is in ${
        Object.hasOwn(own, strange) ? "this schedule" : "the saved state"
      } only; is that the state of another schedule?`,
    );
  }
  for (const [key, value] of Object.entries(own)) {
    checkEntry(name, key, value, (given as Record<string, unknown>)[key]);
  }
}

function checkEntry(name: string, key: string, own: unknown, given: unknown): void {
  const fail = (expected: string): never => {
    throw new TypeError(
      `${name}.loadStateDict: "${key}" must be ${expected}, but is ${shown(given)} in the saved state`,
    );
  };
  if (own === null) {
    if (given !== null && typeof given !== "number") fail("a number or null");
  } else if (Array.isArray(own)) {
    if (!Array.isArray(given)) return fail("a list");
    if (/lrs$/i.test(key) && given.length !== own.length) fail(`a list of ${own.length}, one for each parameter group`);
    for (const item of given) if (own.length > 0) checkEntry(name, key, own[0], item);
  } else if (typeof own === "object") {
    checkSchedule(`${name} "${key}"`, own, given);
  } else if (typeof given !== typeof own) {
    // The best value of a metric is null before the first.
    if (!(key === "best" && given === null)) fail(`a ${typeof own}`);
  } else if (typeof given === "number" && (Number.isNaN(given) || (key === "lastEpoch" && !isEpoch(given)))) {
    fail(key === "lastEpoch" ? "an integer of at least -1" : "a number");
  }
}

/** The `toJSON` of every schedule. @throws Error that says what to write. */
export function refuseJson(name: string): never {
  throw new Error(`${name}: a schedule is not written as JSON; write its stateDict()`);
}

/** -1 is before the first step. */
function isEpoch(value: number): boolean {
  return Number.isSafeInteger(value) && value >= -1;
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 60) ?? String(value);
}
