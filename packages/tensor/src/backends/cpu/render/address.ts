/** Arithmetic of addresses and counts in generated code. */
import { type Code, get, type Local, op, set } from "../../../code/tree.ts";

/** The sum of two 32-bit integers. */
export const add = (a: Code, b: Code): Code => op("i32.add", a, b);

/** The product of two 32-bit integers. */
export const times = (a: Code, b: Code): Code => op("i32.mul", a, b);

/** Adds to a local. */
export const increase = (local: Local, by: Code): Code => set(local, add(get(local), by));
