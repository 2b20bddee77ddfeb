/** Metrics on the CPU. */
import "@heddle/autograd";
import { getDevice } from "@heddle/tensor";
import { describe } from "vitest";
import { metricsSuite } from "./metrics_suite.ts";

describe("metrics on cpu", () => metricsSuite(getDevice("cpu")));
