import { nnConformance } from "./nn_suite.ts";

nnConformance("cpu");
