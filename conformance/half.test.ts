/** float16 against float32 on the devices that every machine has. */
import "@heddle/autograd";
import { halfConformance } from "./half_suite.ts";

halfConformance("reference", "some");
halfConformance("cpu", "some");
halfConformance("reference", "all");
halfConformance("cpu", "all");
