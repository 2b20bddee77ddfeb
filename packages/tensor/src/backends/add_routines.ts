/** How operations bring their routines, so that a bundle has those of the operations that the program uses. */
import { type CpuRoutines, routines as cpuRoutines } from "./cpu/routines/mod.ts";
import { type Routines, routines as referenceRoutines } from "./reference/routines.ts";

/**
 * Adds routines of the CPU and of the reference backend. The file of the operation calls it; the routines of tensors' methods, which every
 * program has, are in the tables from the start.
 */
export function addRoutines(cpu: Partial<CpuRoutines>, reference: Partial<Routines>): void {
  Object.assign(cpuRoutines, cpu);
  Object.assign(referenceRoutines, reference);
}
