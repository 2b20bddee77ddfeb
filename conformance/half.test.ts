/** float16 and bfloat16 against float32 on the devices that every machine has. */
import "@heddle/autograd";
import { halfConformance } from "./half_suite.ts";

for (const extent of ["some", "all"] as const) {
  for (const device of ["reference", "cpu"]) {
    for (const half of ["float16", "bfloat16"] as const) halfConformance(device, half, extent);
  }
}
