import { testExtremes } from "./extremes_suite.ts";

testExtremes("reference");
testExtremes("cpu");
