import { conformance } from "./suite.ts";

conformance("cpu");
